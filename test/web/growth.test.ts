import assert from 'node:assert/strict'
import test from 'node:test'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { chart } from '../../src/web/sheet/chart.ts'
import { grow } from '../../src/web/sheet/grow.ts'
import { weeksOf } from '../../src/web/sheet/weeks.ts'
import { year } from '../../src/web/sheet/year.ts'
import type { ShownDay, ShownInsights } from '../../src/web/shown.ts'

const rules = rulebook(NO_CHANGES)
/** A Wednesday. */
const TODAY = '2026-11-25'

const NOTHING: ShownInsights = {
  today: TODAY,
  described: { last30Days: { described: 0, media: 0 }, ever: { described: 0, media: 0 } },
  undescribed: [],
  streak: { current: 0, longest: 0, lastDay: null, until: null, activeOf28: 0 },
  bestWeek: null,
  days: [],
  hours: Array.from({ length: 24 }, () => 0),
  kinds: {},
  pace: { perDay: 0, nextLevel: { level: 2, missing: 150, at: null }, nextTitle: null },
}

function day(date: string, experience: number, claimed = 0): ShownDay {
  return { date, experience, claimed, counts: {} }
}

const textOf = (markup: { text: string }) =>
  markup.text
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()

test('a year ends today, begins on the same day a year before, and is cut into weeks from Monday', () => {
  const weeks = weeksOf([day(TODAY, 30, 5), day('2026-11-23', 10), day('2025-11-25', 7)], TODAY)
  assert.equal(weeks.length, 53)
  const last = weeks.at(-1)
  assert.deepEqual(last, {
    monday: '2026-11-23',
    days: [10, 0, 35, undefined, undefined, undefined, undefined],
    experience: 45,
  })
  assert.deepEqual(weeks[0], {
    monday: '2025-11-24',
    days: [undefined, 7, 0, 0, 0, 0, 0],
    experience: 7,
  })
})

test('the year is a table with a caption, a header for each week and weekday, and a number for each day', () => {
  const days = Array.from({ length: 8 }, (_, n) => day(`2026-11-${10 + n}`, (n + 1) * 10))
  const { text } = year(weeksOf(days, TODAY), TODAY)
  assert.equal(text.match(/<th scope="col">/g)?.length, 53)
  assert.equal(text.match(/<th scope="row">/g)?.length, 7)
  assert.match(text, /<caption/)
  assert.match(text, /8 active days · best day 17 November, 80 XP/)
  assert.match(text, /<td class="h4" title="17 November: 80 XP"><span class="hidden">80<\/span>/)
  assert.deepEqual(
    [1, 2, 3, 4].map((n) => text.match(new RegExp(`class="h${n}"`, 'g'))?.length),
    [2, 2, 2, 2],
  )
  assert.match(year(weeksOf([], TODAY), TODAY).text, /nothing yet/)
})

test('the line over the weeks ends at what there is now, and begins with what was there before', () => {
  const weeks = weeksOf([day(TODAY, 100), day('2026-11-18', 300)], TODAY)
  const { text } = chart({ weeks, experience: 1_000, bestWeek: null, today: TODAY })
  const heights = [...text.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)])
  const line = heights.filter(([x]) => x !== undefined && x % 1 === 0.5).slice(-53)
  assert.deepEqual([line.at(0)?.[1], line.at(-3)?.[1], line.at(-2)?.[1], line.at(-1)?.[1]], [40, 40, 10, 0])
  assert.match(text, /by week, at most 300 XP/)
  assert.match(text, /<title>week of 16 November: 300 XP<\/title>/)
})

