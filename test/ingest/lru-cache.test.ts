import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { LruCache } from '../../src/ingest/lru-cache.ts'

/** Sets a key to `value`, or gets the key if there is no value. */
type Step = { key: number; value: number | undefined }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ key: fc.nat({ max: 9 }), value: fc.option(fc.nat(), { nil: undefined }) }),
  { maxLength: 100 },
)
const bound = fc.nat({ max: 6 })

suite('a recollection', () => {
  test('is of what was used last, and of no more than it may be', () => {
    fc.assert(
      fc.property(bound, steps, (most, all) => {
        const cache = new LruCache<number, number>(most)
        let model: [key: number, value: number][] = []
        for (const { key, value } of all) {
          const cached = model.find((entry) => entry[0] === key)?.[1]
          if (value === undefined) assert.equal(cache.get(key), cached)
          else cache.set(key, value)
          const now = value ?? cached
          if (now === undefined) continue
          const others = model.filter((entry) => entry[0] !== key)
          model = most === 0 ? [] : [...others, [key, now] as [number, number]].slice(-most)
        }
        const keys = Array.from({ length: 10 }, (_, key) => key)
        const remembered = keys.filter((key) => cache.get(key) !== undefined)
        assert.deepEqual(remembered, model.map(([key]) => key).sort())
        for (const [key, value] of model) assert.equal(cache.get(key), value)
        assert.ok(remembered.length <= most)
      }),
      { numRuns: 500 },
    )
  })

  test('keeps what is asked for again and again', () => {
    const cache = new LruCache<string, string>(2)
    cache.set('popular', 'a')
    for (let n = 0; n < 100; n++) {
      cache.set(`other ${n}`, 'b')
      assert.equal(cache.get('popular'), 'a')
    }
    assert.equal(cache.get('other 98'), undefined)
    assert.equal(cache.get('other 99'), 'b')
  })
})
