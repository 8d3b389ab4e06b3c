import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Pace } from '../../src/client/pace.ts'

suite('pace', () => {
  test('leaves 250 ms between full requests and a second between small ones', () => {
    const pace = new Pace()
    assert.ok(pace.next(1) <= 0)
    pace.sent(10_000)
    assert.equal(pace.next(100), 10_250)
    assert.equal(pace.next(24), 11_000)
  })

  test('waits for as long as the server asks', () => {
    const pace = new Pace()
    pace.sent(1_000)
    pace.refused(1_100, 30_000)
    assert.equal(pace.next(100), 31_100)
    pace.refused(1_200, 5_000)
    assert.equal(pace.next(100), 31_100)
  })

  test('doubles its pause with each failure in a row, up to five minutes', () => {
    const pace = new Pace()
    const pauses = Array.from({ length: 12 }, () => {
      pace.failed(0)
      return pace.pausedUntil
    })
    assert.deepEqual(pauses.slice(0, 4), [1_000, 2_000, 4_000, 8_000])
    assert.equal(pauses.at(-1), 300_000)
    pace.succeeded()
    pace.failed(0)
    assert.equal(pace.pausedUntil, 1_000)
  })

  test('goes on from where it was after storage', () => {
    const pace = new Pace()
    for (let n = 0; n < 3; n++) pace.failed(10_000)
    const restored = new Pace(JSON.parse(JSON.stringify(pace.state)), 11_000)
    assert.equal(restored.pausedUntil, 14_000)
    restored.failed(14_000)
    assert.equal(restored.pausedUntil, 22_000)
  })

  test('pauses for no longer than a server may ask for where the clock was set back', () => {
    const kept = { pausedUntil: 10_000_000, failures: 0 }
    assert.equal(new Pace(kept, 1_000_000).pausedUntil, 1_900_000)
  })
})
