// Insights, against sums over the records of the same ledger.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { uriOf } from '../../src/atproto/uri.ts'
import { type DayTally, NO_DAY, totalOf } from '../../src/game/days.ts'
import { type InsightsInput, insightsOf } from '../../src/game/insights.ts'
import { levelOf } from '../../src/game/levels.ts'
import type { MemoryLedger } from '../memory-ledger.ts'
import { game, longStream, POST, rules, START } from './arbitrary.ts'
import { alice, commit, DESCRIBED, ledgerOf, like, removal } from './operations.ts'

const DAY = 86_400_000_000
const TODAY = Math.floor(START / DAY)
const MEDIA = { embed: { $type: 'app.bsky.embed.images', images: [{ alt: '' }] } }
const on = (day: number) => ({ at: START + day * DAY })
const iso = (day: number) => new Date((TODAY + day) * 86_400_000).toISOString()
const date = (day: number) => iso(day).slice(0, 10)

function inputOf(ledger: MemoryLedger, now: number, did = alice): InsightsInput {
  const events = ledger.events.filter((event) => event.did === did).reverse()
  const actor = ledger.actor(did) ?? assert.fail()
  const posts = events.filter(({ collection }) => collection === POST)
  const { experience } = actor
  return { rules, now, experience, tally: totalOf(actor), days: ledger.allDays(did), latest: events, posts }
}

const NOTHING: InsightsInput = {
  ...{ rules, now: START, experience: 0, tally: new Map(), days: [], latest: [], posts: [] },
}
const earned = (...days: [day: number, experience: number][]): DayTally[] =>
  days.map(([day, experience]) => ({
    ...NO_DAY,
    day: TODAY + day,
    experience,
    counts: new Map([['like', 1]]),
  }))

test('of somebody who has done nothing, nothing is said', () => {
  const { streak, bestWeek, days, described, undescribed, hours, kinds, pace } = insightsOf(NOTHING)
  assert.deepEqual(streak, { current: 0, longest: 0, lastDay: null, until: null, activeOf28: 0 })
  assert.deepEqual([bestWeek, days, undescribed, kinds], [null, [], [], {}])
  assert.deepEqual(described.ever, { described: 0, media: 0 })
  assert.deepEqual([hours.length, Math.max(...hours)], [24, 0])
  assert.deepEqual([pace.perDay, pace.nextLevel], [0, { level: 2, missing: 150, at: null }])
})

test('a streak goes on until the end of the day after its last one', () => {
  const streak = (...days: number[]) =>
    insightsOf({ ...NOTHING, days: earned(...days.map((day) => [day, 10] as [number, number])) }).streak
  assert.deepEqual(streak(-1, 0), { current: 2, longest: 2, lastDay: date(0), until: iso(2), activeOf28: 2 })
  assert.deepEqual(streak(-5, -4, -3, -1), {
    current: 1,
    longest: 3,
    lastDay: date(-1),
    until: iso(1),
    activeOf28: 4,
  })
  assert.deepEqual(streak(-28, -27, -2), {
    current: 0,
    longest: 2,
    lastDay: date(-2),
    until: null,
    activeOf28: 2,
  })
  // A day that a record claims was no day of earning.
  const claimed = [{ ...NO_DAY, day: TODAY, claimed: 50, counts: new Map([['like', 1]]) }]
  assert.equal(insightsOf({ ...NOTHING, days: claimed }).streak.current, 0)
})

test('the pace says when the next level and the next title come', () => {
  const days = earned([-28, 1_000], [-27, 100], [0, 180])
  const { pace } = insightsOf({ ...NOTHING, days, experience: 280 })
  assert.deepEqual(pace, {
    perDay: 10,
    nextLevel: { level: 4, missing: 70, at: date(7) },
    nextTitle: { level: 5, title: 'Apprentice', missing: 170, at: date(17) },
  })
  const slow = insightsOf({ ...NOTHING, days: earned([0, 1]), experience: 45_000 }).pace
  assert.equal(slow.nextTitle?.at, null)
  assert.deepEqual(
    [insightsOf({ ...NOTHING, experience: 2e8 }).pace].map(({ nextLevel, nextTitle }) => [
      nextLevel,
      nextTitle,
    ]),
    [[null, null]],
  )
})

