import fc from 'fast-check'
import { cut, game, stream } from '../game/arbitrary.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { slicesOf } from '../slices.ts'
import { type Check, onPlace, opened } from './check.ts'
import { compare } from './compare.ts'
import { fold } from './operations.ts'

/** Compares random streams with the naive ledger. */
export const streamsChecks: readonly Check[] = [
  onPlace('any stream, in any batches and with restarts, leaves what the naive ledger has', async (place) => {
    const anything = [stream, fc.array(fc.nat({ max: 12 })), fc.nat({ max: 5 })] as const
    await fc.assert(
      fc.asyncProperty(...anything, async (events, sizes, restartEvery) => {
        await using here = await place()
        const expected = new MemoryLedger()
        let open = await opened(here)
        await using _ = { [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() }
        for (const [index, piece] of cut(events, sizes).entries()) {
          expected.fold(game, piece)
          const { sliced } = open.writer
          if (sliced === undefined || index % 2 === 0) await fold(open.writer, piece)
          else await sliced.fold(slicesOf(game, piece, 1 + (index % 5)), undefined)
          if (restartEvery === 0 || index % restartEvery !== 0) continue
          await open[Symbol.asyncDispose]()
          open = await opened(here)
        }
        await open.writer[Symbol.asyncDispose]()
        await compare(open.store, expected)
      }),
      { numRuns: 60 },
    )
  }),
]
