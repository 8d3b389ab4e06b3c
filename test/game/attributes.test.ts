import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { ATTRIBUTES, attributesOf, type Deeds, MAX_ATTRIBUTE } from '../../src/game/attributes.ts'

const NOTHING: Deeds = { posts: 0, media: 0, described: 0, likes: 0, reposts: 0 }

test('attributes grow by one each time that their number doubles', () => {
  for (const [count, value] of [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 3],
    [4, 4],
    [1_023, 11],
    [1_024, 12],
    [262_143, 19],
    [262_144, 20],
    [9_999_999, 20],
  ] as const) {
    const { voice, warmth, echo } = attributesOf({ ...NOTHING, posts: count, likes: count, reposts: count })
    assert.deepEqual([voice, warmth, echo], [value, value, value], String(count))
  }
})

test('clarity is the share of posts with media that are described', () => {
  for (const [described, media, value] of [
    [0, 0, 1],
    [0, 9, 1],
    [1, 2, 10],
    [33, 39, 17],
    [99, 100, 19],
    [7, 7, 20],
  ] as const) {
    assert.equal(attributesOf({ ...NOTHING, media, described }).clarity, value, `${described} of ${media}`)
  }
})

test('every attribute is a whole number from 1 to 20', () => {
  const count = fc.nat({ max: 10_000_000 })
  fc.assert(
    fc.property(count, count, count, count, fc.double({ min: 0, max: 1, noNaN: true }), (...numbers) => {
      const [posts, media, likes, reposts, share] = numbers
      const described = Math.floor(media * share)
      for (const value of Object.values(attributesOf({ posts, media, described, likes, reposts }))) {
        assert.ok(Number.isInteger(value) && value >= 1 && value <= MAX_ATTRIBUTE)
      }
    }),
  )
  assert.deepEqual(
    ATTRIBUTES.map(({ key }) => key),
    Object.keys(attributesOf(NOTHING)),
  )
})
