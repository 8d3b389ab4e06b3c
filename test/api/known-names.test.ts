import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KnownNames } from '../../src/api/known-names.ts'
import type { Did, Handle } from '../../src/atproto/event.ts'

const profileOf = (handle: string, displayName?: string) => ({
  handle: handle as Handle,
  displayName,
  avatar: undefined,
  asked: 0,
})
const did = (name: string) => `did:web:${name}.example` as Did

test('people are found by the beginning of their handle and of each of their names', () => {
  const names = new KnownNames()
  names.note({ did: did('ann'), profile: profileOf('ann.example', 'Ann Ünder Wood'), experience: 10 })
  names.note({ did: did('bob'), profile: profileOf('bob.example', 'Woody'), experience: 20 })
  names.note({ did: did('nameless'), profile: undefined, experience: 30 })
  assert.deepEqual(names.beginningWith('WOOD', 5), [did('bob'), did('ann')])
  assert.deepEqual(names.beginningWith('wood', 1), [did('bob')])
  assert.deepEqual(names.beginningWith('ünder w', 5), [did('ann')])
  assert.deepEqual(names.beginningWith('ann.ex', 5), [did('ann')])
  assert.deepEqual(names.beginningWith('example', 5), [])
})

test('somebody who is shown again is found by what holds now', () => {
  const names = new KnownNames()
  const note = (handle: string, experience: number, name = handle) =>
    names.note({ did: did(name), profile: profileOf(`${handle}.example`), experience })
  note('ann', 1)
  note('anton', 2)
  assert.deepEqual(names.beginningWith('an', 5), [did('anton'), did('ann')])
  note('ann', 3)
  assert.deepEqual(names.beginningWith('an', 5), [did('ann'), did('anton')])
  note('renamed', 3, 'ann')
  assert.deepEqual(names.beginningWith('an', 5), [did('anton')])
  assert.deepEqual(names.beginningWith('re', 5), [did('ann')])
  names.note({ did: did('ann'), profile: undefined, experience: 3 })
  assert.deepEqual(names.beginningWith('re', 5), [])
})

test('those who were shown long ago make room', () => {
  const names = new KnownNames(4)
  for (let n = 0; n < 9; n++)
    names.note({ did: did(`a${n}`), profile: profileOf(`a${n}.example`), experience: n })
  const found = names.beginningWith('a', 100)
  assert.ok(found.length <= 4)
  assert.ok(found.includes(did('a8')))
})
