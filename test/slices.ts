import { decide } from '../src/game/decide.ts'
import type { Game } from '../src/game/game.ts'
import type { Operation } from '../src/game/operation.ts'
import { touched } from '../src/game/touched.ts'
import type { Slice } from '../src/store/slices.ts'

/** Slices of `atOnce` operations, each made when the one before is decided. */
export function* slicesOf(game: Game, operations: readonly Operation[], atOnce: number): Generator<Slice> {
  for (let at = 0; at < operations.length; at += atOnce) {
    const some = operations.slice(at, at + atOnce)
    yield { touched: touched(game, some), decide: (known) => decide(game, known, some) }
  }
}
