import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { LagMeter } from '../../src/ingest/lag.ts'

const SECOND = 1_000_000
const NOW = 1_770_000_000 * SECOND
const HOST = 'stream.example'

suite('how far behind the ledger is', () => {
  test('is nothing before anything was ever heard', () => {
    const meter = new LagMeter(undefined)
    assert.equal(meter.lag(NOW), 0)
    meter.connected(HOST, NOW)
    assert.equal(meter.lag(NOW + SECOND), 0)
    assert.equal(meter.lag(NOW + 60 * SECOND), 0)
  })

  test('is the age of the last event, before and after the stream is there', () => {
    const meter = new LagMeter(NOW - 100 * SECOND)
    assert.equal(meter.lag(NOW), 100 * SECOND)
    meter.connected(HOST, NOW)
    assert.equal(meter.lag(NOW + SECOND), 101 * SECOND)
    meter.folded(NOW - 40 * SECOND, NOW + 2 * SECOND)
    assert.equal(meter.lag(NOW + 2 * SECOND), 42 * SECOND)
  })

  test('is nothing once a connected stream has been silent for three seconds, and not before', () => {
    const meter = new LagMeter(NOW - 100 * SECOND)
    meter.connected(HOST, NOW)
    assert.equal(meter.lag(NOW + 3 * SECOND - 1), 103 * SECOND - 1)
    assert.equal(meter.lag(NOW + 3 * SECOND), 0)
    meter.folded(NOW + 9 * SECOND, NOW + 10 * SECOND)
    assert.equal(meter.lag(NOW + 12 * SECOND), 3 * SECOND)
    assert.equal(meter.lag(NOW + 13 * SECOND), 0)
  })

  test('grows from the moment on at which a silent stream was lost', () => {
    const meter = new LagMeter(NOW - 3_600 * SECOND)
    meter.connected(HOST, NOW)
    meter.disconnected(NOW + 60 * SECOND)
    assert.equal(meter.host, undefined)
    assert.equal(meter.lag(NOW + 60 * SECOND), 0)
    assert.equal(meter.lag(NOW + 90 * SECOND), 30 * SECOND)
    // Being connected again says nothing yet.
    meter.connected(HOST, NOW + 90 * SECOND)
    assert.equal(meter.lag(NOW + 91 * SECOND), 31 * SECOND)
    assert.equal(meter.lag(NOW + 93 * SECOND), 0)
  })

  test('grows from the last event on where the stream was lost before it had told all', () => {
    const meter = new LagMeter(undefined)
    meter.connected(HOST, NOW)
    meter.folded(NOW - 50 * SECOND, NOW + SECOND)
    meter.disconnected(NOW + 2 * SECOND)
    assert.equal(meter.lag(NOW + 10 * SECOND), 60 * SECOND)
  })

  test('grows while nobody is connected, however silent that is', () => {
    const meter = new LagMeter(NOW)
    meter.connected(HOST, NOW)
    meter.disconnected(NOW + SECOND)
    // What was still waiting is folded after the line was lost.
    meter.folded(NOW + SECOND, NOW + 2 * SECOND)
    assert.equal(meter.lag(NOW + 62 * SECOND), 61 * SECOND)
  })

  test('is told by a late event, even where silence had looked like being there', () => {
    const meter = new LagMeter(NOW)
    meter.connected(HOST, NOW)
    meter.disconnected(NOW + 10 * SECOND)
    meter.connected(HOST, NOW + 10 * SECOND)
    meter.folded(NOW + SECOND, NOW + 11 * SECOND)
    assert.equal(meter.lag(NOW + 11 * SECOND), 10 * SECOND)
  })

  test('is never negative, whatever the clocks say', () => {
    const time = fc.integer({ min: NOW - 1_000, max: NOW + 10 * SECOND })
    const call = fc.constantFrom('connected', 'disconnected', 'folded')
    fc.assert(
      fc.property(fc.array(fc.tuple(call, time, time), { maxLength: 30 }), (calls) => {
        const meter = new LagMeter(undefined)
        for (const [what, at, now] of calls) {
          if (what === 'connected') meter.connected(HOST, now)
          else if (what === 'disconnected') meter.disconnected(now)
          else meter.folded(at, now)
          assert.ok(meter.lag(now) >= 0)
        }
      }),
    )
  })
})
