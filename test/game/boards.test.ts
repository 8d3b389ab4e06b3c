import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BOARD_KINDS, dateOf, daysIn, periodName, periodOf, readPeriod } from '../../src/game/boards.ts'
import { bandOf, MAX_LEVEL } from '../../src/game/levels.ts'

const DAY_MS = 86_400_000
const dayOf = (date: string) => Date.parse(date) / DAY_MS

/** The days of a hundred years. */
const days = fc.integer({ min: 0, max: 36_500 })

test('weeks are named as ISO 8601 names them', () => {
  for (const [date, week, from, to] of [
    ['2026-11-26', '2026-W48', '2026-11-23', '2026-11-29'],
    ['2027-01-01', '2026-W53', '2026-12-28', '2027-01-03'],
    ['2027-01-04', '2027-W01', '2027-01-04', '2027-01-10'],
    ['2024-12-30', '2025-W01', '2024-12-30', '2025-01-05'],
    ['2028-02-29', '2028-W09', '2028-02-28', '2028-03-05'],
  ] as const) {
    const board = { kind: 'week', period: periodOf('week', dayOf(date)) } as const
    const span = daysIn(board)
    assert.deepEqual([periodName(board), dateOf(span.from), dateOf(span.to - 1)], [week, from, to])
  }
})

test('months are named by their year and number', () => {
  for (const [date, month, from, to] of [
    ['2026-11-26', '2026-11', '2026-11-01', '2026-11-30'],
    ['2028-02-29', '2028-02', '2028-02-01', '2028-02-29'],
    ['2026-12-31', '2026-12', '2026-12-01', '2026-12-31'],
  ] as const) {
    const board = { kind: 'month', period: periodOf('month', dayOf(date)) } as const
    const span = daysIn(board)
    assert.deepEqual([periodName(board), dateOf(span.from), dateOf(span.to - 1)], [month, from, to])
  }
})

test('each day is in the period that its name says, and names are read as they are written', () => {
  fc.assert(
    fc.property(days, fc.constantFrom(...BOARD_KINDS), (day, kind) => {
      const board = { kind, period: periodOf(kind, day) }
      const { from, to } = daysIn(board)
      assert.ok(from <= day && day < to)
      if (from >= 0) assert.equal(readPeriod(kind, periodName(board)), board.period)
      assert.equal(periodOf(kind, to), board.period + 1)
    }),
  )
})

test('names of periods that do not exist are not read', () => {
  for (const name of [
    '2026-W00',
    '2026-W54',
    '2025-W53',
    '2026-W5',
    '2026-11',
    '1969-W10',
    'W48',
    '',
    '2026-W48 ',
  ])
    assert.equal(readPeriod('week', name), undefined, name)
  for (const name of ['2026-00', '2026-13', '2026-1', '2026-W48', '1969-12', '2026-11-01', '20261'])
    assert.equal(readPeriod('month', name), undefined, name)
})

test('levels with the same first digit are counted together', () => {
  const bands = [1, 9, 10, 19, 20, 99, 250, 1_000, 54_321, MAX_LEVEL].map(bandOf)
  assert.deepEqual(
    bands.map(({ from, to }) => [from, to]),
    [
      [1, 1],
      [9, 9],
      [10, 19],
      [10, 19],
      [20, 29],
      [90, 99],
      [200, 299],
      [1_000, 1_999],
      [50_000, 59_999],
      [100_000, 100_000],
    ],
  )
})
