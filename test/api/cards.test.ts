import assert from 'node:assert/strict'
import test from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import { NoRendererError } from '../../src/pictures/renderer.ts'
import { TurnsFullError } from '../../src/pictures/turns.ts'
import { coloursIn, decodePng } from '../pictures/png.ts'
import { alice, bob, build, nobody, profile } from './harness.ts'

async function populated(rateLimit = 10_000) {
  const server = await build({ settings: { rateLimit, publicUrl: 'https://rpg.example' } })
  server.ledger.join(alice, profile('alice.example')).join(bob)
  server.ledger.earn(alice, { delta: 270 }).earn(bob, { delta: 10 })
  return server
}

test('a card is a picture of the character as it is, by handle and by DID', async () => {
  await using server = await populated()
  const byHandle = await server.get('/@alice.example/card.png')
  assert.equal(byHandle.headers['content-type'], 'image/png')
  assert.equal(byHandle.headers['cache-control'], 'public, max-age=5')
  const pixels = decodePng(byHandle.rawPayload)
  assert.deepEqual([pixels.width, pixels.height], [1_200, 630])
  assert.ok(coloursIn(pixels) > 500)
  const byDid = await server.get(`/@${alice}/card.png?v=3-2026-01-01`)
  assert.ok(byHandle.rawPayload.equals(byDid.rawPayload))
  assert.equal(byHandle.headers.etag, byDid.headers.etag)
  const compact = decodePng((await server.get(`/@${alice}/card.png?size=compact&theme=paper`)).rawPayload)
  assert.deepEqual([compact.width, compact.height], [480, 160])
})

test('its tag is strong, and differs as soon as anything on it does', async () => {
  await using server = await populated()
  const tags = new Set<unknown>()
  const look = async (url: string) => {
    const { headers } = await server.get(url)
    assert.match(String(headers.etag), /^"[\w-]{22}"$/)
    assert.ok(!tags.has(headers.etag), url)
    tags.add(headers.etag)
    const again = await server.get(url, { 'if-none-match': String(headers.etag) })
    assert.deepEqual([again.statusCode, again.body], [304, ''])
    assert.equal(again.headers.etag, headers.etag)
  }
  for (const query of ['', '?theme=ember', '?size=compact']) await look(`/@${alice}/card.png${query}`)
  await look(`/@${alice}/card.svg`)
  server.ledger.earn(alice, { delta: 1 })
  await look(`/@${alice}/card.png`)
})

test('a server without boards shows no rank on cards', async () => {
  const tags = new Set<unknown>()
  for (const boards of ['on', 'off'] as const) {
    await using server = await build({ settings: { boards } })
    server.ledger.join(alice).join(bob).earn(bob, { delta: 10 })
    server.ledger.earn(alice, { delta: 270 })
    const { headers } = await server.get(`/@${bob}/card.png`)
    server.ledger.hide(alice)
    server.time.now += 60_000_000
    const later = await server.get(`/@${bob}/card.png`)
    tags.add(headers.etag)
    assert.equal(headers.etag === later.headers.etag, boards === 'off', 'nobody is ahead of them any more')
  }
  assert.equal(tags.size, 2)
})

test('an SVG card may load and run nothing', async () => {
  await using server = await populated()
  const { headers, body } = await server.get(`/@${alice}/card.svg`, { 'accept-encoding': 'br, gzip' })
  assert.equal(headers['content-type'], 'image/svg+xml')
  assert.equal(headers['content-encoding'], undefined, 'its tag stands for these bytes')
  assert.match(String(headers['content-security-policy']), /default-src 'none'.*sandbox/)
  assert.match(body, /<title>Alice, level 3 Wanderer<\/title>/)
})

test('people who are hidden, gone or unknown get the very same answer', async () => {
  await using server = await populated()
  const answerTo = async (name: string) => {
    const { statusCode, body, headers } = await server.get(`/@${name}/card.png`)
    const { date: _date, ratelimit: _left, ...rest } = headers
    return { statusCode, body, rest }
  }
  const unknown = await answerTo(nobody)
  assert.equal(unknown.statusCode, 404)
  assert.deepEqual(await answerTo('nobody.example'), unknown)
  const tag = (await server.get(`/@${alice}/card.png`)).headers.etag
  server.ledger.hide(alice)
  assert.deepEqual(await answerTo(alice), unknown)
  assert.deepEqual(await answerTo('alice.example'), unknown)
  const cached = await server.get(`/@${alice}/card.png`, { 'if-none-match': String(tag) })
  assert.equal(cached.statusCode, 404, 'not even that nothing has changed')
})

test('a server that cannot draw, or has too much to draw, says so', async () => {
  for (const [thrown, error] of [
    [new TurnsFullError('full'), 'TooManyCards'],
    [new NoRendererError('no build'), 'CardsUnavailable'],
  ] as const) {
    await using server = await populated()
    const { cards } = server.pictures
    cards.draw = async () => {
      throw thrown
    }
    const answer = await server.get(`/@${alice}/card.png`)
    assert.deepEqual([answer.statusCode, answer.json().error], [503, error])
    assert.equal(answer.headers['retry-after'], '5')
    assert.doesNotMatch(String(answer.headers.etag), /^"/, 'it is not the card')
  }
})

test('an unknown handle costs no look-up, and one that was looked up has a card', async () => {
  const asked: string[] = []
  await using server = await build({
    handles: {
      isCached: (handle) => handle === 'known.example',
      resolve: async (handle) => {
        asked.push(handle)
        return bob as Did
      },
    },
  })
  server.ledger.join(bob).earn(bob, { delta: 10 })
  assert.equal((await server.get('/@nobody.example/card.png')).statusCode, 404)
  assert.deepEqual(asked, [])
  assert.equal((await server.get('/@known.example/card.png')).statusCode, 200)
})

test('drawing counts as five requests, and being told that nothing has changed as one', async () => {
  await using server = await populated(100)
  const left = (headers: Record<string, unknown>) => Number(/r=(\d+)/.exec(String(headers.ratelimit))?.[1])
  const first = await server.get(`/@${alice}/card.png`)
  assert.equal(left(first.headers), 95)
  const again = await server.get(`/@${alice}/card.png`, { 'if-none-match': String(first.headers.etag) })
  assert.equal(left(again.headers), 94)
})
