import assert from 'node:assert/strict'
import { test } from 'node:test'
import { daysAround, earned, NO_PERIODS, type Periods } from '../../src/game/periods.ts'

const at = (year: number, month: number, day: number) => Date.UTC(year, month, day) / 1_000
const after = (...times: number[]): Periods =>
  times.reduce((periods, time) => earned(periods, time, 10), NO_PERIODS)

test('a month ends with its last day, whatever its length, and is no other of another year', () => {
  for (let n = 0; n < 1_500; n++) {
    const last = at(1970, n + 1, 0)
    const next = at(1970, n + 1, 1)
    assert.equal(after(last, next).month, 10)
    assert.equal(after(at(1970, n, 1), last).month, 20)
    assert.equal(after(last, at(1970, n + 12, 1)).month, 10)
    // A twelfth of a year apart in twelve years.
    assert.equal(after(at(1970, n, 1), at(1970 + 12, n - 1, 1)).month, 10)
  }
})

test('a week begins on a Monday', () => {
  const monday = at(2026, 0, 5)
  const day = 86_400
  assert.equal(after(monday - day, monday).week, 10)
  assert.equal(after(monday, monday + 6 * day).week, 20)
})

test('the days around one are those of its week and of its month', () => {
  const day = (text: string) => Date.parse(text) / 86_400_000
  for (const [of, first, last] of [
    ['2026-11-26', '2026-11-01', '2026-11-30'],
    ['2026-11-30', '2026-11-01', '2026-12-06'],
    ['2026-12-01', '2026-11-30', '2026-12-31'],
    ['2026-12-31', '2026-12-01', '2027-01-03'],
    ['2027-01-01', '2026-12-28', '2027-01-31'],
    ['2024-02-29', '2024-02-01', '2024-03-03'],
    ['2021-02-14', '2021-02-01', '2021-02-28'],
  ] as const) {
    assert.deepEqual(daysAround(day(of)), { first: day(first), last: day(last) }, of)
  }
})
