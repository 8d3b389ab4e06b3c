import assert from 'node:assert/strict'
import test from 'node:test'
import type { Did, Handle, Nsid } from '@atcute/lexicons/syntax'
import fc from 'fast-check'
import { CharacterCache } from '../../src/api/character-cache.ts'
import { Presenter } from '../../src/api/present.ts'
import { Ranks } from '../../src/api/ranks.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import type { Character } from '../../src/store/store.ts'
import { alice, bob, build, NOW, nobody, profile, SECOND } from './harness.ts'
import { ScriptedLedger } from './scripted-ledger.ts'

const LIKE = 'app.bsky.feed.like' as Nsid
const DAY = 86_400 * SECOND

test('a hot character costs no read, and what was told changes it at once', async () => {
  const cache = new CharacterCache({ invalidated: true })
  await using server = await build({ cache })
  server.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
  const ask = async (actor: string = alice) => (await server.get(`/v1/characters/${actor}`)).json()
  await ask()
  await ask()
  assert.equal(server.ledger.reads.character, 2)
  for (let i = 0; i < 3; i++) await ask()
  await ask('alice.example')
  assert.equal(server.ledger.reads.character, 2, 'from the second time on it is held')

  server.ledger.earn(alice, { delta: 70 })
  assert.equal((await ask()).leveling.experience, 50)
  cache.invalidate([alice])
  assert.equal((await ask()).leveling.experience, 120)
})

test('an ETag is bound to the rules, and says nothing of the rank', async () => {
  const other = rulebook({ ...NO_CHANGES, points: { like: 11 } })
  await using here = await build()
  await using there = await build({ rules: other })
  for (const { ledger } of [here, there])
    ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
  const first = await here.get(`/v1/characters/${alice}`)
  assert.match(String(first.headers.etag), /^"[^"]+"$/, 'strong')
  assert.notEqual(first.headers.etag, (await there.get(`/v1/characters/${alice}`)).headers.etag)

  here.ledger.join(bob).earn(bob, { delta: 1_000 })
  here.time.now += 61 * SECOND
  await here.get(`/v1/characters/${bob}`)
  const second = await here.get(`/v1/characters/${alice}`)
  assert.notDeepEqual(second.json().rank, first.json().rank)
  assert.equal(second.headers.etag, first.headers.etag)
})

test('what the client has already is not sent again, and HEAD sends only what there would be', async () => {
  await using server = await build()
  server.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
  const url = `/v1/characters/${alice}`
  const full = await server.get(url)
  const etag = String(full.headers.etag)
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const answer = await server.get(url, { 'if-none-match': known })
    assert.equal(answer.statusCode, 304)
    assert.equal(answer.body, '')
    assert.equal(answer.headers.etag, etag)
    assert.equal(answer.headers['access-control-allow-origin'], '*')
  }
  assert.equal((await server.get(url, { 'if-none-match': '"other"' })).statusCode, 200)
  const head = await server.app.inject({ method: 'HEAD', url })
  assert.equal(head.body, '')
  assert.equal(head.headers['content-length'], String(Buffer.byteLength(full.body)))
})

test('every answer of this route has the headers that all have', async () => {
  await using server = await build()
  server.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
  for (const url of [`/v1/characters/${alice}`, `/v1/characters/${nobody}`, '/v1/rules', '/none', '/%ff']) {
    const { headers } = await server.get(url)
    assert.equal(headers['access-control-allow-origin'], '*', url)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    if (url === '/%ff') continue
    assert.equal(headers['ratelimit-policy'], '"default";q=10000;w=60')
    assert.match(String(headers.ratelimit), /^"default";r=\d+;t=\d+$/)
  }
})

test('nobody and someone who is hidden get the same answer, byte for byte', async () => {
  await using server = await build({ handles: { isCached: () => true, resolve: async () => alice } })
  server.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 }).hide(alice)
  for (const path of ['', '/events', '/events.csv', '/events.jsonl']) {
    const [one, ...others] = await Promise.all(
      [nobody, alice, 'alice.example'].map((actor) => server.get(`/v1/characters/${actor}${path}`)),
    )
    assert.equal(one?.statusCode, 404)
    assert.match(one?.json().detail, /A character begins/)
    for (const answer of others) {
      assert.equal(answer.body, one?.body)
      assert.deepEqual(Object.keys(answer.headers), Object.keys(one?.headers ?? {}))
    }
  }
})

