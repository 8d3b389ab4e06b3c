import assert from 'node:assert/strict'
import test from 'node:test'
import { CharacterCache } from '../../src/api/character-cache.ts'

const answer = { body: 'é', etag: '"1"' }

/** Two requests for one character: the cache keeps those that are asked for twice. */
function hold(cache: CharacterCache, did: string, changes: number, maxAgeMs = 60_000) {
  cache.set(did, answer, changes, maxAgeMs)
  return cache.set(did, answer, changes, maxAgeMs)
}

test('an answer is held from the second time on, as long as it was said to hold', () => {
  let now = 0
  const cache = new CharacterCache({ invalidated: true, now: () => now })
  cache.set('a', answer, cache.changes, 60_000)
  assert.equal(cache.get('a'), undefined)
  cache.set('a', answer, cache.changes, 60_000)
  assert.deepEqual(cache.get('a'), { body: 'é', bytes: 2, etag: '"1"', until: 60_000 })
  now = 60_000
  assert.equal(cache.get('a'), undefined)
})

test('where nobody tells of changes, nothing is held for longer than two seconds', () => {
  let now = 0
  const cache = new CharacterCache({ invalidated: false, now: () => now })
  hold(cache, 'a', cache.changes)
  now = 1_999
  assert.ok(cache.get('a'))
  now = 2_000
  assert.equal(cache.get('a'), undefined)
})

test('an answer that was read before a change is not trusted for longer either', () => {
  let now = 0
  const cache = new CharacterCache({ invalidated: true, now: () => now })
  const { changes } = cache
  cache.invalidate(['a'])
  hold(cache, 'a', changes)
  now = 2_000
  assert.equal(cache.get('a'), undefined)
})

test('however many are asked for, only so many are held, and those asked for again stay', () => {
  const cache = new CharacterCache({ invalidated: true, now: () => 0, max: 10_000 })
  hold(cache, 'hot', cache.changes)
  for (let n = 0; n < 30_000; n++) {
    hold(cache, `did:plc:${n}`, cache.changes)
    if (n % 1_000 === 0) assert.ok(cache.get('hot'), String(n))
  }
  let cached = 0
  // The newest first: looking at an old one makes it young, and may push out others.
  for (let n = 29_999; n >= 0; n--) cached += Number(cache.get(`did:plc:${n}`) !== undefined)
  assert.ok(cached > 4_000 && cached <= 10_000, String(cached))
})

test('going through everybody once holds nobody', () => {
  const cache = new CharacterCache({ invalidated: true, now: () => 0 })
  for (let n = 0; n < 10_000; n++) cache.set(`did:plc:${n}`, answer, cache.changes, 60_000)
  for (let n = 0; n < 10_000; n++) assert.equal(cache.get(`did:plc:${n}`), undefined)
})
