import assert from 'node:assert/strict'
import { nothingTouched } from '../../src/game/touched.ts'
import type { Store } from '../../src/store/store.ts'
import { game, START, tid } from '../game/arbitrary.ts'
import { type Check, check, KEEP } from './check.ts'
import { alice, before, bob, FIRST, fold, like, NOW, named, post, repost, status } from './operations.ts'

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
    assert.deepEqual(waiting, { subject: 0, profile: 1, repository: 0, import: 0 })
    await fold(writer, [status(alice, 'active', 8), post(alice, 9)])
    assert.equal((await reader.events(alice, FIRST))?.items.length, 1)
    assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
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
      const known = await second.load({ ...nothingTouched(), actors: both, whole: both })
      assert.equal(known.actor(alice)?.forgotten, true)
      assert.deepEqual([...known.records(alice)], [])
      for (const [, state] of known.records(bob)) assert.equal(state.facts?.subject, undefined)
      assert.equal(known.actor(bob)?.experience, 50 + 50)
    },
  ),
  ...(
    [
      ['forget', 'unforget'],
      ['leave', 'return'],
    ] as const
  ).map(([gone, back]) =>
    check(
      `nobody names a person any more of whom one batch says ${gone} and ${back}`,
      async (store, writer, open) => {
        await fold(writer, [post(alice, 1), repost(bob, 2, alice), repost(bob, 3, alice, 9)])
        const of = { did: alice, at: START + 4_000_000 }
        await fold(writer, [
          { kind: gone, wish: '91', ...of },
          { kind: back, wish: '92', ...of, floor: tid(4) },
        ])
        assert.deepEqual(await writer.wishes(10), [])
        // What comes later is no business of that wish.
        await fold(writer, [post(alice, 5), repost(bob, 6, alice, 9)])
        await writer[Symbol.asyncDispose]()
        await using again = await open()
        await using second = await again.write(KEEP)
        const both = new Set([alice, bob])
        const known = await second.load({ ...nothingTouched(), actors: both, whole: both })
        assert.deepEqual([known.actor(alice)?.forgotten, known.actor(alice)?.left], [false, false])
        const named = [...known.records(bob)].map(([{ rkey }, { facts }]) => [rkey, facts?.subject?.did])
        assert.deepEqual(Object.fromEntries(named), {
          [tid(2)]: undefined,
          [tid(3)]: undefined,
          [tid(6)]: alice,
        })
        assert.equal(known.actor(bob)?.experience, 150)
        const asked = await second.questions('subject', 10, new Set(), NOW)
        assert.deepEqual(
          asked.map((question) => question.kind === 'subject' && question.rkey),
          [tid(6)],
        )
        assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
      },
    ),
  ),
  check('who hides appears nowhere, and with everything when they return', async (store, writer, open) => {
    const { reader, inbox, auditor } = store
    await fold(writer, [post(alice, 1), like(alice, 2), post(bob, 1), named(alice, 'alice.test')])
    const { position } = await reader.recent(undefined, 10)
    await inbox.leave({ kind: 'hide', did: alice, at: START })
    await fold(writer, await writer.wishes(10))
    await fold(writer, [post(alice, 7), named(alice, 'alice.test')])
    const assertNowhere = async ({ reader }: Store): Promise<void> => {
      assert.equal(await reader.character(alice), undefined)
      assert.deepEqual(await reader.characters([alice]), [])
      assert.equal(await reader.didOf('alice.test'), undefined)
      assert.equal(await reader.events(alice, FIRST), undefined)
      const board = await reader.board({ cursor: undefined, around: undefined, limit: 10 })
      assert.ok(board.items.every(({ character }) => character.did !== alice))
      assert.deepEqual((await reader.board({ cursor: undefined, around: alice, limit: 10 })).items, [])
      assert.deepEqual(await reader.xpHistogram(), [{ experience: 50, characters: 1 }])
      assert.deepEqual((await reader.recent(position, 10)).events, [])
      const { characters, introductions, experience } = await reader.status()
      assert.deepEqual([characters, introductions, experience], [1, 0, 50 + 10 + 50 + 50])
    }
    await assertNowhere(store)
    await writer[Symbol.asyncDispose]()
    await using again = await open()
    await using second = await again.write(KEEP)
    await assertNowhere(again)
    await fold(second, [status(alice, 'deleted', 8), status(alice, 'active', 9), post(alice, 10)])
    assert.equal(await again.reader.character(alice), undefined)
    await again.inbox.leave({ kind: 'return', did: alice, at: START + 11_500 })
    await fold(second, await second.wishes(10))
    assert.equal((await again.reader.character(alice))?.experience, 50)
    assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
  }),
  check('who leaves leaves nothing, and counts anew when they return', async (store, writer, open) => {
    const { inbox, auditor } = store
    await fold(writer, [post(alice, 1), repost(bob, 2, alice), repost(bob, 3, alice, 9), like(alice, 4)])
    await inbox.leave({ kind: 'leave', did: alice, at: START })
    await fold(writer, await writer.wishes(10))
    // A store may clean other people's records when it looks into its inbox again.
    assert.deepEqual(await writer.wishes(10), [])
    await fold(writer, [post(alice, 7), repost(bob, 8, alice)])
    await writer[Symbol.asyncDispose]()
    await using again = await open()
    await using second = await again.write(KEEP)
    const both = new Set([alice, bob])
    const known = await second.load({ ...nothingTouched(), actors: both, whole: both })
    assert.deepEqual([known.actor(alice)?.left, known.actor(alice)?.born], [true, false])
    assert.deepEqual([...known.records(alice)], [])
    for (const [, state] of known.records(bob)) assert.equal(state.facts?.subject, undefined)
    assert.deepEqual(await second.questions('subject', 10, new Set(), NOW), [])
    assert.equal(await again.reader.character(alice), undefined)
    const { records, events } = await again.reader.status()
    assert.deepEqual([records, events], [3, 3])
    await again.inbox.leave({ kind: 'return', did: alice, at: START + 10_500 })
    await fold(second, await second.wishes(10))
    await fold(second, [post(alice, 1), post(alice, 7), post(alice, 11)])
    assert.equal((await again.reader.character(alice))?.experience, 50)
    assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
  }),
  check('a deletion takes the oldest event that is kept, too', async ({ reader, auditor }, writer) => {
    await fold(writer, [like(bob, 1)])
    await fold(writer, [post(alice, 2), like(alice, 3)])
    assert.equal(await writer.prune(before(2_000_000), 10), 1)
    await fold(writer, [status(alice, 'deleted', 5)])
    assert.equal((await reader.status()).events, 0)
    assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
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
