import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Circumstances, type Recovery, recoveryFrom } from '../../../src/jetstream/attempts/recovery.ts'
import { ResumeState } from '../../../src/jetstream/attempts/resume-state.ts'
import type { Ending } from '../../../src/jetstream/observer.ts'
import { T0 } from '../messages.ts'

/** The state after the third failed attempt, at one of two hosts. */
const PLAIN: Circumstances = {
  healthy: false,
  compressed: false,
  exact: true,
  otherWireLeft: false,
  oversizedTimes: 0,
  dictionaryRenewable: false,
  failures: 2,
  hosts: 2,
  backoff: { baseMs: 1_000, maxMs: 30_000 },
}
/** To go on to the next host after a failure, in the midst of a round. */
const NEXT: Recovery = { step: 'next', failures: 3, maxWaitMs: 0, finding: 'nothing', dictionary: 'keep' }
const REDIAL: Recovery = { ...NEXT, step: 'redial', failures: 2 }
const OTHER_WIRE: Recovery = { ...NEXT, step: 'other-wire', failures: 2 }
/** To come back to the host, for the first time after it was well. */
const AGAIN: Recovery = { ...NEXT, step: 'again', failures: 1, maxWaitMs: 1_000 }

const refused = (status: number, error?: string): Ending => ({
  kind: 'refused',
  status,
  error,
  message: 'why',
})
const closed = (code: number): Ending => ({ kind: 'closed', code, message: '' })
const errorFrame = (error: string): Ending => ({ kind: 'error-frame', error, message: '' })
const other = (kind: 'unreachable' | 'silent' | 'oversized' | 'cursor-lost' | 'undecodable'): Ending => {
  return { kind, message: 'why' }
}
const zstd = { compressed: true }
const renewable = { compressed: true, dictionaryRenewable: true }

suite('what follows an ending', () => {
  const table: [string, Ending, Partial<Circumstances>, Recovery][] = [
    ['nobody listens', other('unreachable'), {}, NEXT],
    [
      'nobody listens, all round',
      other('unreachable'),
      { failures: 3 },
      { ...NEXT, failures: 4, maxWaitMs: 2_000 },
    ],
    ['still starting', refused(503), { otherWireLeft: true }, NEXT],
    ['too many requests', refused(429), zstd, NEXT],
    ['no such path', refused(404), { otherWireLeft: true }, OTHER_WIRE],
    ['no such path on the last wire', refused(404), {}, NEXT],
    ['an old number', refused(400, 'CursorTooOld'), {}, { ...REDIAL, finding: 'cursor-too-old' }],
    [
      'an old number, compressed',
      refused(400, 'CursorTooOld'),
      renewable,
      { ...REDIAL, finding: 'cursor-too-old' },
    ],
    ['an old time', refused(400, 'CursorTooOld'), { exact: false }, { ...NEXT, finding: 'cursor-too-old' }],
    [
      'a retired dictionary',
      refused(400, 'UnknownZstdDictionary'),
      renewable,
      { ...REDIAL, dictionary: 'renew' },
    ],
    [
      'a dictionary retired again',
      refused(400, 'UnknownZstdDictionary'),
      zstd,
      { ...REDIAL, dictionary: { giveUp: 'why' } },
    ],
    [
      'no compression',
      refused(400),
      renewable,
      { ...REDIAL, dictionary: { giveUp: 'the host answered 400: why' } },
    ],
    ['a bad request', refused(400, 'InvalidRequest'), { dictionaryRenewable: true }, NEXT],
    ['a place that is not known', other('cursor-lost'), {}, { ...REDIAL, finding: 'cursor-lost' }],
    ['unreadable frames', other('undecodable'), renewable, { ...REDIAL, dictionary: 'renew' }],
    ['unreadable frames again', other('undecodable'), zstd, { ...REDIAL, dictionary: { giveUp: 'why' } }],
    ['a large frame', other('oversized'), { healthy: true }, { ...AGAIN, finding: 'oversized' }],
    [
      'a large frame at once',
      other('oversized'),
      {},
      { ...AGAIN, failures: 3, maxWaitMs: 4_000, finding: 'oversized' },
    ],
    ['a large frame again', other('oversized'), { oversizedTimes: 1 }, { ...NEXT, finding: 'oversized' }],
    ['too slow', errorFrame('ConsumerTooSlow'), { healthy: true }, AGAIN],
    ['a fault of the server', errorFrame('InternalError'), { healthy: true }, { ...NEXT, failures: 1 }],
    ['a shut-down', closed(1001), { healthy: true, ...zstd }, { ...NEXT, failures: 1 }],
    ['a lost line', closed(1006), { healthy: true }, AGAIN],
    ['a line lost at once', closed(1006), {}, NEXT],
    ['silence', other('silent'), { healthy: true }, { ...NEXT, failures: 1 }],
  ]
  for (const [name, ending, circumstances, recovery] of table) {
    test(`${name}: ${recovery.step}`, () => {
      assert.deepEqual(recoveryFrom(ending, { ...PLAIN, ...circumstances }), recovery)
    })
  }
})

suite('the state of resumption', () => {
  const place = { host: 'a', wire: 'v2' }
  const cursor = { ...place, value: 5, at: T0 }
  const plain = { steps: 0, byTime: false, skipsOversized: false, reason: undefined }

  test('asks a host to leave large messages out first, and steps past one after that', () => {
    const state = new ResumeState(cursor)
    assert.deepEqual(state.planFor(place), plain)
    state.learn('oversized', place)
    assert.deepEqual(state.planFor(place), { ...plain, skipsOversized: true })
    state.learn('oversized', place)
    assert.deepEqual(state.planFor(place), { ...plain, steps: 1, skipsOversized: true, reason: 'oversized' })
    assert.equal(state.oversizedTimes, 2)
  })

  for (const finding of ['cursor-lost', 'cursor-too-old'] as const) {
    test(`goes by time after ${finding}, at that host and wire alone`, () => {
      const state = new ResumeState(cursor)
      state.learn(finding, place)
      assert.deepEqual(state.planFor(place), { ...plain, byTime: true, reason: finding })
      assert.deepEqual(state.planFor({ ...place, wire: 'v1' }), plain)
      assert.deepEqual(state.planFor({ ...place, host: 'b' }), plain)
    })
  }

  test('is forgotten once the place is left behind, and not before', () => {
    const state = new ResumeState(cursor)
    state.learn('oversized', place)
    state.learn('cursor-lost', place)
    state.learn('nothing', place)
    for (const same of [cursor, undefined]) {
      state.reached(same)
      assert.equal(state.planFor(place).byTime, true)
      assert.equal(state.oversizedTimes, 1)
    }
    state.reached({ ...cursor, value: 6 })
    assert.deepEqual(state.planFor(place), plain)
  })
})