test('the chart of somebody new begins with the week in which they came, and has eight weeks at least', () => {
  const barsOf = (days: ShownDay[], experience: number) => {
    const { text } = chart({ weeks: weeksOf(days, TODAY), experience, bestWeek: null, today: TODAY })
    const [, weeks] = /viewBox="0 0 (\d+) 100"/.exec(text) ?? []
    const labels = [...text.matchAll(/<span>([^<]+)<\/span>/g)].map(([, label]) => label)
    return [Number(weeks), labels.at(0), labels.at(-1)]
  }
  assert.deepEqual(barsOf([day(TODAY, 10)], 10), [8, '5 Oct', '23 Nov'])
  assert.deepEqual(barsOf([day('2026-08-25', 5), day(TODAY, 10)], 15), [14, '24 Aug', '23 Nov'])
  assert.deepEqual(barsOf([day('2026-02-01', 5)], 5), [44, 'Jan', 'Nov'])
  assert.deepEqual(barsOf([day(TODAY, 10)], 11), [53, 'Nov', 'Nov'])
  assert.deepEqual(barsOf([], 0), [8, '5 Oct', '23 Nov'])
})

test('somebody who has done little is told what to do, and nothing else', () => {
  const text = textOf(grow(NOTHING, rules))
  assert.match(text, /Post a picture, and describe it .* \+70/)
  assert.match(text, /Any day begins a streak/)
  assert.match(text, /Level 2 is 150 XP away 3 described posts, or 15 likes\./)
  assert.doesNotMatch(text, /at this pace|lose|lost|only|never|NaN|undefined|Infinity/i)
})

test('somebody with undescribed pictures is told of the next one, with the latest at hand', () => {
  const undescribed = [
    {
      uri: 'at://did:plc:a/app.bsky.feed.post/3k',
      at: '2026-11-20T10:00:00.000Z',
      experience: 60,
      wouldHaveEarned: 70,
    },
  ]
  const described = { last30Days: { described: 3, media: 4 }, ever: { described: 33, media: 39 } }
  const markup = grow({ ...NOTHING, undescribed, described }, rules)
  assert.match(textOf(markup), /Describe the next picture 3 of 4 posts .* 84 % of all\. .* \+10 each/)
  assert.match(markup.text, /href="https:\/\/bsky\.app\/profile\/did:plc:a\/post\/3k"/)
  assert.match(textOf(markup), /20 November, 10:00 UTC : the same, described, earns 70 XP/)
  const all = { last30Days: { described: 4, media: 4 }, ever: { described: 4, media: 4 } }
  assert.match(textOf(grow({ ...NOTHING, described: all }, rules)), /All 4 posts .* are described 100 %/)
})

test('streak, pace, title and hours come in words', () => {
  const insights: ShownInsights = {
    ...NOTHING,
    streak: {
      current: 19,
      longest: 31,
      lastDay: '2026-11-24',
      until: '2026-11-26T00:00:00.000Z',
      activeOf28: 26,
    },
    hours: Array.from({ length: 24 }, (_, hour) => (hour >= 22 || hour === 0 ? 100 : 1)),
    kinds: { post: 20, like: 70, repost: 10 },
    pace: {
      perDay: 23.4,
      nextLevel: { level: 59, missing: 60, at: '2026-11-28' },
      nextTitle: { level: 100, title: 'Loremaster', missing: 4_160, at: '2027-05-22' },
    },
  }
  const text = textOf(grow(insights, rules))
  assert.match(
    text,
    /19 days in a row Active on 26 of the last 28 days \(UTC\); the longest streak is 31 days\. Anything/,
  )
  assert.match(text, /19 → 20/)
  assert.match(text, /Level 59 is 60 XP away .* At 23 XP a day, as in the last 28 days, about 28 November\./)
  assert.match(text, /Loremaster from level 100 on 4,160 XP to go\. .* about 22 May 2027\./)
  assert.match(text, /Most happens from 22:00 to 01:00 UTC 93 %/)
  assert.match(text, /Likes 70 % Posts 20 % Reposts 10 %/)
  const done = { ...insights, streak: { ...insights.streak, lastDay: TODAY } }
  assert.match(textOf(grow(done, rules)), /Today counts already\. 19 days/)
})
