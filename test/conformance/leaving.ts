import assert from 'node:assert/strict'
import { START } from '../game/arbitrary.ts'
import { type Check, check, KEEP } from './check.ts'
import { alice, before, bob, FIRST, fold, like, NOW, post, repost, status } from './operations.ts'

/** Checks deletions, and wishes to be forgotten. */
export const leavingChecks: readonly Check[] = [
  check('a deleted account leaves nothing behind', async ({ reader, auditor }, writer) => {
    await fold(writer, [post(alice, 1), like(alice, 2), repost(alice, 3, bob), post(bob, 1)])
    await fold(writer, [status(alice, 'deleted', 5)])
    // A store may find out only when it looks that a question has become pointless.
    assert.deepEqual(await writer.questions('subject', 10, new Set(), NOW), [])
    assert.deepEqual(
      (await writer.questions('profile', 10, new Set(), NOW)).map(({ did }) => did),
      [bob],
    )
    const { records, events, experience, waiting } = await reader.status()
    assert.deepEqual({ records, events, experience }, { records: 1, events: 1, experience: 50 })
    assert.deepEqual(waiting, { subject: 0, profile: 1, repository: 0 })
    await fold(writer, [status(alice, 'active', 8), post(alice, 9)])
    assert.equal((await reader.events(alice, FIRST))?.items.length, 1)
    assert.deepEqual((await auditor.audit(() => {})).findings, [])
  }),
  check(
    'a forgotten person is not named any more, and stays forgotten',
    async ({ reader, inbox }, writer, open) => {
      await fold(writer, [post(alice, 1), repost(bob, 2, alice), repost(bob, 3, alice, 9)])
      await inbox.leave({ kind: 'forget', did: alice, at: START })
      const wishes = await writer.wishes(10)
      assert.deepEqual(
        wishes.map(({ kind, did }) => [kind, did]),
        [['forget', alice]],
      )
      await fold(writer, wishes)
      assert.deepEqual(await writer.wishes(10), [])
      assert.deepEqual(await writer.questions('subject', 10, new Set(), NOW), [])
      await fold(writer, [post(alice, 7)])
      assert.equal(await reader.character(alice), undefined)
      await writer[Symbol.asyncDispose]()
      await using again = await open()
      await using second = await again.write(KEEP)
      const both = new Set([alice, bob])
      const known = await second.load({
        actors: both,
        records: [],
        whole: both,
        grants: new Map(),
        handles: new Set(),
      })
      assert.equal(known.actor(alice)?.forgotten, true)
      assert.deepEqual([...known.records(alice)], [])
      for (const [, state] of known.records(bob)) assert.equal(state.facts?.subject, undefined)
      assert.equal(known.actor(bob)?.experience, 50 + 50)
    },
  ),
  check('a deletion takes the oldest event that is kept, too', async ({ reader, auditor }, writer) => {
    await fold(writer, [like(bob, 1)])
    await fold(writer, [post(alice, 2), like(alice, 3)])
    assert.equal(await writer.prune(before(2_000_000), 10), 1)
    await fold(writer, [status(alice, 'deleted', 5)])
    assert.equal((await reader.status()).events, 0)
    assert.deepEqual((await auditor.audit(() => {})).findings, [])
  }),
  check('a deletion that has purged is known after a restart', async ({ reader }, writer, open) => {
    const gone = status(alice, 'deleted', 5)
    const back = { ...gone, status: 'active' } as const
    await fold(writer, [post(alice, 1), gone, back, post(alice, 6)])
    await writer[Symbol.asyncDispose]()
    await using again = await open()
    await using second = await again.write(KEEP)
    await fold(second, [gone, back])
    assert.equal((await reader.character(alice))?.experience, 50)
  }),
]
