import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import { DiskCache } from '../../src/pictures/disk-cache.ts'
import { MemoryCache } from '../../src/pictures/picture-cache.ts'
import { cacheFolders, maintain, openCaches } from '../../src/pictures/pictures.ts'
import { Upkeep } from '../../src/pictures/upkeep.ts'
import { folder } from '../e2e/harness.ts'

const ann = 'did:plc:annnnnnnnnnnnnnnnnnnnnnn' as Did
const ben = 'did:plc:bennnnnnnnnnnnnnnnnnnnnn' as Did

test('cards and avatars have a folder each, which they make', async () => {
  using here = folder()
  const path = here.path('some/where')
  {
    await using caches = await openCaches({
      folder: path,
      maxBytes: 1_000_000,
      failed: (error) => assert.fail(String(error)),
    })
    assert.ok(caches.cards instanceof DiskCache && caches.avatars instanceof DiskCache)
    await caches.cards.put(ann, 'a', Buffer.from('card'))
    await caches.avatars.erase(ann)
    assert.deepEqual(await caches.cards.get(ann, 'a'), Buffer.from('card'))
  }
  for (const one of cacheFolders(path)) assert.ok(existsSync(one), one)
})

test('where there is no folder to use, pictures are kept in memory, and the operator is told', async () => {
  using here = folder()
  const failures: unknown[] = []
  writeFileSync(here.path('file'), '')
  const unusable = {
    folder: here.path('file'),
    maxBytes: 1_000_000,
    failed: (error: unknown) => failures.push(error),
  }
  await using caches = await openCaches(unusable)
  assert.equal(failures.length, 2)
  await caches.avatars.put(ann, 'a', Buffer.from('avatar'))
  assert.deepEqual(await caches.avatars.get(ann, 'a'), Buffer.from('avatar'))
  for (const none of [{ folder: undefined }, { maxBytes: 0 }]) {
    await using others = await openCaches({ ...unusable, folder: here.path('new'), ...none })
    assert.ok(others.cards instanceof MemoryCache)
    await others.avatars.put(ann, 'a', Buffer.from('avatar'))
    assert.deepEqual(await others.avatars.get(ann, 'a'), Buffer.from('avatar'))
  }
  assert.equal(failures.length, 2, 'that was asked for')
  assert.ok(!existsSync(here.path('new')))
})

test('memory is bounded, and the least recently used people go first', async () => {
  const cache = new MemoryCache({ maxBytes: 250 })
  await cache.put(ann, 'a', Buffer.alloc(100))
  await cache.put(ben, 'b', Buffer.alloc(100))
  await cache.put(ben, 'b', Buffer.alloc(120))
  await cache.get(ann, 'a')
  await cache.put('did:web:third.example', 'c', Buffer.alloc(60))
  assert.deepEqual([cache.has(ann), cache.has(ben)], [true, false])
  await cache.put(ann, 'large', Buffer.alloc(300))
  assert.deepEqual([...cache.owners()], [], 'not even one that is too large stays')
})

test('upkeep goes on after a failure, and ends at once', async () => {
  const end = new AbortController()
  const cache = new MemoryCache({ maxBytes: 1_000 })
  await cache.put(ann, 'a', Buffer.alloc(1))
  let rounds = 0
  const upkeep = new Upkeep({
    caches: [cache],
    shown: async () => {
      rounds += 1
      if (rounds === 1) throw new Error('out of reach')
      end.abort()
      return new Set()
    },
  })
  const failures: unknown[] = []
  await maintain(upkeep, { failed: (error) => failures.push(error), signal: end.signal, everyMs: 1 })
  assert.equal(failures.length, 1)
  assert.ok(!cache.has(ann))
})
