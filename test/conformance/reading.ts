import assert from 'node:assert/strict'
import { placeInTime } from '../../src/atproto/event.ts'
import { decide } from '../../src/game/decide.ts'
import { touched } from '../../src/game/touched.ts'
import { type EventsPage, InvalidCursorError } from '../../src/store/store.ts'
import { RECORDS_AMISS } from '../../src/store/version-audit.ts'
import { cut, game, POST, REPOST, START } from '../game/arbitrary.ts'
import { identity } from '../game/operations.ts'
import { type Check, check, onPlace, opened } from './check.ts'
import { alice, bob, FIRST, fold, like, named, post } from './operations.ts'

/** Checks what readers see of characters and their timelines. */
export const readingChecks: readonly Check[] = [
  check('an empty ledger has nobody', async ({ reader, auditor }, writer) => {
    assert.equal(await reader.character(alice), undefined)
    assert.deepEqual(await reader.characters([alice, bob]), [])
    assert.equal(await reader.events(alice, FIRST), undefined)
    assert.deepEqual((await reader.board({ cursor: undefined, around: undefined, limit: 10 })).items, [])
    assert.deepEqual(await reader.xpHistogram(), [])
    assert.equal(await writer.cursor(), undefined)
    assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
  }),
  check('the cursor is kept with what it stands for', async ({ reader }, writer) => {
    const cursor = { host: 'a.test', wire: 'v2', value: 17, at: START } as const
    await fold(writer, [post(alice, 1)], cursor)
    assert.deepEqual(await writer.cursor(), cursor)
    await fold(writer, [post(alice, 2)], undefined)
    assert.deepEqual((await reader.status()).cursor, cursor)
  }),
  check(
    'a ledger begins once, and is at its beginning until it commits a cursor',
    async ({ reader }, writer) => {
      const at = (seconds: number) => placeInTime(START + seconds * 1_000_000)
      const cursor = { host: 'a.test', wire: 'v2', value: 17, at: START + 20_000_000 } as const
      await writer.begin(at(5))
      assert.deepEqual(await writer.cursor(), at(5))
      assert.equal((await reader.status()).cursor, undefined)
      await writer.begin(at(7))
      assert.deepEqual(await writer.cursor(), at(5))
      await fold(writer, [post(alice, 1)], undefined)
      assert.deepEqual(await writer.cursor(), at(5))
      await fold(writer, [post(alice, 2)], cursor)
      assert.deepEqual(await writer.cursor(), cursor)
      await writer.begin(at(9))
      assert.deepEqual(await writer.cursor(), cursor)
    },
  ),
  check('the newest heartbeat says when a writer was last heard', async (_, writer) => {
    assert.equal(await writer.heard(), undefined)
    await writer.beat({ at: START, lag: 5, host: 'a.test' })
    await writer.lastBeat({ at: START + 7, lag: 0, host: undefined })
    assert.equal(await writer.heard(), START + 7)
  }),
  onPlace('a beginning outlasts the process that found it', async (place) => {
    await using here = await place()
    const beginning = placeInTime(START)
    {
      await using open = await opened(here)
      await open.writer.begin(beginning)
    }
    await using open = await opened(here)
    assert.deepEqual(await open.writer.cursor(), beginning)
  }),
  check('a timeline can be walked page by page and by type', async ({ reader }, writer) => {
    const operations = Array.from({ length: 25 }, (_, n) =>
      n % 4 === 0 ? post(alice, n + 1) : like(alice, n + 1),
    )
    for (const piece of cut(operations, [2, 5])) await fold(writer, piece)
    const walk = async (type: EventsPage['type'], limit: number) => {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await reader.events(alice, { type, cursor, limit })
        assert.ok(page !== undefined && page.items.length <= limit)
        seen.push(...page.items.map(({ rkey }) => rkey))
        cursor = page.cursor
      } while (cursor !== undefined)
      return seen
    }
    const all = operations.map(({ rkey }) => rkey).reverse()
    for (const limit of [1, 3, 100]) assert.deepEqual(await walk(undefined, limit), all)
    const posts = operations.filter(({ collection }) => collection === POST).map(({ rkey }) => rkey)
    assert.deepEqual(await walk(POST, 2), posts.reverse())
    assert.deepEqual(await walk(REPOST, 2), [])
  }),
  check('the latest events are those of shown people, newest first', async ({ reader }, writer) => {
    assert.deepEqual(await reader.latest(10), [])
    await fold(writer, [post(alice, 1), like(bob, 2), like(alice, 3)])
    const latest = async (limit: number) =>
      (await reader.latest(limit)).map(({ did, rkey, delta }) => `${did} ${rkey} ${delta}`)
    const all = async (did: typeof alice) =>
      ((await reader.events(did, FIRST))?.items ?? []).map(({ rkey, delta }) => `${did} ${rkey} ${delta}`)
    assert.deepEqual((await latest(10)).sort(), [...(await all(alice)), ...(await all(bob))].sort())
    await fold(writer, [post(alice, 4)])
    assert.deepEqual(await latest(1), (await all(alice)).slice(0, 1))
    await fold(writer, [{ ...named(bob, 'bob.test'), optedOut: true }, post(bob, 5)])
    assert.ok(!(await latest(10)).some((event) => event.startsWith(bob)))
  }),
  check('a cursor that it never gave out is refused', async ({ reader }, writer) => {
    await fold(writer, [post(alice, 1), like(bob, 1), post(bob, 2)])
    for (const cursor of ['!', '', 'x'.repeat(5_000), '../..', '{}']) {
      await assert.rejects(reader.events(alice, { ...FIRST, cursor }), InvalidCursorError)
      await assert.rejects(reader.board({ cursor, around: undefined, limit: 5 }), InvalidCursorError)
      await assert.rejects(reader.recent(cursor, 5), InvalidCursorError)
    }
    const others = await reader.events(bob, { ...FIRST, limit: 1 })
    await assert.rejects(reader.events(alice, { ...FIRST, cursor: others?.cursor }), InvalidCursorError)
  }),
  check('a profile is kept, found by handle, and its handle moves', async ({ reader }, writer) => {
    await fold(writer, [post(alice, 1), post(bob, 1)])
    const before = (await reader.character(alice))?.version
    await fold(writer, [named(alice, 'same.test')])
    const had = (await reader.character(alice))?.version
    assert.equal(await reader.didOf('same.test'), alice)
    assert.notEqual((await reader.character(alice))?.version, before)
    await fold(writer, [named(bob, 'same.test')])
    assert.equal(await reader.didOf('same.test'), bob)
    assert.equal((await reader.character(alice))?.profile?.handle, undefined)
    // Who keeps an answer by its version sees that it is another.
    assert.notEqual((await reader.character(alice))?.version, had)
    await fold(writer, [{ ...identity(9), did: bob }])
    assert.equal(await reader.didOf('same.test'), undefined)
  }),
  check('numbers are exact up to 2^53 - 1', async ({ reader, auditor }, writer) => {
    await fold(writer, [post(alice, 1)])
    const most = Number.MAX_SAFE_INTEGER - 50
    // More than any rules may give, in one record.
    const generous = { ...game, rules: { ...game.rules, award: () => ({ reason: 'post.text', xp: most }) } }
    const huge = [post(alice, 2)]
    const known = await writer.load(touched(generous, huge))
    await writer.commit(decide(generous, known, huge), undefined)
    assert.equal((await reader.character(alice))?.experience, Number.MAX_SAFE_INTEGER)
    const { findings } = await auditor.audit(game.rules, () => {})
    // That no rules give so much is all that may be wrong.
    assert.deepEqual(
      findings.filter(({ what }) => what !== RECORDS_AMISS),
      [],
    )
  }),
]
