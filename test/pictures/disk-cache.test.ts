import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import { DiskCache, eraseFromDisk } from '../../src/pictures/disk-cache.ts'
import { folder } from '../e2e/harness.ts'

const ann = 'did:plc:annnnnnnnnnnnnnnnnnnnnnn' as Did
const ben = 'did:web:ben.example%3A8080' as Did
const didOf = (n: number): Did => `did:plc:${String.fromCharCode(97 + n).repeat(24)}` as Did
const fail = (error: unknown): never => assert.fail(String(error))
const picture = (bytes: number, fill = 1): Buffer => Buffer.alloc(bytes, fill)

function files(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(path, name)).isFile(),
  )
}

function sizeOnDisk(path: string): number {
  return files(path).reduce(
    (sum, name) => sum + Math.ceil(statSync(join(path, name)).size / 4_096) * 4_096,
    0,
  )
}

test('what was put is got, also after a restart', async () => {
  using here = folder()
  const options = { folder: here.path('cache'), maxBytes: 1_000_000, failed: fail }
  {
    await using cache = await DiskCache.open(options)
    await cache.put(ann, 'one.png', picture(10))
    await cache.put(ben, 'one.png', picture(5_000, 2))
    assert.deepEqual(await cache.get(ann, 'one.png'), picture(10))
    assert.equal(await cache.get(ann, 'two.png'), undefined)
    assert.equal(cache.bytes, sizeOnDisk(options.folder))
  }
  await using again = await DiskCache.open(options)
  assert.deepEqual(await again.get(ben, 'one.png'), picture(5_000, 2))
  await again.put(ann, 'two.png', picture(1))
  assert.deepEqual(new Set(again.owners()), new Set([ann, ben]))
  assert.equal(again.bytes, sizeOnDisk(options.folder))
})

test('the least recently used go when the bound is reached, and a restart keeps the order', async () => {
  using here = folder()
  const time = { now: Date.now() }
  const options = { folder: here.path('cache'), maxBytes: 100_000, failed: fail, now: () => time.now }
  {
    await using cache = await DiskCache.open(options)
    for (let n = 0; n < 12; n++) {
      await cache.put(didOf(n), 'x', picture(8_000))
      time.now += 10_000_000
      await cache.get(didOf(0), 'x')
    }
    assert.equal(sizeOnDisk(options.folder), 98_304)
  }
  await using cache = await DiskCache.open(options)
  await cache.put(didOf(12), 'x', picture(8_000))
  assert.ok(sizeOnDisk(options.folder) <= 90_000, 'a tenth is free again')
  assert.equal(cache.bytes, sizeOnDisk(options.folder))
  assert.ok(await cache.get(didOf(0), 'x'), 'used again and again')
  assert.equal(await cache.get(didOf(1), 'x'), undefined)
  assert.ok(await cache.get(didOf(12), 'x'))
})

test('a folder above the bound is brought below it at the start', async () => {
  using here = folder()
  const path = here.path('cache')
  {
    await using cache = await DiskCache.open({ folder: path, maxBytes: 1_000_000, failed: fail })
    for (let n = 0; n < 10; n++) await cache.put(didOf(n), 'x', picture(8_000))
  }
  await using cache = await DiskCache.open({ folder: path, maxBytes: 30_000, failed: fail })
  await cache.erase(ann)
  assert.ok(sizeOnDisk(path) <= 30_000)
})

test('files that were cut short, damaged or not finished are no pictures, and go', async () => {
  using here = folder()
  const options = { folder: here.path('cache'), maxBytes: 1_000_000, failed: fail }
  await using cache = await DiskCache.open(options)
  for (const [key, damage] of [
    ['short', (path: string) => truncateSync(path, 500)],
    ['empty', (path: string) => truncateSync(path, 0)],
    ['other', (path: string) => writeFileSync(path, 'something else')],
    ['bit', (path: string) => writeFileSync(path, readFileSync(path).fill(9, 600, 601))],
  ] as const) {
    await cache.put(ann, key, picture(1_000))
    const path = join(options.folder, encodeURIComponent(ann), key)
    damage(path)
    assert.equal(await cache.get(ann, key), undefined, key)
    assert.ok(!existsSync(path), key)
  }
  writeFileSync(join(options.folder, encodeURIComponent(ann), 'half.new'), 'half')
  await using again = await DiskCache.open(options)
  await again.erase(ben)
  assert.deepEqual(files(options.folder), [])
})

test('erasing somebody leaves nothing of theirs, and nothing of others away', async () => {
  using here = folder()
  const path = here.path('cache')
  await using cache = await DiskCache.open({ folder: path, maxBytes: 1_000_000, failed: fail })
  // Not awaited: it waits for the writing before it.
  void cache.put(ann, 'one', picture(10))
  void cache.put(ben, 'one', picture(10))
  void cache.put(ann, 'two', picture(10))
  await cache.erase(ann)
  assert.equal(await cache.get(ann, 'one'), undefined)
  assert.ok(!cache.has(ann))
  assert.deepEqual(readdirSync(path), [encodeURIComponent(ben)])
  await eraseFromDisk(path, ben)
  assert.deepEqual(readdirSync(path), [])
})

test('a DID too long for a folder is not kept, and a disk that fails is told of', async () => {
  using here = folder()
  const failures: unknown[] = []
  const path = here.path('cache')
  await using cache = await DiskCache.open({
    folder: path,
    maxBytes: 1_000_000,
    failed: (error) => failures.push(error),
  })
  const long = `did:web:${'a'.repeat(250)}.example` as Did
  await cache.put(long, 'x', picture(10))
  assert.equal(await cache.get(long, 'x'), undefined)
  assert.deepEqual(failures, [])
  writeFileSync(join(path, encodeURIComponent(ann)), 'a file where the folder should be')
  await cache.put(ann, 'x', picture(10))
  assert.equal(failures.length, 1)
  assert.equal(await cache.get(ann, 'x'), undefined)
  await cache.put(ben, 'x', picture(10))
  assert.ok(await cache.get(ben, 'x'), 'it goes on')
})
