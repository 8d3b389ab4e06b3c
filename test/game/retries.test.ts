import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { QuestionKind } from '../../src/game/question.ts'
import { ASLEEP, isBeyondPause, retryAt, startOf } from '../../src/game/retries.ts'
import { START } from './arbitrary.ts'

const NOW = START / 1_000_000

/** The pauses in seconds after the first tries, the longest pause, the number of tries, and the time that all of them take. */
const TABLE: [QuestionKind, first: number[], longest: number, tries: number, hours: number][] = [
  ['subject', [1, 2, 4, 8], 256, 10, 511 / 3600],
  ['profile', [1, 2, 4, 8], 86_400, 30, (2 ** 17 - 1 + 12 * 86_400) / 3600],
  ['repository', [30, 60, 120, 240], 21_600, 14, (30 * (2 ** 10 - 1) + 3 * 21_600) / 3600],
]

for (const [kind, first, longest, tries, hours] of TABLE) {
  test(`a ${kind} is asked for with growing pauses, ${tries} times in all`, () => {
    const pauses: number[] = []
    for (let tried = 1; ; tried++) {
      const due = retryAt(kind, tried, START)
      if (due === undefined) break
      pauses.push(due - NOW)
    }
    assert.deepEqual(pauses.slice(0, 4), first)
    assert.deepEqual([pauses.at(-1), pauses.length + 1], [longest, tries])
    assert.equal(pauses.reduce((sum, pause) => sum + pause, 0) / 3600, hours)
  })
}

test('a pause is never shorter than it says, whatever part of a second is over', () => {
  assert.equal(retryAt('subject', 1, START + 1), NOW + 2)
  assert.equal(retryAt('subject', 1, START + 999_999), NOW + 2)
})

test('what is put off further than its pause is long was so by a clock that was ahead', () => {
  for (const kind of ['subject', 'profile', 'repository'] as const) {
    for (const tries of [1, 2, 5, 9]) {
      const due = retryAt(kind, tries, START + 999_999) ?? 0
      assert.equal(isBeyondPause(kind, { due, tries }, NOW), false)
      assert.equal(isBeyondPause(kind, { due: due + 1, tries }, NOW), true)
      assert.equal(isBeyondPause(kind, { due: ASLEEP, tries }, NOW), false)
    }
  }
})

test('a question about a person begins by what is open about them', () => {
  const fresh = { due: 0, tries: 0 }
  const put = { due: NOW + 60, tries: 3 }
  const asleep = { due: ASLEEP, tries: 3 }
  const table = [
    ['restart', fresh, fresh, fresh],
    // Its like is asked no sooner.
    ['follow', fresh, put, fresh],
    ['keep', fresh, undefined, undefined],
    ['wake', undefined, undefined, fresh],
  ] as const
  for (const [ifOpen, none, waiting, sleeping] of table) {
    assert.deepEqual(startOf(ifOpen, undefined), none, ifOpen)
    assert.deepEqual(startOf(ifOpen, put), waiting, ifOpen)
    assert.deepEqual(startOf(ifOpen, asleep), sleeping, ifOpen)
  }
})
