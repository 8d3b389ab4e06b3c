import assert from 'node:assert/strict'
import test from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { Did } from '@atcute/lexicons/syntax'
import { alice, bob, build, NOW, profile, SECOND } from './harness.ts'

async function populated(settings: Parameters<typeof build>[0] = {}) {
  const server = await build(settings)
  server.ledger.join(alice, profile('alice.example')).join(bob)
  for (let n = 0; n < 40; n++) server.ledger.earn(alice, { delta: 10 })
  server.ledger.earn(bob, { delta: 60 })
  server.ledger.heartbeat = { at: NOW, lag: SECOND, host: 'stream.example' }
  return server
}

const GOT = [
  '/',
  '/openapi.json',
  '/v1/rules',
  '/v1/stats',
  '/v1/events?after=0',
  '/v1/leaderboards/all',
  `/find/${alice}`,
  `/v1/characters?actors=${alice}`,
  `/v1/characters/${alice}`,
  `/v1/characters/${alice}/events`,
]

for (const url of GOT) {
  test(`${url} is asked for again by its tag, and in a HEAD`, async () => {
    await using server = await populated()
    const first = await server.get(url)
    assert.equal(first.statusCode, 200, first.body)
    const etag = String(first.headers.etag)
    assert.match(etag, /^(W\/)?"[^"]+"$/)
    assert.ok(first.headers['cache-control'])
    const again = await server.get(url, { 'if-none-match': etag })
    assert.deepEqual([again.statusCode, again.body, again.headers.etag], [304, '', etag])
    const head = await server.app.inject({ method: 'HEAD', url })
    assert.deepEqual([head.statusCode, head.body, head.headers.etag], [200, '', etag])
  })
}

test('what names somebody is kept for five seconds at most', async () => {
  await using server = await populated()
  for (const url of [...GOT, `/v1/characters/${alice}/events.csv`, '/nothing']) {
    const control = String((await server.get(url)).headers['cache-control'])
    const seconds = Number(/max-age=(\d+)/.exec(control)?.[1] ?? 0)
    assert.ok(url === '/openapi.json' || url === '/v1/rules' || seconds <= 5, `${url}: ${control}`)
  }
})

test('answers above a kilobyte are compressed as the client takes them, and others are not', async () => {
  await using server = await populated()
  const url = `/v1/characters/${alice}/events`
  const plain = await server.get(url)
  for (const [encoding, decompress] of [
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const) {
    const packed = await server.get(url, { 'accept-encoding': encoding })
    assert.equal(packed.headers['content-encoding'], encoding)
    assert.match(String(packed.headers.vary), /accept-encoding/i)
    assert.equal(decompress(packed.rawPayload).toString(), plain.body)
    assert.ok(packed.rawPayload.length < plain.body.length / 3)
    assert.equal(packed.headers.etag, plain.headers.etag)
  }
  const csv = await server.get(`/v1/characters/${alice}/events.csv`, { 'accept-encoding': 'gzip' })
  assert.match(gunzipSync(csv.rawPayload).toString(), /^at,uri,/)
  const small = await server.get('/healthz', { 'accept-encoding': 'br, gzip' })
  assert.equal(small.headers['content-encoding'], undefined)
})

test('a slash too many leads to the address without it, and never to another host', async () => {
  await using server = await populated()
  for (const [url, location] of [
    ['/v1/rules/', '/v1/rules'],
    ['/v1/leaderboards/all/?limit=1', '/v1/leaderboards/all?limit=1'],
    [`/v1/characters/${alice}//`, `/v1/characters/${alice}`],
  ] as const) {
    const answer = await server.get(url)
    assert.deepEqual([answer.statusCode, answer.headers.location], [308, location])
  }
  for (const url of ['//evil.example/', '/\\\\evil.example/', '///']) {
    const answer = await server.get(url)
    assert.ok(
      !String(answer.headers.location ?? '').match(/^(\/[/\\]|http)/),
      `${url}: ${answer.headers.location}`,
    )
  }
})

test('a parameter that there is not is named', async () => {
  await using server = await populated()
  for (const url of [
    '/v1/rules?limits=1',
    `/v1/characters/${alice}?limits=1`,
    '/find?actor=a.test&limits=1',
  ]) {
    const answer = await server.get(url)
    assert.equal(answer.statusCode, 400, url)
    assert.match(answer.json().detail, /unknown parameter "limits"/)
  }
  for (const wrong of ['{"actors":[false]}', '{"actors":"a.test"}', '[]', 'null', '{']) {
    assert.equal((await server.post('/v1/characters/batch', { body: wrong })).statusCode, 400, wrong)
  }
  const body = await server.post('/v1/characters/batch', { body: `{"actors":["${alice}"],"limits":1}` })
  assert.match(body.json().detail, /unknown field "limits"/)
  assert.equal(
    (await server.get('/?utm_source=x')).statusCode,
    200,
    'pages are shared with anything behind them',
  )
})

for (const method of ['TRACE', 'QUERY', 'PROPFIND', 'PUT'] as const) {
  test(`${method} is refused with what there is instead`, async () => {
    await using server = await populated()
    for (const url of ['/v1/rules', `/v1/characters/${alice}`, '/v1/stream', '/']) {
      const answer = await server.app.inject({ method: method as 'PUT', url })
      assert.deepEqual([answer.statusCode, answer.headers.allow], [405, 'GET, HEAD, OPTIONS'], url)
    }
  })
}

test('a ledger is exported from a time, to a time, and so much of it', async () => {
  await using server = await populated()
  const lines = async (query: string) => {
    const answer = await server.get(`/v1/characters/${alice}/events.jsonl${query}`)
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.body
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).at)
  }
  const all = await lines('')
  assert.equal(all.length, 40)
  const [since, until] = [all[30], all[10]]
  assert.deepEqual(
    await lines(`?since=${since}&until=${until}`),
    all.filter((at: string) => at >= since && at < until),
  )
  assert.deepEqual(await lines('?limit=7'), all.slice(0, 7))
  assert.deepEqual(await lines('?since=2030-01-01'), [])
})

