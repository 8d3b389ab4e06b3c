import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { builtInTitles } from '../../../src/game/titles.ts'
import { tierIndexOf } from '../../../src/web/person.ts'
import { readCharacter } from '../../src/client/character.ts'
import { tierOf } from '../../src/client/titles.ts'
import { answered } from './sample.ts'

suite('characters in answers', () => {
  test('are read with what badges and panels show', () => {
    assert.deepEqual(readCharacter(answered(), builtInTitles), {
      did: 'did:plc:alicealicealicealicealic',
      handle: 'alice.example',
      displayName: 'Alice',
      title: 'Scribe',
      level: 12,
      experience: 1_160,
      missing: 90,
      progress: 10,
      rank: { position: 3, of: 40 },
      attributes: { voice: 4, clarity: 20, warmth: 1, echo: 1 },
      tier: 2,
    })
  })

  test('may be without handle, name and rank', () => {
    const read = readCharacter(answered({ handle: null, displayName: null, rank: null }), builtInTitles)
    assert.deepEqual([read?.handle, read?.displayName, read?.rank], [null, null, null])
  })

  const LIES: [what: string, answer: unknown][] = [
    ['a level beyond the highest', answered({}, { level: 1e9 })],
    ['a level that is no whole number', answered({}, { level: 1.5 })],
    ['a level of text', answered({}, { level: '12' })],
    ['no level', answered({}, { level: 0 })],
    ['XP beyond what can be counted', answered({}, { experience: 1e300 })],
    ['a progress beyond the whole', answered({}, { progressPercentage: 1e6 })],
    ['an attribute beyond 20', answered({ attributes: { voice: 21, clarity: 1, warmth: 1, echo: 1 } })],
    ['a title as long as a page', answered({ title: 'x'.repeat(10_000) })],
    ['no title', answered({ title: '' })],
    ['a DID that would change an address', answered({ did: 'did:plc:a/../b?c' })],
    ['a handle that would change an address', answered({ handle: 'a/..//evil.example' })],
    ['nothing', null],
    ['a text', 'Alice'],
  ]
  for (const [what, answer] of LIES) {
    test(`${what} is no character`, () => assert.equal(readCharacter(answer, builtInTitles), undefined))
  }

  test('have the colours of the server’s own pages', () => {
    const many = Array.from({ length: 37 }, (_, n) => ({ level: 1 + n * 10, title: `title ${n}` }))
    for (const titles of [builtInTitles, many, builtInTitles.slice(0, 1)]) {
      for (let level = 1; level < 6_000; level += 7) {
        assert.equal(tierOf(level, titles), tierIndexOf(level, titles))
      }
    }
  })
})
