import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readActorName } from '../../src/atproto/actor-name.ts'

const DID = 'did:plc:finderaaaaaaaaaaaaaaaaaa'

const handles = [
  'fern.test',
  'Fern.Test',
  'FERN.TEST',
  '@fern.test',
  '@@fern.test',
  '＠fern.test',
  'fern.test.',
  ' fern.test\n',
  '\u202afern.test\u202c',
  '@\u202afern.test\u202c',
  '\u2066@fern.test\u2069',
  '\u200efern.test\u200f',
  '\ufefffern.test\u200b',
  'at://fern.test',
  'AT://fern.test/app.bsky.feed.post/3lyoutsideaaa',
  'https://bsky.app/profile/fern.test',
  'http://bsky.app/profile/fern.test/',
  'https://deer.social/profile/fern.test/post/3lyoutsideaaa?x=1#y',
  'https://bsky.app/profile/@fern.test',
  'bsky.app/profile/fern.test',
  'https://rpg.example/@fern.test',
  '127.0.0.1:8000/@fern.test',
]

for (const text of handles) {
  test(`${JSON.stringify(text)} names fern.test`, () => assert.equal(readActorName(text), 'fern.test'))
}

const dids = [
  [DID, DID],
  [` ${DID} `, DID],
  [`@${DID}`, DID],
  [DID.toUpperCase(), DID],
  [`at://${DID}/app.bsky.feed.post/3lyoutsideaaa`, DID],
  [`https://bsky.app/profile/${DID}/post/3lyoutsideaaa`, DID],
  [`https://bsky.app/profile/${encodeURIComponent(DID)}`, DID],
  ['did:web:example.com', 'did:web:example.com'],
  ['did:web:localhost%3A3000', 'did:web:localhost%3A3000'],
  ['did:web:localhost%3a3000', 'did:web:localhost%3A3000'],
  ['did:web:localhost:3000', 'did:web:localhost%3A3000'],
  ['https://bsky.app/profile/did:web:localhost%3A3000', 'did:web:localhost%3A3000'],
] as const

for (const [text, did] of dids) {
  test(`${JSON.stringify(text)} names ${did}`, () => assert.equal(readActorName(text), did))
}

const nobody = [
  '',
  '@',
  'fern',
  'two words.test',
  'is it fern.test?',
  'https://bsky.app/',
  'https://bsky.app/profile/',
  'https://bsky.app/profile/%ff',
  'at://',
  'did:',
  'did:plc:',
  'fern..test',
  `${'a'.repeat(5_000)}.test`,
]

for (const text of nobody) {
  test(`${JSON.stringify(text.slice(0, 40))} names nobody`, () =>
    assert.equal(readActorName(text), undefined))
}

test('a name that was read reads as itself, and no text makes it fail', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      const name = readActorName(text)
      if (name !== undefined) assert.equal(readActorName(name), name)
    }),
  )
})
