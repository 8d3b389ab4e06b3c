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
  test('is nothing before anything was ever heard at the tip', () => {
    const { meter, time } = meterAt(undefined)
    assert.equal(meter.lag(), 0)
    meter.connected(HOST)
    time.passed = SECOND
    assert.equal(meter.lag(), 0)
    time.passed = 60 * SECOND
    assert.equal(meter.lag(), 0)
  })

  test('is the age of the last event, before and after the stream is there, however long that is silent', () => {
    const { meter, time } = meterAt(NOW - 100 * SECOND)
    assert.equal(meter.lag(), 100 * SECOND)
    meter.connected(HOST)
    time.passed = 20 * SECOND
    assert.equal(meter.lag(), 120 * SECOND)
    meter.received()
    time.passed = 40 * SECOND
    assert.equal(meter.lag(), 140 * SECOND)
    meter.folded(NOW - 40 * SECOND)
    assert.equal(meter.lag(), 80 * SECOND)
  })

  test('is nothing once the host has nothing more to send', () => {
    const { meter, time } = meterAt(NOW - 100 * SECOND)
    meter.connected(HOST)
    meter.caughtUp()
    assert.equal(meter.lag(), 0)
    time.passed = 3_600 * SECOND
    assert.equal(meter.lag(), 0)
  })

  test('grows from there on as long as what came then is not in the ledger', () => {
    const { meter, time } = meterAt(NOW - 100 * SECOND)
    meter.connected(HOST)
    meter.caughtUp()
    time.passed = 3_600 * SECOND
    meter.received()
    assert.equal(meter.lag(), 0)
    time.passed = 3_610 * SECOND
    assert.equal(meter.lag(), 10 * SECOND)
    meter.folded(NOW + 3_599 * SECOND)
    assert.equal(meter.lag(), 11 * SECOND)
    meter.caughtUp()
    assert.equal(meter.lag(), 0)
  })

  test('counts what has passed since a stream was lost, whatever the clock is set to', () => {
    const { meter, time } = meterAt(NOW - 100 * SECOND)
    meter.connected(HOST)
    time.passed = SECOND
    time.set = 3_600 * SECOND
    assert.equal(meter.lag(), 3_701 * SECOND)
    meter.caughtUp()
    time.set = -3_600 * SECOND
    time.passed = 3 * SECOND
    assert.equal(meter.lag(), 0)
    meter.disconnected()
    time.passed = 63 * SECOND
    time.set = 3_600 * SECOND
    assert.equal(meter.lag(), 60 * SECOND)
  })

  test('grows from the moment on at which a quiet stream was lost', () => {
    const { meter, time } = meterAt(NOW - 3_600 * SECOND)
    meter.connected(HOST)
    meter.caughtUp()
    time.passed = 60 * SECOND
    meter.disconnected()
    assert.equal(meter.host, undefined)
    assert.equal(meter.lag(), 0)
    time.passed = 90 * SECOND
    assert.equal(meter.lag(), 30 * SECOND)
    // Being connected again says nothing yet.
    meter.connected(HOST)
    time.passed = 99 * SECOND
    assert.equal(meter.lag(), 39 * SECOND)
    meter.caughtUp()
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

  test('grows while nobody is connected, whatever is said late', () => {
    const { meter, time } = meterAt(NOW)
    meter.connected(HOST)
    time.passed = SECOND
    meter.disconnected()
    // What was still waiting is folded after the line was lost.
    time.passed = 2 * SECOND
    meter.folded(NOW + SECOND)
    meter.caughtUp()
    time.passed = 62 * SECOND
    assert.equal(meter.lag(), 61 * SECOND)
  })

  test('is told by a late event, even where the host had seemed to have nothing more', () => {
    const { meter, time } = meterAt(NOW)
    meter.connected(HOST)
    meter.caughtUp()
    time.passed = 10 * SECOND
    meter.disconnected()
    meter.connected(HOST)
    time.passed = 11 * SECOND
    meter.folded(NOW + SECOND)
    assert.equal(meter.lag(), 10 * SECOND)
  })

  test('is never negative, whatever the clocks say', () => {
    const time = fc.integer({ min: -1_000, max: 10 * SECOND })
    const call = fc.constantFrom('connected', 'disconnected', 'received', 'caughtUp', 'folded')
    fc.assert(
      fc.property(fc.array(fc.tuple(call, time, time), { maxLength: 30 }), (calls) => {
        const { meter, time: clock } = meterAt(undefined)
        for (const [what, at, set] of calls) {
          clock.passed += SECOND
          clock.set = set
          if (what === 'connected') meter.connected(HOST)
          else if (what === 'disconnected') meter.disconnected()
          else if (what === 'received') meter.received()
          else if (what === 'caughtUp') meter.caughtUp()
          else meter.folded(NOW + at)
          assert.ok(meter.lag() >= 0)
        }
      }),
    )
  })
})
