import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Introductions } from '../../src/ingest/introductions.ts'

const MINUTE = 60_000_000

function reporting() {
  const state = {
    now: 1_000 * MINUTE,
    logged: [] as string[],
    fields: [] as unknown[],
    reported: [] as [number, number | undefined][],
  }
  const introductions = new Introductions({
    log: {
      warn: (fields: unknown, message?: string) => {
        state.fields.push(fields)
        state.logged.push(message ?? '')
      },
    } as never,
    metrics: { introductions: (...reported) => state.reported.push(reported) },
    clock: () => state.now,
  })
  return { introductions, state }
}

test('an AppView that stays away is reported of: since when, how many wait, and what can be done', () => {
  const { introductions, state } = reporting()
  introductions.report(3)
  introductions.failed()
  introductions.report(3)
  state.now += MINUTE - 1
  introductions.failed()
  introductions.report(4)
  assert.deepEqual(state.logged, [])
  state.now += 1
  introductions.report(5)
  assert.equal(state.logged.length, 1)
  assert.match(state.logged[0] ?? '', /^5 characters are not shown.*not answered for 1 min.*APPVIEW_URL=none/)
  assert.deepEqual(state.fields, [{ waiting: 5 }])
  // Once in ten minutes is enough.
  state.now += 10 * MINUTE - 1
  introductions.report(6)
  assert.equal(state.logged.length, 1)
  state.now += 1
  introductions.report(7)
  assert.equal(state.logged.length, 2)
  assert.deepEqual(state.reported, [
    [3, undefined],
    [3, 60_000],
    [4, 60_000],
    [5, 60_000],
    [6, 60_000],
    [7, 60_000],
  ])
})

test('one that answers, and one that nobody waits for, is not', () => {
  const { introductions, state } = reporting()
  introductions.failed()
  introductions.answered()
  state.now += 5 * MINUTE
  introductions.report(3)
  introductions.failed()
  state.now += 5 * MINUTE
  introductions.report(0)
  assert.deepEqual(state.logged, [])
  assert.deepEqual(state.reported, [
    [3, undefined],
    [0, undefined],
  ])
})
