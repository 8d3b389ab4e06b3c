import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  beginning,
  ended,
  queued,
  readReconciliation,
  writeReconciliation,
} from '../../src/store/reconciliation.ts'

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

test('gaps that are mended as one keep when the first and the last of them began, in whatever order they come', () => {
  for (const order of [
    [20, 40, 30],
    [40, 20, 30],
  ]) {
    const all = order.reduce<ReturnType<typeof queued> | undefined>(
      (before, since) => queued(before, { since, at: 50 }, 1),
      undefined,
    )
    assert.deepEqual([all?.since, all?.latest], [20, 40])
  }
  const first = beginning(queued(undefined, { since: 10, at: 50 }, 1))
  const waiting = [40, 20, 30].reduce((before, since) => queued(before, { since, at: 50 }, 1), first)
  assert.deepEqual([waiting.since, waiting.latest], [10, 10])
  const next = ended(readReconciliation(writeReconciliation(waiting)) ?? first, 60, 1)
  assert.deepEqual([next.since, next.latest, next.endedAt], [20, 40, undefined])
  assert.equal(ended(beginning(next), 70, 1).endedAt, 70)
})
