import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { LagMeter } from '../../src/ingest/lag.ts'

const SECOND = 1_000_000
const NOW = 1_770_000_000 * SECOND
const HOST = 'stream.example'

/** A meter, and the time that passes for it. */
function meterAt(reached: number | undefined) {
  const time = { passed: 0, set: 0 }
  const clock = { now: () => NOW + time.passed + time.set, monotonic: () => time.passed }
  return { meter: new LagMeter(reached, clock), time }
}

suite('how far behind the ledger is', () => {
  test('is nothing before anything was ever heard', () => {
    const { meter, time } = meterAt(undefined)
    assert.equal(meter.lag(), 0)
    meter.connected(HOST)
    time.passed = SECOND
    assert.equal(meter.lag(), 0)
    time.passed = 60 * SECOND
    assert.equal(meter.lag(), 0)
  })

  test('is the age of the last event, before and after the stream is there', () => {
    const { meter, time } = meterAt(NOW - 100 * SECOND)
    assert.equal(meter.lag(), 100 * SECOND)
    meter.connected(HOST)
    time.passed = SECOND
    assert.equal(meter.lag(), 101 * SECOND)
    time.passed = 2 * SECOND
    meter.folded(NOW - 40 * SECOND)
    assert.equal(meter.lag(), 42 * SECOND)
  })

  test('is nothing once a connected stream has been silent for three seconds, and not before', () => {
    const { meter, time } = meterAt(NOW - 100 * SECOND)
    meter.connected(HOST)
    time.passed = 3 * SECOND - 1
    assert.equal(meter.lag(), 103 * SECOND - 1)
    time.passed = 3 * SECOND
    assert.equal(meter.lag(), 0)
    time.passed = 10 * SECOND
    meter.folded(NOW + 9 * SECOND)
    time.passed = 12 * SECOND
    assert.equal(meter.lag(), 3 * SECOND)
    time.passed = 13 * SECOND
    assert.equal(meter.lag(), 0)
  })

  test('counts three seconds of silence by what passes, whatever the clock is set to', () => {
    const { meter, time } = meterAt(NOW - 100 * SECOND)
    meter.connected(HOST)
    time.passed = SECOND
    time.set = 3_600 * SECOND
    assert.equal(meter.lag(), 3_701 * SECOND)
    time.set = -3_600 * SECOND
    time.passed = 3 * SECOND
    assert.equal(meter.lag(), 0)
    meter.disconnected()
    time.passed = 63 * SECOND
    time.set = 3_600 * SECOND
    assert.equal(meter.lag(), 60 * SECOND)
  })

  test('grows from the moment on at which a silent stream was lost', () => {
    const { meter, time } = meterAt(NOW - 3_600 * SECOND)
    meter.connected(HOST)
    time.passed = 60 * SECOND
    meter.disconnected()
    assert.equal(meter.host, undefined)
    assert.equal(meter.lag(), 0)
    time.passed = 90 * SECOND
    assert.equal(meter.lag(), 30 * SECOND)
    // Being connected again says nothing yet.
    meter.connected(HOST)
    time.passed = 91 * SECOND
    assert.equal(meter.lag(), 31 * SECOND)
    time.passed = 93 * SECOND
    assert.equal(meter.lag(), 0)
  })

  test('grows from the last event on where the stream was lost before it had told all', () => {
    const { meter, time } = meterAt(undefined)
    meter.connected(HOST)
    time.passed = SECOND
    meter.folded(NOW - 50 * SECOND)
    time.passed = 2 * SECOND
    meter.disconnected()
    time.passed = 10 * SECOND
    assert.equal(meter.lag(), 60 * SECOND)
  })

  test('grows while nobody is connected, however silent that is', () => {
    const { meter, time } = meterAt(NOW)
    meter.connected(HOST)
    time.passed = SECOND
    meter.disconnected()
    // What was still waiting is folded after the line was lost.
    time.passed = 2 * SECOND
    meter.folded(NOW + SECOND)
    time.passed = 62 * SECOND
    assert.equal(meter.lag(), 61 * SECOND)
  })

  test('is told by a late event, even where silence had looked like being there', () => {
    const { meter, time } = meterAt(NOW)
    meter.connected(HOST)
    time.passed = 10 * SECOND
    meter.disconnected()
    meter.connected(HOST)
    time.passed = 11 * SECOND
    meter.folded(NOW + SECOND)
    assert.equal(meter.lag(), 10 * SECOND)
  })

  test('is never negative, whatever the clocks say', () => {
    const time = fc.integer({ min: -1_000, max: 10 * SECOND })
    const call = fc.constantFrom('connected', 'disconnected', 'folded')
    fc.assert(
      fc.property(fc.array(fc.tuple(call, time, time), { maxLength: 30 }), (calls) => {
        const { meter, time: clock } = meterAt(undefined)
        for (const [what, at, set] of calls) {
          clock.passed += SECOND
          clock.set = set
          if (what === 'connected') meter.connected(HOST)
          else if (what === 'disconnected') meter.disconnected()
          else meter.folded(NOW + at)
          assert.ok(meter.lag() >= 0)
        }
      }),
    )
  })
})
