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
})
