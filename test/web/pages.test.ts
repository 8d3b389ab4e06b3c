import assert from 'node:assert/strict'
import test from 'node:test'
import type { Nsid, RecordKey } from '../../src/atproto/event.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { dayOf, iso, secondsOf } from '../../src/game/time.ts'
import { alice, bob, build, NOW, nobody, profile } from '../api/harness.ts'

const LIKE = 'app.bsky.feed.like' as Nsid

async function populated() {
  const server = await build()
  const { ledger } = server
  ledger.join(alice, profile('alice.example')).join(bob, profile('bob.example', { displayName: 'Bob' }))
  ledger.earn(alice, { delta: 70, reason: 'post.alt' }).earn(alice, { delta: 90, reason: 'post.media' })
  ledger.earn(bob, { delta: 10, collection: LIKE, reason: 'like' })
  return server
}

/** All addresses of pages that `populated` has. */
const PAGES = [
  '/',
  '/@alice.example',
  '/boards',
  '/rules',
  '/about',
  '/help/alt-text',
  '/status',
  '/@nobody.example',
  '/nothing-here',
]

const accept = 'text/html'

for (const path of PAGES) {
  test(`${path} is a page without inline styles, inline scripts or other hosts`, async () => {
    await using server = await populated()
    const { body, headers } = await server.get(path, { accept })
    assert.match(String(headers['content-type']), /^text\/html/)
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /default-src 'none'/)
    assert.doesNotMatch(policy, /unsafe|https:/)
    assert.doesNotMatch(body, /<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc="\/assets\/)/)
    for (const [, address = ''] of body.matchAll(
      /<(?:link(?! rel="alternate")|script|img)[^>]+(?:href|src)="([^"]+)"/g,
    )) {
      assert.match(address, /^\//)
    }
    assert.equal([...body.matchAll(/<h1[ >]/g)].length, 1)
    assert.match(body, /<html lang="en">/)
  })
}

test('assets are named by their content, kept for good, and compressed once', async () => {
  await using server = await populated()
  const { body } = await server.get('/', { accept })
  const addresses = [...body.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, address = '']) => address)
  assert.ok(addresses.length > 5)
  for (const address of addresses) {
    const plain = await server.get(address)
    assert.equal(plain.statusCode, 200, address)
    assert.match(String(plain.headers['cache-control']), /immutable/)
    const small = await server.get(address, { 'accept-encoding': 'gzip, br' })
    if (address.endsWith('.woff2')) assert.equal(small.headers['content-encoding'], undefined)
    else {
      assert.equal(small.headers['content-encoding'], 'br')
      assert.ok(small.rawPayload.length < plain.rawPayload.length)
    }
    if (!address.endsWith('.css')) continue
    for (const [, named = ''] of plain.body.matchAll(/url\("([^"]+)"\)/g)) {
      assert.equal((await server.get(named)).statusCode, 200, named)
    }
  }
  assert.equal((await server.get('/assets/base.0000000000.css')).statusCode, 404)
})

test('a character has one address, and other names for them lead there', async () => {
  await using server = await populated()
  assert.equal((await server.get('/@alice.example')).statusCode, 200)
  for (const name of [
    alice,
    'ALICE.example',
    '@alice.example',
    encodeURIComponent('https://bsky.app/profile/alice.example'),
    encodeURIComponent(`at://${alice}/app.bsky.feed.post/1`),
  ]) {
    const answer = await server.get(`/@${name}?type=${LIKE}`)
    assert.equal(answer.statusCode, 302, name)
    assert.equal(answer.headers.location, `/@alice.example?type=${LIKE}`)
    assert.equal(answer.headers['cache-control'], 'no-cache')
  }
  server.ledger.join(nobody).earn(nobody, { delta: 10 })
  assert.equal((await server.get(`/@${nobody}`)).statusCode, 200, 'without a handle the DID is the address')
  assert.equal((await server.get('/@no name')).statusCode, 400)
})

test('people who are unknown, hidden or gone get the very same page', async () => {
  await using server = await populated()
  const never = await server.get('/@nobody.example', { accept })
  server.ledger.hide(alice)
  assert.equal(never.statusCode, 404)
  assert.match(never.body, /How one comes to be here/)
  for (const path of ['/@alice.example', `/@${alice}`, `/@${nobody}`]) {
    const answer = await server.get(path, { accept })
    const name = path.slice('/@'.length)
    // The name that was asked for is all that differs.
    const unnamed = (body: string, name: string) =>
      body.replace(`"/@${name}/`, '').replace(new RegExp(`<bdi>@?${name}</bdi>`), '')
    const body = unnamed(answer.body, name)
    assert.deepEqual([answer.statusCode, body], [404, unnamed(never.body, 'nobody.example')], path)
    const without = ({ date, ratelimit, 'content-length': _, etag, ...headers }: Record<string, unknown>) =>
      headers
    assert.deepEqual(without(answer.headers), without(never.headers))
  }
})

