import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../../../src/game/decide.ts'
import type { Operation } from '../../../src/game/operation.ts'
import { touched } from '../../../src/game/touched.ts'
import { alice, bob, like, post } from '../../conformance/operations.ts'
import { game } from '../../game/arbitrary.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

const DAY = 86_400_000_000

test('each number of a day that is wrong is found by its day and name', async () => {
  const operations: Operation[] = [
    post(alice, 1),
    { ...like(alice, 2), at: like(alice, 2).at + DAY },
    { ...post(alice, 3), at: post(alice, 3).at + 9 * DAY },
    post(bob, 1),
  ]
  for (const [cql, params, ...wrong] of [
    [
      'INSERT INTO days (did, day, experience, claimed, counts) VALUES (?, ?, ?, ?, ?)',
      [alice, 20_255, 11, 2, { like: 1 }],
      ['experience of 2025-06-16', 10, 11],
      ['claimed experience of 2025-06-16', 0, 2],
    ],
    [
      'DELETE FROM days WHERE did = ? AND day = ?',
      [alice, 20_254],
      ['experience of 2025-06-15', 50, 0],
      ['post.text of 2025-06-15', 1, 0],
      ['post.text of earlier days', 0, 1],
    ],
    [
      'UPDATE characters SET running_counts = ? WHERE did = ?',
      [{ 'post.text': 2 }, alice],
      ['post.text of 2025-06-24', 1, 2],
      ['post.text of the latest day', 2, 1],
    ],
    [
      'UPDATE characters SET earlier_counts = ? WHERE did = ?',
      [{ like: 2 }, alice],
      ['like of earlier days', 1, 2],
      ['post.text of earlier days', 1, 0],
    ],
  ] as const) {
    const cluster = new MemoryCluster()
    await using store = await openOn(cluster)
    {
      await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
      await writer.commit(decide(game, await writer.load(touched(game, operations)), operations), undefined)
    }
    assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
    await cluster.execute(cql, params)
    const { findings } = await store.auditor.audit(game.rules, () => {})
    const found = findings.map(({ what, expected, actual }) => [what, expected, actual])
    assert.deepEqual(found.sort(), [...wrong].sort(), cql)
  }
})