test('weeks begin on Mondays, and the best is the earliest of equals', () => {
  // The first day is Sunday, 15 June 2025.
  const best = (...days: [number, number][]) => insightsOf({ ...NOTHING, days: earned(...days) }).bestWeek
  assert.deepEqual(best([-6, 5], [0, 5], [1, 9]), { week: '2025-W24', experience: 10 })
  assert.deepEqual(best([0, 5], [1, 5]), { week: '2025-W24', experience: 5 })
})

test('undescribed posts are those that still are, newest first', () => {
  const [first, second, third, fourth] = [1, 2, 3, 4].map((n) => commit({ n, record: MEDIA, ...on(n) }))
  const ledger = ledgerOf([
    ...[first, second, third, fourth].map((post) => post ?? assert.fail()),
    { ...(second ?? assert.fail()), ...on(5), rev: '3lrzzzzzzzzz2', op: 'update', record: DESCRIBED },
    removal(9, third ?? assert.fail()),
    like(10, on(6)),
  ])
  const { undescribed, described } = insightsOf(inputOf(ledger, START + 6 * DAY))
  const told = (post: typeof first, day: number) => ({
    uri: uriOf(post ?? assert.fail()),
    at: new Date((START + day * DAY) / 1_000).toISOString(),
    experience: 60,
    wouldHaveEarned: 70,
  })
  assert.deepEqual(undescribed, [told(fourth, 4), told(first, 1)])
  assert.deepEqual(described, {
    last30Days: { described: 1, media: 3 },
    ever: { described: 1, media: 3 },
  })
})

test('twenty undescribed posts are told at most', () => {
  const posts = Array.from({ length: 25 }, (_, n) => commit({ n: n + 1, record: MEDIA, ...on(n) }))
  const { undescribed } = insightsOf(inputOf(ledgerOf(posts), START + 25 * DAY))
  assert.deepEqual(
    undescribed.map(({ uri }) => uri),
    posts
      .slice(5)
      .reverse()
      .map((post) => uriOf(post)),
  )
})

test('of any ledger, insights are the sums over its live records', () => {
  fc.assert(
    fc.property(longStream, fc.nat({ max: 40 }), (events, later) => {
      const ledger = ledgerOf(events)
      const now = START + later * DAY
      const today = Math.floor(now / DAY)
      for (const did of ledger.actors.keys()) {
        const records = ledger
          .records(did)
          .filter(([, { live, facts }]) => live && facts !== undefined)
          .map(([{ collection }, { xp, at, facts }]) => ({
            collection,
            xp,
            facts,
            day: Math.floor(at / 86_400),
          }))
        const media = (from: number, what: readonly unknown[]) =>
          records.filter(
            ({ collection, facts, day }) =>
              collection === POST && day >= from && day <= today && what.includes(facts?.media),
          ).length
        const { described, streak, days, pace, kinds } = insightsOf(inputOf(ledger, now, did))
        assert.equal(described.last30Days.described, media(today - 29, ['alt']))
        assert.equal(described.last30Days.media, media(today - 29, ['alt', 'media']))
        const all = records.filter(({ collection }) => game.rules.collections.includes(collection))
        assert.equal(kinds.post ?? 0, all.filter(({ collection }) => collection === POST).length)
        const active = new Set(all.filter(({ xp, day }) => xp > 0 && day <= today).map(({ day }) => day))
        let current = 0
        for (let day = active.has(today) ? today : today - 1; active.has(day); day--) current += 1
        assert.equal(streak.current, current)
        const sum = (from: number) =>
          all.filter(({ day }) => day >= from && day <= today).reduce((total, { xp }) => total + xp, 0)
        assert.equal(
          days.reduce((total, { experience }) => total + experience, 0),
          sum(today - 365),
        )
        assert.equal(pace.perDay, Math.round((sum(today - 27) / 28) * 100) / 100)
        assert.equal(pace.nextLevel?.level, 1 + levelOf(ledger.actor(did)?.experience ?? 0))
      }
    }),
  )
})
