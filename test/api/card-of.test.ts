import assert from 'node:assert/strict'
import test from 'node:test'
import { cardOf } from '../../src/api/card-of.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import type { Character } from '../../src/store/store.ts'
import { alice, NOW, profile } from './harness.ts'

const options = { rules: rulebook(NO_CHANGES), ranks: undefined, site: 'rpg.example' }

const character: Character = {
  did: alice,
  profile: profile('alice.example', { displayName: '\u202eA𝓵ice ᚠ' }),
  experience: 5_790,
  lastDelta: 0,
  counts: new Map([
    ['app.bsky.feed.post', 16],
    ['app.bsky.feed.like', 4],
  ]),
  tally: new Map([
    ['post.alt', 3],
    ['post.media', 1],
    ['post.text', 12],
    ['like', 4],
  ]),
  updatedAt: NOW,
  version: '1',
}

test('a card shows name, title, level and the four attributes', () => {
  assert.deepEqual(cardOf(character, options), {
    name: 'Alice',
    handle: '@alice.example',
    title: 'Bard',
    tier: 4,
    level: 58,
    experience: 5_790,
    missing: 60,
    progress: 40,
    figures: [
      { name: 'Voice', value: 6 },
      { name: 'Clarity', value: 15 },
      { name: 'Warmth', value: 4 },
      { name: 'Echo', value: 1 },
    ],
    rank: undefined,
    site: 'rpg.example',
  })
})

test('who has no name that can be drawn is called by handle, and else by DID', () => {
  const named = (displayName: string | undefined, handle: 'alice.example' | undefined) => {
    const known = { ...profile('alice.example'), displayName, handle }
    const { name, handle: shown } = cardOf({ ...character, profile: known }, options)
    return [name, shown]
  }
  assert.deepEqual(named('ᚠᚢᚦ', 'alice.example'), ['alice.example', '@alice.example'])
  assert.deepEqual(named(undefined, undefined), [alice, alice])
  assert.deepEqual(named('x'.repeat(100), 'alice.example'), [`${'x'.repeat(39)}…`, '@alice.example'])
})
