import assert from 'node:assert/strict'
import test from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import { openPublicUrl, openTrustedUrl } from '../../src/bluesky/open-url.ts'
import type { OpenUrl } from '../../src/bluesky/request.ts'
import { AVATAR_SIDES, Avatars } from '../../src/pictures/avatars.ts'
import { imageHead } from '../../src/pictures/image-type.ts'
import { MemoryCache } from '../../src/pictures/picture-cache.ts'
import { CardRenderer } from '../../src/pictures/renderer.ts'
import { type Reply, serve } from '../bluesky/local-server.ts'
import { heads, PNG } from './images.ts'

const ann = 'did:plc:annnnnnnnnnnnnnnnnnnnnnn' as Did
const renderer = new CardRenderer()

function avatars(open: OpenUrl = openTrustedUrl, maxBytes = 10_000_000) {
  const time = { now: 0 }
  const kept: Did[] = []
  const ended = new AbortController()
  return {
    time,
    kept,
    ended,
    avatars: new Avatars({
      cache: new MemoryCache({ maxBytes }),
      open,
      encode: (image, side) => renderer.square(image, side),
      kept: (did) => kept.push(did),
      signal: ended.signal,
      now: () => time.now,
    }),
  }
}

const image = (bytes: Buffer, type = 'image/png'): Reply => ({
  body: bytes,
  headers: { 'content-type': type },
})

test('an avatar is fetched once, and kept as squares that were encoded anew', async () => {
  await using server = await serve(() => image(PNG, 'text/html'))
  const { avatars: own, kept } = avatars()
  const avatar = { did: ann, url: `${server.url}/a` }
  assert.equal(await own.cached(avatar, 96), undefined)
  assert.deepEqual(await Promise.all([own.fetch(avatar), own.fetch(avatar)]), ['kept', 'kept'])
  assert.equal(server.asked.length, 1)
  for (const side of AVATAR_SIDES) {
    const square = (await own.cached(avatar, side)) ?? assert.fail()
    assert.deepEqual(imageHead(square), { type: 'webp', width: side, height: side })
  }
  assert.deepEqual(kept, [ann])
  assert.equal(
    await own.cached({ ...avatar, url: `${server.url}/b` }, 96),
    undefined,
    'another address is another picture',
  )
  await own.fetch({ ...avatar, url: `${server.url}/b` })
  assert.equal(await own.cached(avatar, 96), undefined, 'and replaces the former')
})

test('in production only public https addresses are asked', async () => {
  await using server = await serve(() => image(PNG))
  const { avatars: own } = avatars(openPublicUrl)
  const { port } = new URL(server.url)
  for (const url of [
    server.url,
    server.url.replace('http:', 'https:'),
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://localhost/',
    `https://localhost:${port}/`,
    'https://user:password@cdn.example/',
    'file:///etc/passwd',
    'not a url',
  ]) {
    assert.equal(await own.fetch({ did: ann, url }), 'failed', url)
  }
  assert.deepEqual(server.asked, [])
})

test('a redirect is not followed, wherever it leads', async () => {
  await using server = await serve(({ pathname }) =>
    pathname === '/secret'
      ? image(PNG)
      : { status: 302, headers: { location: `${server.url}/secret` }, body: PNG },
  )
  const { avatars: own } = avatars()
  assert.equal(await own.fetch({ did: ann, url: `${server.url}/a` }), 'failed')
  assert.deepEqual(
    server.asked.map(({ pathname }) => pathname),
    ['/a'],
  )
})

test('what is no image, too large or damaged is not taken, whatever its server calls it', async () => {
  const none = Buffer.from(PNG)
  none.writeUInt32BE(0, 16)
  const bodies: Record<string, Buffer> = {
    html: Buffer.from('<!doctype html><script>alert(1)</script>'),
    svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    gif: Buffer.from('GIF89a'),
    empty: Buffer.alloc(0),
    cut: PNG.subarray(0, 400),
    huge: heads(10_000, 10_000).png ?? assert.fail(),
    none,
    long: Buffer.concat([PNG, Buffer.alloc(3_000_000)]),
  }
  await using server = await serve(({ pathname }) => image(bodies[pathname.slice(1)] ?? assert.fail()))
  const { avatars: own } = avatars()
  for (const name of Object.keys(bodies)) {
    const avatar = { did: ann, url: `${server.url}/${name}` }
    assert.equal(await own.fetch(avatar), 'failed', name)
    for (const side of AVATAR_SIDES) assert.equal(await own.cached(avatar, side), undefined, name)
  }
})

test('an address that failed is left alone for a while: longer where it will not change its mind', async () => {
  await using server = await serve(({ pathname }) => ({ status: Number(pathname.slice(1)), body: '' }))
  const { avatars: own, time } = avatars()
  const fetch = (status: number) => own.fetch({ did: ann, url: `${server.url}/${status}` })
  const minutes = 60_000
  assert.deepEqual([await fetch(503), await fetch(404)], ['failed', 'failed'])
  assert.deepEqual([await fetch(503), await fetch(404)], ['refused', 'refused'])
  time.now += 5 * minutes
  assert.deepEqual([await fetch(503), await fetch(404)], ['failed', 'refused'])
  time.now += 360 * minutes
  assert.equal(await fetch(404), 'failed')
  assert.equal(server.asked.length, 4)
})

test('an avatar that cannot be kept is not fetched again for every request', async () => {
  await using server = await serve(() => image(PNG))
  const { avatars: own, kept, time } = avatars(openTrustedUrl, 10)
  const fetch = () => own.fetch({ did: ann, url: server.url })
  assert.deepEqual([await fetch(), await fetch()], ['failed', 'refused'])
  assert.deepEqual([server.asked.length, kept], [1, []])
  time.now += 300_000
  assert.equal(await fetch(), 'failed', 'there may be room again')
})

test('few are fetched at a time, and more than can wait are refused and may be tried again', async () => {
  const waiting: (() => void)[] = []
  const { avatars: own } = avatars(async () => {
    await new Promise<void>((resolve) => waiting.push(resolve))
    throw new Error('no answer')
  })
  const all = Array.from({ length: 205 }, (_, n) => own.fetch({ did: ann, url: `http://127.0.0.1/${n}` }))
  assert.equal(await all[204], 'refused')
  assert.equal(waiting.length, 4)
  const first = waiting.shift()
  first?.()
  assert.equal(await all[0], 'failed')
})

test('the end of the process is no fault of an address', async () => {
  const { avatars: own, ended } = avatars(
    (_url, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  )
  const fetching = own.fetch({ did: ann, url: 'http://127.0.0.1/' })
  ended.abort()
  assert.equal(await fetching, 'refused')
})
