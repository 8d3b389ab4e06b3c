import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allRecordBuckets, recordBucket, recordBuckets } from '../../../src/store/cql/rows/buckets.ts'

/** How many records somebody has had: often about where more partitions come in. */
const records = fc.oneof(
  fc.nat({ max: 20_000 }),
  fc.integer({ min: 2_999_990, max: 3_000_010 }),
  fc.nat({ max: 2 ** 40 }),
)

test('a record is found where it was put, however many come after it', () => {
  fc.assert(
    fc.property(fc.string(), records, records, (rkey, before, more) => {
      const bucket = recordBucket(rkey, before)
      const now = before + 1 + more
      assert.ok(recordBuckets(rkey, now).includes(bucket))
      assert.ok(allRecordBuckets(now).includes(bucket))
    }),
  )
})

test('an account is looked for in no more partitions than it needs', () => {
  assert.deepEqual(recordBuckets('a', 10_000), [0])
  assert.deepEqual(allRecordBuckets(10_000), [0])
  assert.equal(recordBuckets('a', 10_001).length, 2)
  assert.equal(allRecordBuckets(3_000_000).length, 64)
  assert.equal(recordBuckets('a', 3_000_001).length, 3)
  assert.equal(allRecordBuckets(3_000_001).length, 4_096)
})

test('partitions fill evenly, and none of a heavy account has more than 100,000', () => {
  const sizes = new Map<number, number>()
  // Every so many of the 40 million that one account can make in ten years.
  const STEP = 40
  for (let n = 0; n < 40_000_000; n += STEP) {
    const bucket = recordBucket(`3k${(n * 7_919).toString(36).padStart(11, '2')}`, n)
    sizes.set(bucket, (sizes.get(bucket) ?? 0) + STEP)
  }
  assert.ok(Math.max(...sizes.values()) <= 100_000, `${Math.max(...sizes.values())}`)
})
