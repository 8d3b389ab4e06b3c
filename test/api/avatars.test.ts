import assert from 'node:assert/strict'
import test, { before } from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import { openTrustedUrl } from '../../src/bluesky/open-url.ts'
import { imageHead } from '../../src/pictures/image-type.ts'
import { serve } from '../bluesky/local-server.ts'
import { PNG } from '../pictures/images.ts'
import { inMemory } from '../pictures/in-memory.ts'
import { alice, bob, build, nobody, profile } from './harness.ts'
import { ScriptedLedger } from './scripted-ledger.ts'

async function populated(rateLimit = 10_000) {
  const images = await serve(({ pathname }) =>
    pathname === '/alice' ? { body: PNG } : { status: 404, body: '' },
  )
  const ledger = new ScriptedLedger()
  const server = await build({
    reader: ledger,
    inbox: ledger,
    pictures: inMemory(ledger, openTrustedUrl),
    settings: { rateLimit },
  })
  const avatar = `${images.url}/alice`
  ledger.join(alice, { ...profile('alice.example'), avatar }).earn(alice, { delta: 270 })
  ledger.join(bob, { ...profile('bob.example'), avatar: undefined }).earn(bob, { delta: 10 })
  return {
    ...server,
    ledger,
    images,
    [Symbol.asyncDispose]: async () => {
      await server.app.close()
      await images[Symbol.asyncDispose]()
    },
  }
}

// The first picture loads what draws it. On a busy machine that takes longer than a request waits for an avatar.
before(async () => {
  await using server = await populated()
  assert.equal((await server.get(`/@${bob}/card.png`)).statusCode, 200)
})

test('an avatar comes from us, in the size asked for, and only once from its server', async () => {
  await using server = await populated()
  const small = await server.get(`/avatars/${alice}`)
  assert.equal(small.headers['content-type'], 'image/webp')
  assert.equal(small.headers['x-content-type-options'], 'nosniff')
  assert.equal(small.headers['cache-control'], 'private, max-age=300')
  assert.deepEqual(imageHead(small.rawPayload), { type: 'webp', width: 96, height: 96 })
  const large = await server.get(`/avatars/${alice}?size=256`)
  assert.equal(imageHead(large.rawPayload)?.width, 256)
  const again = await server.get(`/avatars/${alice}`, { 'if-none-match': String(small.headers.etag) })
  assert.deepEqual([again.statusCode, again.body], [304, ''])
  assert.match(String(small.headers.etag), /^"/)
  assert.equal(server.images.asked.length, 1)
})

test('people without an avatar, hidden, gone and unknown ones have the very same answer', async () => {
  await using server = await populated()
  const answerTo = async (did: Did) => {
    const { statusCode, body, headers } = await server.get(`/avatars/${did}`)
    const { date: _date, ratelimit: _left, ...rest } = headers
    return { statusCode, body, rest }
  }
  const none = await answerTo(bob)
  assert.equal(none.statusCode, 200)
  assert.equal(none.rest['content-type'], 'image/svg+xml')
  assert.match(String(none.rest['content-security-policy']), /default-src 'none'/)
  assert.deepEqual(await answerTo(nobody), none)
  await server.get(`/avatars/${alice}`)
  server.ledger.hide(alice)
  assert.deepEqual(await answerTo(alice), none)
  assert.equal((await server.get('/avatars/alice')).statusCode, 400)
})

test('an avatar that cannot be fetched leaves the picture of everybody without one', async () => {
  await using server = await populated()
  server.ledger
    .join(bob, { ...profile('bob.example'), avatar: `${server.images.url}/gone` })
    .earn(bob, { delta: 1 })
  const { headers, statusCode } = await server.get(`/avatars/${bob}`)
  assert.deepEqual([statusCode, headers['content-type']], [200, 'image/svg+xml'])
})

test('a card has initials until the avatar is here, and then the avatar', async () => {
  await using server = await populated()
  const before = await server.get(`/@${alice}/card.png`)
  assert.equal(before.statusCode, 200)
  // The card has asked for it, so that this is the answer to its question.
  await server.get(`/avatars/${alice}`)
  assert.equal(server.images.asked.length, 1)
  const after = await server.get(`/@${alice}/card.png`)
  assert.notEqual(before.headers.etag, after.headers.etag)
  assert.ok(!before.rawPayload.equals(after.rawPayload))
  const svg = await server.get(`/@${alice}/card.svg`)
  assert.match(svg.body, /href="data:image\/webp;base64,/)
})

test('a card that was drawn before counts as one request', async () => {
  await using server = await populated(100)
  const left = (headers: Record<string, unknown>) => Number(/r=(\d+)/.exec(String(headers.ratelimit))?.[1])
  const first = await server.get(`/@${bob}/card.png`)
  const second = await server.get(`/@${bob}/card.png`)
  assert.equal(left(first.headers) - left(second.headers), 1)
  assert.ok(first.rawPayload.equals(second.rawPayload))
})