test('a sheet says who somebody is, and reads their ledger like a statement', async () => {
  await using server = await populated()
  server.ledger.earn(alice, { delta: -90, cause: 'delete', reason: 'post.media' })
  const { body } = await server.get('/@alice.example')
  for (const text of [
    /<title>Alice, level 1 Wanderer<\/title>/,
    /Level 1</,
    /70 XP/,
    /80 XP to level 2/,
    /of 2 · ahead of all others/,
    /Post with media, all described/,
    /<td class="plus">\+70<\/td>/,
    /Deleted: post with media/,
    /<td class="minus">−90<\/td>/,
    /<span class="hidden">from level <\/span>1 .*2 <span aria-hidden="true">▲/,
    new RegExp(`href="https://bsky.app/profile/${alice}/post/record-0"`),
    /events\.csv"/,
    /events\.jsonl"/,
  ]) {
    assert.match(body, text)
  }
})

test('attributes come from what somebody has done, as the API tells it', async () => {
  await using server = await populated()
  const counts = new Map([
    ['post.text', 4],
    ['post.media', 1],
    ['post.alt', 3],
    ['like', 100],
  ])
  server.ledger.tell(alice, { day: 1, experience: 1_470, claimed: 0, counts })
  const { body } = await server.get('/@alice.example')
  for (const text of [
    /trait-voice"><h2>Voice<\/h2><b>5<\/b><small class="soft">8 posts/,
    /trait-clarity"><h2>Clarity<\/h2><b>15<\/b><small class="soft">3 of 4 posts with media described/,
    /trait-warmth"><h2>Warmth<\/h2><b>8<\/b><small class="soft">100 likes/,
    /trait-echo"><h2>Echo<\/h2><b>1<\/b><small class="soft">0 reposts/,
  ]) {
    assert.match(body, text)
  }
  const { attributes, tally } = (await server.get(`/v1/characters/${alice}`)).json()
  assert.deepEqual(attributes, { voice: 5, clarity: 15, warmth: 8, echo: 1 })
  assert.deepEqual(tally, Object.fromEntries(counts))
})

test("the first page says how many of today's pictures are described, and no other day's", async () => {
  await using server = await populated()
  const share = async () => /<dt>of today’s[^<]*<\/dt><dd>([^<]*)/.exec((await server.get('/')).body)?.[1]
  assert.equal(await share(), '–')
  const counts = new Map([
    ['post.media', 1],
    ['post.alt', 5],
    ['repost.alt', 9],
  ])
  server.ledger.today = { day: dayOf(secondsOf(NOW)), counts }
  server.time.now += 10_000_000
  assert.equal(await share(), '83 %')
  const { today } = (await server.get('/v1/stats')).json()
  assert.deepEqual(today, { date: '2023-11-14', media: 6, described: 5 })
  server.time.now += 86_400_000_000
  assert.equal(await share(), '–')
})

test('after a gap the first page and the totals say how far everybody is compared, until that is done', async () => {
  await using server = await populated()
  const shown = async () => /data-missed>([^<]*)/.exec((await server.get('/')).body)?.[1]
  assert.equal(await shown(), undefined)
  assert.equal((await server.get('/v1/stats')).json().reconciliation, null)
  const since = NOW - 86_400_000_000
  const counts = { people: 1_200, checked: 312, changed: 40, failed: 2 }
  server.ledger.reconciliation = { since, at: NOW, ...counts, next: NOW, endedAt: undefined }
  server.time.now += 10_000_000
  assert.match((await shown()) ?? '', /from 13 November, 22:21 UTC on\..*26 % of 1,200 people done/)
  const told = { since: iso(since), queued: iso(NOW), ...counts }
  assert.deepEqual((await server.get('/v1/stats')).json().reconciliation, {
    ...{ ...told, another: true, finished: null },
  })
  server.ledger.reconciliation = { since, at: NOW, ...counts, next: undefined, endedAt: NOW + 1_000_000 }
  server.time.now += 10_000_000
  assert.equal(await shown(), undefined)
  assert.deepEqual((await server.get('/v1/stats')).json().reconciliation, {
    ...{ ...told, another: false, finished: iso(NOW + 1_000_000) },
  })
})