test('all events are followed by a cursor, each once', async () => {
  await using server = await populated()
  const seen: string[] = []
  let cursor = '0'
  for (;;) {
    const { items, ...page } = (await server.get(`/v1/events?after=${cursor}&limit=7`)).json()
    if (items.length === 0) break
    for (const item of items) seen.push(`${item.did} ${item.uri}`)
    cursor = page.cursor
  }
  assert.equal(new Set(seen).size, 41)
  assert.equal(seen.length, 41)
  assert.equal((await server.get('/v1/events')).json().cursor, cursor)
  server.ledger.kept = 5
  const missed = (await server.get('/v1/events?after=2')).json()
  assert.deepEqual([missed.items, missed.missed, missed.cursor], [[], true, cursor])
  assert.equal((await server.get('/v1/events?after=$')).statusCode, 400)
  for (const strange of ['99999', 'x']) {
    const answer = (await server.get(`/v1/events?after=${strange}`)).json()
    assert.deepEqual([answer.items, answer.missed, answer.cursor], [[], true, cursor], strange)
  }
})

test('an address with a port, in brackets or none at all does not open the rate limit', async () => {
  await using server = await populated({ settings: { trustProxy: ['127.0.0.1'], rateLimit: 3 } })
  for (const from of [
    () => '203.0.113.1',
    (n: number) => `203.0.113.3:${50_000 + n}`,
    (n: number) => `[2001:db8::1]:${50_000 + n}`,
    (n: number) => `unknown${n}`,
  ]) {
    const statuses: number[] = []
    for (let n = 0; n < 5; n++)
      statuses.push((await server.get('/v1/rules', { 'x-forwarded-for': from(n) })).statusCode)
    assert.deepEqual(statuses, [200, 200, 200, 429, 429], from(0))
  }
})

test('a board of some is ranked among them, and says where each stands among all', async () => {
  await using server = await populated()
  const carol = 'did:plc:carolllllllllllllllllllll' as Did
  server.ledger.join(carol).earn(carol, { delta: 60 })
  const url = `/v1/leaderboards/all?actors=${carol},${bob},nobody.example,${bob}`
  const { items, cursor } = (await server.get(url)).json()
  assert.deepEqual(
    items.map((item: { rank: number; character: { did: Did; rank: { position: number } } }) => [
      item.rank,
      item.character.did,
      item.character.rank.position,
    ]),
    [
      [1, bob, 2],
      [1, carol, 2],
    ],
  )
  assert.equal(cursor, null)
  const page = async (query: string) => {
    const answer = await server.get(`/v1/leaderboards/all?actors=${alice},${bob},${carol}&limit=1&${query}`)
    return [answer.statusCode, answer.json().items?.[0]?.character.did, answer.json().cursor]
  }
  assert.deepEqual(await page(''), [200, alice, '1'])
  assert.deepEqual(await page('cursor=2'), [200, carol, null])
  assert.deepEqual(await page(`around=${bob}`), [200, bob, '2'])
  assert.equal((await page('around=nobody.example'))[0], 404)
  assert.equal((await page('cursor=x'))[0], 404)
  for (const query of ['actors=', `actors=${Array(101).fill('a.test')}`]) {
    assert.equal((await server.get(`/v1/leaderboards/all?${query}`)).statusCode, 400, query)
  }
})
