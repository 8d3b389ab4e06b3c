import assert from 'node:assert/strict'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { HOSTILE } from '../../src/simulator/hostile.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import type { Finding } from '../../src/store/auditor.ts'
import type { Store } from '../../src/store/store.ts'
import { differences } from '../model/differences.ts'
import { Model } from '../model/model.ts'
import { Truth } from '../model/truth.ts'

/**
 * Asserts that readers of the ledger see the state that the naive model reaches from everything that `simulator` has sent,
 * and that an audit finds no differences but those that `excused` accepts.
 */
export async function assertLedgerIsRight(
  store: Store,
  simulator: Simulator,
  excused: (finding: Finding) => boolean = () => false,
): Promise<void> {
  const { findings } = await store.auditor.audit(rulebook(NO_CHANGES), () => {})
  assert.deepEqual(
    findings.filter((finding) => !excused(finding)),
    [],
  )
  const { points, caps, collections } = rulebook(NO_CHANGES)
  const truth = new Truth(
    new Model({ points, caps, followed: new Set(collections), baseline: 'off', version: 1 }),
    simulator,
  )
  truth.catchUp()
  const found = await differences(store, truth.model, (did) => did === HOSTILE)
  assert.deepEqual(found.slice(0, 5), [], `${found.length} differences`)
  const { size } = truth.model.people
  assert.ok(size > 50, `${size} people are enough for the comparison to mean something`)
}