test('a ledger is filtered by kind and read on without script', async () => {
  await using server = await populated()
  for (let n = 0; n < 60; n++) {
    server.ledger.earn(alice, { delta: 10, collection: LIKE, reason: 'like', rkey: `like-${n}` as RecordKey })
  }
  const rows = (body: string) => body.match(/<td class="plus">/g)?.length ?? 0
  const first = (await server.get('/@alice.example')).body
  assert.equal(rows(first), 40)
  const next = /rel="next" href="([^"#]+)#ledger"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? ''
  const second = (await server.get(next)).body
  assert.equal(rows(second), 22)
  assert.match(second, /Newest entries/)
  assert.doesNotMatch(second, /rel="next"/)
  const posts = (await server.get('/@alice.example?type=app.bsky.feed.post&utm_source=mail')).body
  assert.equal(rows(posts), 2)
  assert.match(posts, /aria-current="true">Posts</)
  assert.equal(rows((await server.get('/@alice.example?cursor=cut-off')).body), 40, 'the first page')
})

test('what is taken back says when it had been earned, as far as a bounded search finds it', async () => {
  await using server = await populated()
  const { ledger } = server
  const rkey = (n: number) => `record-${n}` as RecordKey
  const lost = /it had earned 90 XP on 14 November/
  for (let n = 0; n < 100; n++)
    ledger.earn(alice, { delta: 10, rkey: `like-${n}` as RecordKey, collection: LIKE })
  ledger.earn(alice, { delta: -90, cause: 'delete', reason: 'post.media', rkey: rkey(1) })
  assert.match((await server.get('/@alice.example')).body, lost)
  assert.match((await server.get('/@alice.example?type=app.bsky.feed.post')).body, lost)
  for (let n = 0; n < 300; n++)
    ledger.earn(alice, { delta: 10, rkey: `later-${n}` as RecordKey, collection: LIKE })
  ledger.earn(alice, { delta: -70, cause: 'delete', reason: 'post.alt', rkey: rkey(0) })
  const reads = ledger.reads.events ?? 0
  const { body } = await server.get('/@alice.example')
  assert.match(body, /Deleted: post with media, all described/)
  assert.doesNotMatch(body, /it had earned/)
  assert.equal((ledger.reads.events ?? 0) - reads, 6, 'one page, two for advice, and three in search of it')
})

test('names are text of their own, whatever is in them', async () => {
  await using server = await build()
  const names = ['<b>bold</b>" onload="x', '\u202Egnp.exe', 'שלום עולם', '👩🏽‍🚀'.repeat(64), ' ']
  for (const [n, displayName] of names.entries()) {
    const did = `did:plc:${'abcdefgh'[n]?.repeat(24)}` as typeof alice
    server.ledger.join(did, profile(`person-${n}.example`, { displayName })).earn(did, { delta: 200 })
    for (const path of ['/', '/boards', `/@person-${n}.example`]) {
      const { body } = await server.get(path)
      assert.doesNotMatch(body, /<b>bold|" onload|\u202E/)
      assert.match(body, /<bdi>/)
    }
  }
  const { body } = await server.get('/boards')
  assert.match(body, /<bdi>&lt;b&gt;bold/)
  assert.match(body, /<bdi>gnp\.exe<\/bdi>/)
  assert.match(body, /<bdi>person-4\.example<\/bdi>/, 'a name that shows nothing gives way to the handle')
})

test('the first page has the latest level-ups of shown people, each once', async () => {
  await using server = await populated()
  server.ledger.earn(bob, { delta: 200 }).earn(bob, { delta: 200 })
  const live = (body: string) => /<ol class="live"[\s\S]*<\/ol>/.exec(body)?.[0] ?? ''
  const before = live((await server.get('/')).body)
  assert.equal([...before.matchAll(/<li>/g)].length, 2)
  assert.match(before, /Bob<\/bdi><\/a>\s+reached level 4/)
  const { items } = (await server.get('/v1/level-ups')).json()
  assert.deepEqual(
    items.map(({ character, level, levelsGained }: Record<string, unknown>) => [
      (character as { did: string }).did,
      level,
      levelsGained,
    ]),
    [
      [bob, 4, 2],
      [alice, 2, 1],
    ],
  )
  server.ledger.hide(bob)
  server.time.now += 5_000_000
  assert.doesNotMatch((await server.get('/')).body, /Bob/)
})

test('the page of rules has the rules in force, with an example of each award', async () => {
  const caps = { [LIKE]: 100 }
  const rules = rulebook({ ...NO_CHANGES, points: { 'post.alt': 333 }, caps })
  await using server = await build({ rules })
  const { body } = await server.get('/rules')
  for (const [reason, { name, example }] of Object.entries(rules.words)) {
    assert.ok(body.includes(`${name}<span class="example">${example}</span>`), reason)
  }
  assert.match(body, /333 XP/)
  assert.match(body, /Likes: at most <strong>100 XP<\/strong> a day/)
  for (const { title } of rules.titles) assert.ok(body.includes(title))
  const { awards, attributes } = (await server.get('/v1/rules')).json()
  assert.equal(awards.length, Object.keys(rules.points).length)
  for (const { name, rule } of attributes) assert.ok(body.includes(name) && body.includes(rule))
  assert.match((await server.get('/about')).body, /keeper@rpg\.example/)
})