test('a profile that is missing or a day old is wished for once, however often it is looked at', async () => {
  await using server = await build()
  server.ledger
    .join(alice, profile('alice.example', { asked: NOW - DAY + SECOND }))
    .earn(alice, { delta: 50 })
  server.ledger.join(bob).earn(bob, { delta: 50 })
  const look = () => server.get(`/v1/characters?actors=${alice},${bob}`)
  await look()
  await look()
  assert.deepEqual(server.ledger.wishes, [{ kind: 'look-up', did: bob, at: NOW }])
  server.time.now += 2 * SECOND
  await look()
  assert.deepEqual(
    server.ledger.wishes.map(({ did }) => did),
    [bob, alice],
  )
})

test('a profile that was asked for by a clock that was ahead is wished for, too', async () => {
  await using server = await build()
  server.ledger.join(alice, profile('alice.example', { asked: NOW + 365 * DAY })).earn(alice, { delta: 50 })
  await server.get(`/v1/characters/${alice}`)
  assert.deepEqual(
    server.ledger.wishes.map(({ did }) => did),
    [alice],
  )
})

test('ranks are renewed as time passes, whatever the clock is set to', async () => {
  await using server = await build({ settings: { rankRefresh: 60 * SECOND } })
  server.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
  const rank = async () => (await server.get(`/v1/characters?actors=${alice}`)).json().items[0].rank
  assert.equal((await rank()).of, 1)
  server.ledger.join(bob, profile('bob.example')).earn(bob, { delta: 60 })
  server.time.set = -3_600 * SECOND
  server.time.now += 60 * SECOND
  // The one who starts it does not wait for it.
  await rank()
  assert.deepEqual(await rank(), {
    position: 2,
    of: 2,
    behind: 0,
    asOf: new Date((NOW - 3_540 * SECOND) / 1_000).toISOString(),
  })
})

test('a list leaves out whom there is not, in the order asked for', async () => {
  await using server = await build()
  server.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
  server.ledger.join(bob, profile('bob.example')).earn(bob, { delta: 60 })
  const { items, cursor } = (
    await server.get(`/v1/characters?actors=bob.example,${nobody},nobody.example&actors=${alice}`)
  ).json()
  assert.deepEqual(
    items.map(({ did }: { did: Did }) => did),
    [bob, alice],
  )
  assert.equal(cursor, null)
})

test('a character written by hand reads like one written by the book', () => {
  const ledger = new ScriptedLedger().join(alice).earn(alice, { delta: 500 })
  const ranks = new Ranks({ reader: ledger, clock: () => NOW, monotonic: () => NOW, refresh: SECOND })
  const presenter = new Presenter({ rules: rulebook(NO_CHANGES), ranks })
  const text = fc.option(fc.string({ unit: 'binary' }), { nil: undefined })
  const character: fc.Arbitrary<Character> = fc.record({
    did: fc.constantFrom(alice, bob),
    profile: fc.option(
      fc.record({
        handle: fc.constantFrom('alice.example' as Handle, undefined),
        displayName: text,
        avatar: text,
        asked: fc.constant(NOW),
      }),
      { nil: undefined },
    ),
    experience: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    lastDelta: fc.integer({ min: -70, max: 0 }),
    counts: fc.constantFrom(
      new Map(),
      new Map([
        [LIKE, 1],
        ['app.bsky.feed.post' as Nsid, 7],
      ]),
    ),
    tally: fc.constant(new Map([['like', 1]])),
    updatedAt: fc.nat({ max: 253_402_300_799 }).map((seconds) => seconds * SECOND),
    version: fc.constant('1'),
  })
  const asWritten = (one: Character) =>
    assert.deepEqual(JSON.parse(presenter.characterText(one)), { ...presenter.character(one) })
  fc.assert(fc.property(character, asWritten))
})
