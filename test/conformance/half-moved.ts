// A ledger in the middle of a move, and after it, for tests that tamper with versions of the rules.
import type { Did } from '../../src/atproto/event.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { gameInForce } from '../../src/ingest/rules-in-force.ts'
import { moveSome } from '../../src/ingest/rules-move.ts'
import type { Store } from '../../src/store/store.ts'
import { game, person, START } from '../game/arbitrary.ts'
import { KEEP } from './check.ts'
import { fold, like, post } from './operations.ts'

export const generous = rulebook({ ...NO_CHANGES, points: { 'post.text': 80 } })

const PEOPLE = 4
const dids = Array.from({ length: PEOPLE }, (_, n) => person(n))

/**
 * Fills a new ledger, and moves people to other rules one by one, `steps` of them; everybody earns before the move and after
 * the steps. @returns who has been moved, in their order
 */
export async function moveSteps(store: Store, steps: number): Promise<Did[]> {
  await using writer = await store.write(KEEP)
  const early = dids.flatMap((did, n) => [post(did, n + 1), like(did, n + 20)])
  await fold(writer, early)
  await store.rules.leave({ fingerprint: generous.fingerprint, titles: undefined })
  const by = gameInForce(game, await writer.takeUpRules(START))
  const moved: Did[] = []
  for (let step = 0; step < steps; step++) {
    const done = await moveSome(by, writer, START, { people: 1, records: 10 })
    moved.push(...(done?.operations.map(({ did }) => did) ?? []))
  }
  await fold(
    writer,
    dids.map((did, n) => post(did, n + 40)),
    undefined,
    by,
  )
  return moved
}
