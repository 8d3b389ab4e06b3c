import assert from 'node:assert/strict'
import test from 'node:test'
import { clientOf, RateLimit } from '../../src/api/rate-limit.ts'

test('a bucket gives what it holds at once, and then as it fills', () => {
  let now = 0
  const limit = new RateLimit(60, () => now)
  for (let left = 59; left >= 0; left--) {
    const { allowed, remaining } = limit.take('192.0.2.1')
    assert.deepEqual([allowed, remaining], [true, left])
  }
  assert.deepEqual(limit.take('192.0.2.1'), { allowed: false, remaining: 0, resetSeconds: 1 })
  now = 999
  assert.equal(limit.take('192.0.2.1').allowed, false)
  now = 1_000
  assert.deepEqual(limit.take('192.0.2.1'), { allowed: true, remaining: 0, resetSeconds: 60 })
  now = 10_000_000
  assert.equal(limit.take('192.0.2.1').remaining, 59, 'it holds no more than that')
})

test('what one client spends is not taken from another', () => {
  const limit = new RateLimit(1, () => 0)
  assert.ok(limit.take('192.0.2.1').allowed)
  assert.ok(!limit.take('192.0.2.1').allowed)
  assert.ok(limit.take('192.0.2.2').allowed)
})

test('a client that goes on asking is remembered, however many others come by', () => {
  const limit = new RateLimit(60_000, () => 0)
  let remaining = 60_000
  for (let n = 0; n < 200_000; n++) {
    limit.take(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)
    if (n % 10_000 === 0) assert.equal(limit.take('192.0.2.1').remaining, --remaining)
  }
})

test('a dear request takes as many tokens as it costs, or none', () => {
  const limit = new RateLimit(60, () => 0)
  assert.equal(limit.take('192.0.2.1', 50).remaining, 10)
  assert.deepEqual(limit.take('192.0.2.1', 20), { allowed: false, remaining: 10, resetSeconds: 10 })
  assert.equal(limit.take('192.0.2.1', 10).remaining, 0)
})

test('all of a household is one client, however its addresses are written', () => {
  const same = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:50123', '192.0.2.1'],
    ['[192.0.2.1]', '192.0.2.1'],
    ['[2001:db8:1:2::1]:50123', '2001:db8:1:2'],
    ['[2001:db8:1:2::1]', '2001:db8:1:2'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8::1:2:3:4:5', '2001:db8:0:1'],
    ['::1', '0:0:0:0'],
    ['not an address', 'not an address'],
  ] as const
  for (const [address, client] of same) assert.equal(clientOf(address).client, client, address)
})

test('a network of 48 bits has as much as sixteen clients', () => {
  const limit = new RateLimit(10, () => 0)
  let allowed = 0
  for (let n = 0; n < 1_000; n++) {
    if (limit.take(`2001:db8:ff:${n.toString(16)}::1`).allowed) allowed += 1
  }
  assert.equal(allowed, 160)
  assert.ok(limit.take('2001:db8:fe::1').allowed, 'another network has its own')
  assert.ok(limit.take('192.0.2.1').allowed)
})
