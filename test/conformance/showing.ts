import assert from 'node:assert/strict'
import type { Followed } from '../../src/game/followed.ts'
import { asking, game, POST, START } from '../game/arbitrary.ts'
import { identity } from '../game/operations.ts'
import { type Check, check, KEEP } from './check.ts'
import { alice, bob, FIRST, fold, like, named, post, profileRecord, status } from './operations.ts'

/** Checks which people are shown. */
export const showingChecks: readonly Check[] = [
  check('who is hidden appears nowhere, and again when they come back', async ({ reader }, writer) => {
    await fold(writer, [post(alice, 1), post(bob, 1)])
    const { position } = await reader.recent(undefined, 10)
    await fold(writer, [status(alice, 'deactivated', 5), post(alice, 6)])
    assert.equal(await reader.character(alice), undefined)
    assert.equal(await reader.events(alice, FIRST), undefined)
    assert.deepEqual(
      (await reader.characters([alice, bob])).map(({ did }) => did),
      [bob],
    )
    const board = await reader.board({ cursor: undefined, around: undefined, limit: 10 })
    assert.deepEqual(
      board.items.map(({ character }) => character.did),
      [bob],
    )
    assert.deepEqual(await reader.xpHistogram(), [{ experience: 50, characters: 1 }])
    assert.deepEqual((await reader.recent(position, 10)).events, [])
    await fold(writer, [status(alice, 'active', 9)])
    assert.equal((await reader.character(alice))?.experience, 100)
    assert.equal((await reader.xpHistogram())[0]?.experience, 100)
  }),
  check(
    'pages of recent events lead to the newest, past those of people who are hidden',
    async ({ reader }, writer) => {
      await fold(writer, [post(alice, 1), post(bob, 1), status(alice, 'deactivated', 2)])
      const { position } = await reader.recent(undefined, 10)
      const numbers = [3, 4, 5, 6, 7, 8, 9]
      for (const n of numbers) await fold(writer, [post(alice, n), post(alice, n + 20), post(bob, n)])
      const found: string[] = []
      let [after, more] = [position, true]
      while (more) {
        const page = await reader.recent(after, 2)
        assert.ok(page.events.length <= 2)
        assert.ok(!page.more || page.position !== after, 'each page leads on')
        found.push(...page.events.map(({ did, rkey }) => `${did} ${rkey}`))
        after = page.position
        more = page.more
      }
      assert.deepEqual(
        found,
        numbers.map((n) => `${bob} ${post(bob, n).rkey}`),
      )
      assert.equal(after, (await reader.recent(undefined, 10)).position)
    },
  ),
  check('who is not introduced yet counts and appears nowhere', async ({ reader, auditor }, writer, open) => {
    const { position } = await reader.recent(undefined, 10)
    await fold(writer, [post(alice, 1), post(bob, 1), like(bob, 2)], undefined, asking)
    const assertNowhere = async (): Promise<void> => {
      assert.equal(await reader.character(alice), undefined)
      assert.deepEqual(await reader.characters([alice]), [])
      assert.equal(await reader.events(alice, FIRST), undefined)
      const board = await reader.board({ cursor: undefined, around: undefined, limit: 10 })
      assert.ok(board.items.every(({ character }) => character.did !== alice))
      assert.deepEqual((await reader.board({ cursor: undefined, around: alice, limit: 10 })).items, [])
      const { events } = await reader.recent(position, 10)
      assert.ok(events.every(({ did }) => did !== alice))
    }
    await assertNowhere()
    assert.deepEqual(await reader.xpHistogram(), [])
    const { characters, introductions, experience } = await reader.status()
    assert.deepEqual([characters, introductions, experience], [0, 2, 110])
    await fold(writer, [named(bob, 'bob.test')], undefined, asking)
    await assertNowhere()
    assert.deepEqual(await reader.xpHistogram(), [{ experience: 60, characters: 1 }])
    // Neither a restart nor what they do changes that; their own profile record does.
    await writer[Symbol.asyncDispose]()
    await using again = await open()
    await using next = await again.write(KEEP)
    await fold(next, [post(alice, 3)], undefined, asking)
    await assertNowhere()
    assert.equal((await reader.status()).introductions, 1)
    await fold(next, [profileRecord(alice, 4, {})], undefined, asking)
    assert.equal((await reader.character(alice))?.experience, 100)
    const { characters: shown, introductions: left } = await reader.status()
    assert.deepEqual([shown, left], [2, 0])
    assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
  }),
  check('a label in the own profile record holds after a restart, too', async ({ reader }, writer, open) => {
    const hides = { labels: { values: [{ val: '!no-unauthenticated' }] } }
    await fold(writer, [profileRecord(alice, 5, hides), post(alice, 6)], undefined, asking)
    await writer[Symbol.asyncDispose]()
    await using again = await open()
    await using next = await again.write(KEEP)
    await fold(next, [profileRecord(alice, 4, {}), named(alice, 'alice.test')], undefined, asking)
    assert.equal(await reader.character(alice), undefined)
    assert.equal(await reader.didOf('alice.test'), undefined)
    await fold(next, [profileRecord(alice, 7, {})], undefined, asking)
    assert.equal((await reader.character(alice))?.profile?.handle, 'alice.test')
  }),
  check('what the stream calls somebody holds after a restart', async ({ reader }, writer, open) => {
    await fold(writer, [post(alice, 1), named(alice, 'old.test')])
    await fold(writer, [identity(5, 'new.test')])
    await writer[Symbol.asyncDispose]()
    await using again = await open()
    await using next = await again.write(KEEP)
    await fold(next, [named(alice, 'old.test')])
    assert.equal((await reader.character(alice))?.profile?.handle, undefined)
    await fold(next, [named(alice, 'new.test')])
    assert.equal(await reader.didOf('new.test'), alice)
    // It is repeated by a stream that begins again.
    await fold(next, [identity(5, 'new.test')])
    assert.equal(await reader.didOf('new.test'), alice)
  }),
  check(
    'what is followed is remembered, and who is not any more is absent',
    async ({ reader }, writer, open) => {
      assert.deepEqual(await writer.followed(), [undefined])
      const now: Followed = { dids: [alice], collections: [POST], left: { [bob]: START } }
      const gap = {
        host: 'not followed by DIDS: x',
        from: START,
        to: START + 5,
        reason: 'not-followed',
        at: START + 5,
      }
      await writer.follow({ before: undefined, now, gaps: [gap], missed: undefined })
      await fold(writer, [
        post(alice, 1),
        post(bob, 2),
        status(bob, 'deactivated', 3),
        status(bob, 'active', 4),
      ])
      await fold(writer, [{ kind: 'follow', did: bob, at: START, followed: false }])
      assert.equal(await reader.character(bob), undefined)
      assert.deepEqual(await reader.xpHistogram(), [{ experience: 50, characters: 1 }])
      assert.deepEqual((await reader.status()).gaps, [gap])
      await writer[Symbol.asyncDispose]()
      await using again = await open()
      await using second = await again.write(KEEP)
      assert.deepEqual(await second.followed(), [now])
      await fold(second, [status(bob, 'deactivated', 5), status(bob, 'active', 6)])
      assert.equal(await reader.character(bob), undefined)
      await fold(second, [{ kind: 'follow', did: bob, at: START, followed: true }])
      assert.equal((await reader.character(bob))?.experience, 50)
    },
  ),
]
