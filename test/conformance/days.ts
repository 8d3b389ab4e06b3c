import assert from 'node:assert/strict'
import type { DayTally } from '../../src/game/days.ts'
import { Draft } from '../../src/game/decide/draft.ts'
import type { Game } from '../../src/game/game.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { NO_FACTS } from '../../src/game/rules/rule.ts'
import { nothingTouched } from '../../src/game/touched.ts'
import type { Writer } from '../../src/store/store.ts'
import { game, POST, START, tid } from '../game/arbitrary.ts'
import { type Check, check } from './check.ts'
import { alice, bob, fold, like, post, status } from './operations.ts'

const DAY = 86_400_000_000
const TODAY = Math.floor(START / DAY)
const MEDIA = { embed: { $type: 'app.bsky.embed.images', images: [{ alt: '' }] } }

/** An operation of this day, counted from the first. */
const on = <T extends { at: number }>(day: number, operation: T): T => ({
  ...operation,
  at: operation.at + day * DAY,
})

/** Days as short lists: which day, XP, claimed XP, counts. */
function short(days: readonly DayTally[] | undefined) {
  return days?.map(({ day, experience, claimed, counts }) => [
    day - TODAY,
    experience,
    claimed,
    Object.fromEntries(counts),
  ])
}

/** Stores a post of 50 XP that claims a day, as an import does. */
async function bring(writer: Writer, n: number, claimed: number): Promise<void> {
  const dids = new Set([alice])
  const draft = new Draft(await writer.load({ ...nothingTouched(), actors: dids, whole: dids }), game)
  const id = { did: alice, collection: POST, rkey: tid(n) }
  const change = draft.change(alice)
  const facts = { ...NO_FACTS, media: 'alt' } as const
  const at = START / 1_000_000
  draft.put(change, id, { rev: tid(n), live: true, xp: 50, facts, at, capped: false, claimed })
  draft.enter(change, id, { at: START, cause: 'create', reason: 'post.alt', delta: 50 })
  await writer.commit(draft.changes, undefined)
}

