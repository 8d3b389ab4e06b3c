import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { imageHead } from '../../src/pictures/image-type.ts'
import { heads } from './images.ts'

test('type and size are read from the first bytes of each type', () => {
  for (const [name, bytes] of Object.entries(heads(640, 480))) {
    assert.deepEqual(imageHead(bytes), { type: name.split(' ')[0], width: 640, height: 480 }, name)
  }
})

test('everything else is no image, and no bytes are too strange', () => {
  for (const text of [
    '',
    'GIF89a',
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '\x89PNG\r\n\x1a\n',
    'RIFF1234WEBP',
  ]) {
    assert.equal(imageHead(Buffer.from(text, 'latin1')), undefined, text)
  }
  const start = fc.constantFrom(...Object.values(heads(10, 10)), Buffer.from([0xff, 0xd8]), Buffer.alloc(0))
  fc.assert(
    fc.property(start, fc.nat(40), fc.uint8Array({ maxLength: 60 }), (head, cut, tail) => {
      imageHead(Buffer.concat([head.subarray(0, cut), tail]))
    }),
    { numRuns: 2_000 },
  )
})
