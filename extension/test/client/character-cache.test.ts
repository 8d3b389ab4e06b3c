import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CharacterCache } from '../../src/client/character-cache.ts'
import { character } from './sample.ts'

const MINUTE = 60_000

suite('the cache of characters', () => {
  test('is fresh for a minute, shown for ten, and then forgets', () => {
    const cache = new CharacterCache()
    const known = { character: character(5), at: 0 }
    cache.set('a.example', known)
    assert.deepEqual(cache.get('a.example', MINUTE), { known, fresh: true })
    assert.deepEqual(cache.get('a.example', MINUTE + 1), { known, fresh: false })
    assert.deepEqual(cache.get('a.example', 10 * MINUTE), { known, fresh: false })
    assert.equal(cache.get('a.example', 10 * MINUTE + 1), undefined)
    assert.deepEqual(cache.entries(), [])
  })

  test('remembers that there is nobody, too', () => {
    const cache = new CharacterCache()
    cache.set('nobody.example', { character: null, at: 0 })
    assert.deepEqual(cache.get('nobody.example', 1)?.known.character, null)
  })

  test('does not believe an entry from the future', () => {
    const cache = new CharacterCache([['a.example', { character: null, at: 10 * MINUTE }]])
    assert.equal(cache.get('a.example', 0), undefined)
  })

  test('keeps the 2,000 that were used last', () => {
    const cache = new CharacterCache()
    for (let n = 0; n < 2_000; n++) cache.set(`${n}.example`, { character: null, at: 0 })
    cache.get('0.example', 1)
    cache.set('new.example', { character: null, at: 0 })
    assert.equal(cache.entries().length, 2_000)
    assert.notEqual(cache.get('0.example', 1), undefined)
    assert.equal(cache.get('1.example', 1), undefined)
  })

  test('keeps the newer of two answers, whichever comes first', () => {
    const cache = new CharacterCache()
    const newer = { character: character(6), at: 2 }
    cache.set('a.example', newer)
    cache.set('a.example', { character: character(5), at: 1 })
    assert.deepEqual(cache.get('a.example', 3)?.known, newer)
  })

  test('learns of somebody by every name that it has of them, and of nobody else', () => {
    const one = character(5)
    const cache = new CharacterCache([
      [one.did, { character: one, at: 1 }],
      ['five.example', { character: one, at: 5 }],
      ['nobody.example', { character: null, at: 1 }],
    ])
    const risen = { ...one, level: 6 }
    cache.update([risen, character(9)], 3)
    assert.deepEqual(cache.entries(), [
      [one.did, { character: risen, at: 3 }],
      ['five.example', { character: one, at: 5 }],
      ['nobody.example', { character: null, at: 1 }],
    ])
  })

  test('survives storage', () => {
    const cache = new CharacterCache()
    cache.set('a.example', { character: character(5), at: 0 })
    const stored = JSON.parse(JSON.stringify(cache.entries()))
    assert.deepEqual(new CharacterCache(stored).get('a.example', 1)?.known.character, character(5))
  })
})
