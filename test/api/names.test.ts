import assert from 'node:assert/strict'
import test from 'node:test'
import type { Did, Handle } from '@atcute/lexicons/syntax'
import { type HandleResolver, LookUpUnavailableError } from '../../src/bluesky/handles.ts'
import { alice, bob, build, nobody, profile } from './harness.ts'

const web = 'did:web:localhost%3A3000' as Did

/** A resolver of handles that only the network knows; `asked` are the handles that it was asked for. */
function network(known: Readonly<Record<string, Did | 'unavailable'>>) {
  const asked: Handle[] = []
  const handles: HandleResolver = {
    isCached: () => false,
    resolve: async (handle) => {
      asked.push(handle)
      const did = known[handle]
      if (did === 'unavailable') throw new LookUpUnavailableError('out of reach')
      return did
    },
  }
  return { handles, asked }
}

async function populated(known: Readonly<Record<string, Did | 'unavailable'>> = {}, rateLimit = 10_000) {
  const { handles, asked } = network(known)
  const server = await build({ handles, settings: { rateLimit } })
  server.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
  server.ledger.join(bob).earn(bob, { delta: 60 })
  server.ledger.join(web).earn(web, { delta: 70 })
  return { server, asked, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

const names = [
  '@alice.example',
  'ALICE.example.',
  'at://alice.example',
  'https://bsky.app/profile/alice.example',
  '\u202a@alice.example\u202c',
  `https://fork.example/profile/${alice}/post/3lyoutsideaaa`,
]

for (const name of names) {
  test(`${JSON.stringify(name)} names somebody wherever an actor is asked for`, async () => {
    await using here = await populated()
    const actor = encodeURIComponent(name)
    for (const url of [
      `/v1/characters/${actor}`,
      `/v1/characters/${actor}/events`,
      `/v1/characters/${actor}/events.csv`,
      `/find/${actor}`,
      `/v1/leaderboards/all?around=${actor}`,
    ]) {
      const answer = await here.server.get(url)
      assert.equal(answer.statusCode, 200, url)
    }
    const form = await here.server.get(`/find?actor=${actor}`)
    assert.equal(form.statusCode, 303)
    const sheet = await here.server.get(String(form.headers.location))
    const canonical = sheet.statusCode === 302 ? String(sheet.headers.location) : form.headers.location
    assert.equal(canonical, '/@alice.example')
    assert.match((await here.server.get(canonical)).body, /Alice/)
    assert.deepEqual(here.asked, [])
  })
}

test('a did:web with a port is found in a path, a query and a body', async () => {
  await using here = await populated()
  for (const actor of [web, encodeURIComponent(web)]) {
    assert.equal((await here.server.get(`/v1/characters/${actor}`)).json().did, web)
    assert.equal((await here.server.get(`/v1/characters?actors=${actor}`)).json().items[0].did, web)
  }
})

test('a list says of each name what became of it, and names nobody twice', async () => {
  await using here = await populated({
    'bob.example': bob,
    'slow.example': 'unavailable',
    'hidden.example': nobody,
  })
  const actors = [
    'alice.example',
    alice,
    'bob.example',
    'no name',
    'nobody.example',
    'slow.example',
    'hidden.example',
  ]
  const got = await here.server.get(`/v1/characters?${new URLSearchParams({ actors: actors.join() })}`)
  const posted = await here.server.post('/v1/characters/batch', { body: JSON.stringify({ actors }) })
  assert.equal(got.statusCode, 200)
  assert.deepEqual(posted.json(), got.json())
  const { items, asked } = got.json()
  assert.deepEqual(
    items.map(({ did }: { did: Did }) => did),
    [alice, bob],
  )
  assert.deepEqual(asked, [
    { name: 'alice.example', outcome: 'known', did: alice },
    { name: alice, outcome: 'known', did: alice },
    { name: 'bob.example', outcome: 'known', did: bob },
    { name: 'no name', outcome: 'notAName', did: null },
    { name: 'nobody.example', outcome: 'unknown', did: null },
    { name: 'slow.example', outcome: 'unavailable', did: null },
    { name: 'hidden.example', outcome: 'unknown', did: null },
  ])
})

test('a text without a letter is no name, and harms none of the others', async () => {
  await using here = await populated()
  const actors = ['???', '', ' ', 'alice.example']
  const posted = await here.server.post('/v1/characters/batch', { body: JSON.stringify({ actors }) })
  assert.equal(posted.statusCode, 200)
  assert.deepEqual(
    posted.json().asked.map(({ outcome }: { outcome: string }) => outcome),
    ['notAName', 'notAName', 'notAName', 'known'],
  )
})

test('a hundred long names fit into a body', async () => {
  await using here = await populated()
  const actors = Array.from(
    { length: 100 },
    (_, n) => `did:web:${`${n}`.padStart(3, '0')}.${'long-'.repeat(40)}.example`,
  )
  const answer = await here.server.post('/v1/characters/batch', { body: JSON.stringify({ actors }) })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.json().asked.length, 100)
})

test('where the network cannot be asked, nobody is said not to be there', async () => {
  await using here = await populated({ 'slow.example': 'unavailable' })
  for (const url of ['/v1/characters/slow.example', '/find/slow.example', '/v1/stream?actors=slow.example']) {
    const answer = await here.server.get(url)
    assert.deepEqual([answer.statusCode, answer.json().error], [503, 'LookUpUnavailable'], url)
    assert.equal(answer.headers['retry-after'], '5')
  }
})

test('whose handles are looked up pays for them, and others do not', async () => {
  await using here = await populated({}, 100)
  const actors = Array.from({ length: 100 }, (_, n) => `nobody-${n}.example`)
  const list = await here.server.post('/v1/characters/batch', { body: JSON.stringify({ actors }) })
  const outcomes = list.json().asked.map(({ outcome }: { outcome: string }) => outcome)
  assert.equal(outcomes.filter((outcome: string) => outcome === 'unknown').length, here.asked.length)
  assert.equal(here.asked.length, 9, '96 requests were left, and each look-up counts for ten')
  const single = await here.server.get('/v1/characters/one-more.example')
  assert.deepEqual([single.statusCode, single.json().error], [429, 'RateLimitExceeded'])
  assert.match(String(single.headers['retry-after']), /^[1-9]\d*$/)
  assert.equal((await here.server.get(`/v1/characters/${alice}`)).statusCode, 200, 'what is known stays free')
  const other = await here.server.app.inject({ url: '/v1/characters/x.example', remoteAddress: '192.0.2.9' })
  assert.equal(other.statusCode, 404)
})

test('somebody who reads pages gets a page that says what is wrong, and what to do', async () => {
  await using here = await populated()
  const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  for (const [url, status, heading, text] of [
    ['/find?actor=%3Cb%3E', 400, 'That is not a name', '&lt;b&gt;'],
    ['/v1/characters/nobody.example', 404, 'Nobody here by that name', 'A character begins'],
    ['/nothing', 404, 'Nothing here', '/nothing'],
    ['/v1/stats?colour=red', 400, 'That request is not valid', 'colour'],
    [`/v1/characters/${alice}/events?type=post`, 400, 'That request is not valid', 'post'],
  ] as const) {
    const page = await here.server.get(url, { accept })
    assert.equal(page.statusCode, status)
    assert.match(String(page.headers['content-type']), /^text\/html/)
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'/)
    assert.equal(page.headers['cache-control'], 'no-store')
    assert.ok(page.body.includes(text), page.body)
    assert.ok(page.body.includes(`<h1>${heading}</h1>`), page.body)
    assert.match(page.body, /<form class="find" action="\/find"/)
    assert.match(page.body, /<p class="lead">(&quot;|[A-Z])/)
    for (const other of ['*/*', 'application/json, text/html', undefined]) {
      const json = await here.server.get(url, other === undefined ? {} : { accept: other })
      assert.match(String(json.headers['content-type']), /^application\/problem\+json/)
      assert.equal(json.headers.vary, 'accept')
    }
  }
})
