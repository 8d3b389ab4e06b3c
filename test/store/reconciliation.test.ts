import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queued, readReconciliation, writeReconciliation } from '../../src/store/reconciliation.ts'

test('a reconciliation that an earlier version wrote has begun, so that no later gap joins it', () => {
  const early = readReconciliation('{"since":16,"at":17,"people":18,"checked":2,"changed":1,"failed":0}')
  assert.equal(early?.isBegun, true)
  const later = queued(early, { since: 30, at: 31 }, 20)
  assert.equal(later.since, 16)
  assert.deepEqual(readReconciliation(writeReconciliation(later)), {
    ...later,
    after: undefined,
    endedAt: undefined,
  })
})
