import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { isTid } from '@atcute/lexicons/syntax'
import { createRaw } from '@atcute/tid'
import fc from 'fast-check'
import {
  distance,
  fromDistance,
  integerToTid,
  isOrdered,
  recordKey,
  secondsIn,
  storedKey,
  tidToInteger,
} from '../../../src/store/sqlite/tid.ts'

const ALPHABET = '234567abcdefghijklmnopqrstuvwxyz'.split('')
const anyTid = fc
  .tuple(
    fc.constantFrom(...ALPHABET.slice(0, 16)),
    fc.array(fc.constantFrom(...ALPHABET), { minLength: 12, maxLength: 12 }),
  )
  .map(([first, rest]) => first + rest.join(''))

test('every TID comes back from its integer', () => {
  for (const tid of ['2222222222222', 'jzzzzzzzzzzzz', '3222222222222', '222222z222222', '2222223zzzzzz']) {
    assert.equal(integerToTid(tidToInteger(tid)), tid)
  }
  fc.assert(fc.property(anyTid, (tid) => assert.equal(recordKey(storedKey(tid)), tid)))
})

test('TIDs of times that people live in are ordered as integers as they are as text', () => {
  const real = fc
    .tuple(fc.nat({ max: 2 ** 52 }), fc.nat({ max: 1023 }))
    .map(([at, clock]) => createRaw(at, clock))
  fc.assert(
    fc.property(real, real, (a, b) => {
      assert.equal(tidToInteger(a) < tidToInteger(b), a < b)
    }),
  )
})

test('a distance leads back from any key, and is short between neighbours', () => {
  fc.assert(
    fc.property(anyTid, anyTid, (key, other) => {
      const [from, to] = [tidToInteger(key), tidToInteger(other)]
      assert.equal(fromDistance(from, distance(from, to)), to)
      assert.equal(fromDistance('self', distance('self', to)), to)
    }),
  )
  const [a, b] = [createRaw(1_750_000_000_000_000, 9), createRaw(1_750_000_000_000_400, 9)]
  assert.equal(distance(tidToInteger(a), tidToInteger(b)), 400n * 1024n)
})

test('the time in a key is what SQL reads in it, too', () => {
  const sql = new DatabaseSync(':memory:').prepare('SELECT (? >> 10) / 1000000 AS seconds')
  fc.assert(
    fc.property(anyTid, (tid) => {
      const key = tidToInteger(tid)
      assert.equal(secondsIn(key), sql.get(key)?.seconds)
    }),
  )
  assert.equal(secondsIn(tidToInteger(createRaw(1_750_000_000_999_999, 1023))), 1_750_000_000)
  assert.equal(secondsIn('self'), 0)
})

test('any other key is kept as it is', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (key) => {
      fc.pre(!isTid(key))
      assert.equal(storedKey(key), key)
      assert.equal(recordKey(key), key)
    }),
  )
})

test('keys are in order as integers up to the 23rd century, and as long as they are TIDs', () => {
  for (const key of ['2222222222222', '3l7bnvfxr2k2z', 'bzzzzzzzzzzzz']) assert.equal(isOrdered(key), true)
  for (const key of ['c222222222222', 'jzzzzzzzzzzzz', 'self', '3l7', 'c'])
    assert.equal(isOrdered(key), false)
})
