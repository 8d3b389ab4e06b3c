import assert from 'node:assert/strict'
import { game, START, tid } from '../game/arbitrary.ts'
import { type Check, check } from './check.ts'
import { alice, before, bob, FIRST, fold, like, post, status } from './operations.ts'

/** Checks that pruning removes old events and keeps their sum. */
export const pruningChecks: readonly Check[] = [
  check(
    'events are forgotten by their place where one of them is from a time to come, or from long ago',
    async ({ reader, auditor }, writer) => {
      const DAY = 86_400_000_000
      const at = (n: number, off: number) => ({ ...like(alice, n), at: START + n * 1_000_000 + off })
      await fold(writer, [at(1, 5_000 * DAY), like(alice, 2), like(alice, 3), like(alice, 40)])
      await fold(writer, [like(alice, 50), at(51, -20 * DAY), like(alice, 60)])
      assert.equal(await writer.prune(before(30_000_000), 10), 3)
      assert.equal(await writer.prune(before(30_000_000), 10), 0)
      const left = (await reader.events(alice, FIRST))?.items.map(({ rkey }) => rkey)
      assert.deepEqual(left, [60, 51, 50, 40].map(tid))
      assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
    },
  ),
  check(
    'an event that is young is not forgotten, whatever came before and after it',
    async ({ reader, auditor }, writer) => {
      await fold(writer, [like(alice, 1), { ...like(alice, 90), rkey: tid(2) }])
      await fold(
        writer,
        [3, 4, 5, 6].map((n) => like(alice, n)),
      )
      assert.equal(await writer.prune(before(30_000_000), 10), 1)
      assert.equal(await writer.prune(before(30_000_000), 10), 0)
      assert.equal((await reader.events(alice, FIRST))?.items.length, 5)
      assert.equal(await writer.prune(before(90_000_000_000), 10), 5)
      assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
    },
  ),
  check(
    'events are forgotten from the oldest on, and their sum is not',
    async ({ reader, auditor }, writer) => {
      await fold(writer, [post(alice, 1)])
      await fold(writer, [like(alice, 2), post(bob, 3)])
      await fold(writer, [like(alice, 60)])
      assert.equal(await writer.prune(before(30_000_000), 2), 2)
      assert.equal(await writer.prune(before(30_000_000), 10), 1)
      assert.equal(await writer.prune(before(30_000_000), 10), 0)
      assert.deepEqual(
        (await reader.events(alice, FIRST))?.items.map(({ rkey }) => rkey),
        [tid(60)],
      )
      assert.deepEqual((await reader.events(bob, FIRST))?.items, [])
      assert.equal((await reader.character(alice))?.experience, 70)
      assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
      await fold(writer, [
        { ...post(alice, 1), op: 'delete', rev: tid(70), record: undefined },
        status(bob, 'deleted', 80),
      ])
      assert.equal((await reader.character(alice))?.experience, 20)
      assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
    },
  ),
]
