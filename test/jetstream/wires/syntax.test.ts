import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as library from '@atcute/lexicons/syntax'
import fc from 'fast-check'
import { collectionOf, isDid, isRecordKey, isTid } from '../../../src/jetstream/wires/syntax.ts'

const BASE32 = '234567abcdefghijklmnopqrstuvwxyz'
const letters = (length: number) =>
  fc.string({ unit: fc.constantFrom(...BASE32), minLength: length, maxLength: length })
/** The text, perhaps with one letter changed. */
const nearly = (text: fc.Arbitrary<string>) =>
  fc
    .tuple(
      text,
      fc.nat({ max: 31 }),
      fc.constantFrom('', 'a', '1', 'A', 'k', '8', '\u00e9', '\ud800', '\u0162'),
    )
    .map(([whole, at, letter]) => whole.slice(0, at) + letter + whole.slice(at + 1))

test('what is recognized quickly is what the library recognizes', () => {
  const dids = fc.oneof(letters(24), nearly(letters(24))).map((name) => `did:plc:${name}`)
  const keys = fc.oneof(letters(13), nearly(letters(13)))
  fc.assert(
    fc.property(fc.oneof(dids, nearly(dids), keys, fc.string(), fc.anything()), (value) => {
      assert.equal(isDid(value), library.isDid(value))
      assert.equal(isTid(value), library.isTid(value))
      assert.equal(isRecordKey(value), library.isRecordKey(value))
      assert.equal(collectionOf(value), library.isNsid(value) ? value : undefined)
    }),
    { numRuns: 3_000 },
  )
})

test('a collection is one and the same text however often and however many others are named', () => {
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 2_000; n++) assert.equal(collectionOf(`app.example.kind${n}`), `app.example.kind${n}`)
  }
  assert.equal(collectionOf('app'), undefined)
})
