import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alice, bob, build, NOW, nobody } from './harness.ts'

const linesOf = (body: string) =>
  body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

test('a proof has every live record, what they add up to, and how many they are', async () => {
  await using here = await build()
  here.ledger
    .join(alice)
    .earn(alice, { delta: 60, reason: 'post.media', at: NOW })
    .earn(alice, { delta: 70, reason: 'post.alt', at: NOW })
  const url = `/v1/characters/${alice}/proof`
  const answer = await here.get(url)
  assert.equal(answer.statusCode, 200)
  const [head, ...records] = linesOf(answer.body)
  const end = records.pop()
  const { version } = head
  assert.deepEqual(head, {
    kind: 'proof',
    did: alice,
    experience: 130,
    level: 1 + Math.floor((130 - 50) / 100),
    version,
  })
  assert.deepEqual(end, { kind: 'end', records: 2, version })
  assert.deepEqual(
    records.map(({ kind, reason, experience, witnessed }) => [kind, reason, experience, witnessed]),
    [
      ['record', 'post.media', 60, new Date(NOW / 1000).toISOString()],
      ['record', 'post.alt', 70, new Date(NOW / 1000).toISOString()],
    ],
  )
  const { etag, 'cache-control': cached } = answer.headers
  assert.equal(cached, 'public, max-age=5')
  assert.equal((await here.get(url, { 'if-none-match': String(etag) })).statusCode, 304)
  here.ledger.earn(alice, { delta: 10, reason: 'like' })
  assert.equal((await here.get(url, { 'if-none-match': String(etag) })).statusCode, 200)
})

test('somebody hidden has no proof, exactly like somebody unknown', async () => {
  await using here = await build()
  here.ledger.join(bob).earn(bob, { delta: 50 }).hide(bob)
  const [hidden, unknown] = [
    await here.get(`/v1/characters/${bob}/proof`),
    await here.get(`/v1/characters/${nobody}/proof`),
  ]
  assert.equal(hidden.statusCode, 404)
  assert.equal(unknown.statusCode, 404)
  assert.equal(hidden.body.replaceAll(bob, nobody), unknown.body)
})
