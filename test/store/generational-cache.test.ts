import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GenerationalCache } from '../../src/store/generational-cache.ts'

test('a cache shows what was set last, each key once, and never more than it may hold', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('get', 'set'), fc.nat({ max: 12 }), fc.nat()), {
    maxLength: 200,
  })
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (course, half) => {
      const cache = new GenerationalCache<number, number>(2 * half)
      const set = new Map<number, number>()
      for (const [what, key, value] of course) {
        if (what === 'set') {
          cache.set(key, value)
          set.set(key, value)
          assert.equal(cache.get(key), value)
        } else {
          const cached = cache.get(key)
          if (cached !== undefined) assert.equal(cached, set.get(key))
        }
        const all = [...cache]
        assert.ok(all.length <= 2 * half)
        assert.equal(new Map(all).size, all.length)
        for (const [own, shown] of all) assert.equal(shown, set.get(own))
      }
      cache.clear()
      assert.deepEqual([...cache], [])
    }),
  )
})

test('what is used stays while others come', () => {
  const cache = new GenerationalCache<string, number>(4)
  cache.set('used', 1)
  for (let n = 0; n < 100; n++) {
    cache.set(`other ${n}`, n)
    assert.equal(cache.get('used'), 1)
  }
})