/** Checks the tallies of days. */
export const daysChecks: readonly Check[] = [
  check('what each day brought is told by day, and follows edits and deletions', async (store, writer) => {
    const { reader, auditor } = store
    const [old, other] = [post(alice, 1), post(alice, 2)]
    await fold(writer, [old, other, like(alice, 3)])
    assert.deepEqual(short(await reader.days(alice)), [[0, 110, 0, { 'post.text': 2, like: 1 }]])
    await fold(writer, [on(40, post(alice, 4)), on(41, like(alice, 5)), on(41, post(bob, 6))])
    await fold(writer, [{ ...on(41, old), op: 'update', rev: tid(7), record: MEDIA }])
    await fold(writer, [{ ...on(41, other), op: 'delete', rev: tid(8), record: undefined }])
    assert.deepEqual(short(await reader.days(alice)), [
      [0, 70, 0, { like: 1, 'post.media': 1 }],
      [40, 50, 0, { 'post.text': 1 }],
      [41, 10, 0, { like: 1 }],
    ])
    const tally = { like: 2, 'post.media': 1, 'post.text': 1 }
    assert.deepEqual(Object.fromEntries((await reader.character(alice))?.tally ?? []), tally)
    const { today } = await reader.status()
    assert.deepEqual([today.day - TODAY, Object.fromEntries(today.counts)], [41, { like: 1, 'post.text': 1 }])
    await fold(writer, [{ ...on(41, old), op: 'delete', rev: tid(9), record: undefined }])
    await fold(writer, [{ ...on(41, like(alice, 3)), op: 'delete', rev: tid(10), record: undefined }])
    assert.deepEqual(
      (await reader.days(alice))?.map(({ day }) => day - TODAY),
      [40, 41],
    )
    assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
  }),
  check(
    'a record that counts for another reason of as many XP changes the version',
    async ({ reader }, writer) => {
      const rules = rulebook({ ...NO_CHANGES, points: { 'post.media': 50 } })
      const equal: Game = { ...game, rules }
      await fold(writer, [post(alice, 1)], undefined, equal)
      const before = await reader.character(alice)
      // A resync: it earns nothing, and enters no event.
      await fold(writer, [{ ...post(alice, 1), rev: tid(2), record: MEDIA }], undefined, equal)
      const after = await reader.character(alice)
      assert.deepEqual(
        [before, after].map((one) => [...(one?.tally ?? [])]),
        [[['post.text', 1]], [['post.media', 1]]],
      )
      assert.notEqual(after?.version, before?.version)
    },
  ),
  check('a record that claims a day counts on that day, also before the first', async (store, writer) => {
    await fold(writer, [post(alice, 100)])
    await bring(writer, 1, TODAY - 500)
    await bring(writer, 2, TODAY)
    assert.deepEqual(short(await store.reader.days(alice)), [
      [-500, 0, 50, { 'post.alt': 1 }],
      [0, 50, 50, { 'post.text': 1, 'post.alt': 1 }],
    ])
    await fold(writer, [{ ...post(alice, 1), op: 'update', rev: tid(101) }])
    await fold(writer, [{ ...post(alice, 2), op: 'delete', rev: tid(102), record: undefined }])
    const days = [
      [-500, 0, 50, { 'post.text': 1 }],
      [0, 50, 0, { 'post.text': 1 }],
    ]
    assert.deepEqual(short(await store.reader.days(alice)), days)
    await fold(writer, [{ kind: 'recompute', did: alice, at: START }])
    assert.deepEqual(short(await store.reader.days(alice)), days)
    const known = await writer.load({ ...nothingTouched(), actors: new Set([alice]) })
    assert.deepEqual(known.actor(alice)?.periods, { day: TODAY, week: 50, month: 50 })
    assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
  }),
  check('of an earlier day the writer loads all others of its week and month', async (_store, writer) => {
    // The first day is Sunday, 15 June 2025: 31 May is in another week and another month.
    const days = [-15, -14, 0, 15, 21, 46, 47, 60]
    for (const [n, day] of days.entries()) await fold(writer, [on(day, post(alice, n))])
    const actors = new Set([alice])
    const loads = async (wanted: object, ...expected: number[]) => {
      const known = (await writer.load({ ...nothingTouched(), actors, ...wanted })).days(alice)
      const tally = { experience: 50, claimed: 0, counts: new Map([['post.text', 1]]) }
      for (const day of expected) assert.deepEqual(known.get(TODAY + day), tally, String(day))
    }
    await loads({ days: new Map([[TODAY, actors]]) }, -14, 0, 15)
    await loads({ days: new Map([[TODAY + 20, actors]]) }, 15, 21, 46)
    const records = [on(0, post(alice, 2))]
    await loads({ days: new Map([[TODAY + 60, actors]]), records }, -14, 0, 15)
    await loads({ allDays: actors }, ...days.slice(0, -1))
    await loads({ whole: actors }, ...days.slice(0, -1))
  }),
  check('who leaves takes all days along', async (store, writer) => {
    await fold(writer, [post(alice, 1), post(bob, 1)])
    await fold(writer, [on(1, post(alice, 2)), on(2, like(alice, 3))])
    await fold(writer, [on(2, status(alice, 'deleted', 4))])
    await fold(writer, [on(2, status(alice, 'active', 5)), on(1, post(alice, 6))])
    assert.deepEqual(short(await store.reader.days(alice)), [[1, 50, 0, { 'post.text': 1 }]])
    await fold(writer, [{ kind: 'forget', wish: '1', did: alice, at: START }])
    assert.equal(await store.reader.days(alice), undefined)
    const known = await writer.load({
      ...nothingTouched(),
      allDays: new Set([alice]),
      actors: new Set([alice]),
    })
    assert.deepEqual([known.days(alice).size, known.actor(alice)?.earlier.size], [0, 0])
    assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
  }),
]
