import type { Operation } from '../src/game/operation.ts'
import type { Store } from '../src/store/store.ts'
import { fold } from './conformance/operations.ts'
import { game, START } from './game/arbitrary.ts'

/** Awards everybody's records anew, and binds the ledger to the rules of `fingerprint`. */
export async function recomputeAll(store: Store, fingerprint: string, by = game): Promise<void> {
  await using writer = await store.write({ fingerprint, purpose: 'recompute' })
  const dids = await writer.people(undefined, 10_000)
  const all = dids.map((did): Operation => ({ kind: 'recompute', did, at: START }))
  await fold(writer, all, undefined, by)
  await writer.bindRules(fingerprint)
}
