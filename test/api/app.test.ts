import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { ApiMetrics } from '../../src/api/api-metrics.ts'
import { type App, buildApp } from '../../src/api/app.ts'
import { CharacterCache } from '../../src/api/character-cache.ts'
import { ImportNews } from '../../src/api/import-news.ts'
import type { AppSettings } from '../../src/api/routes/route.ts'
import type { Did } from '../../src/atproto/event.ts'
import { noPeopleSearch } from '../../src/bluesky/people-search.ts'
import type { Operation } from '../../src/game/operation.ts'
import { noChanges } from '../../src/game/state.ts'
import { Ledger } from '../../src/ingest/ledger.ts'
import { Network } from '../../src/simulator/network.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store, Writer } from '../../src/store/store.ts'
import { folder } from '../e2e/harness.ts'
import { game, LIKE, POST, person, rules, START, tid } from '../game/arbitrary.ts'
import { inMemory } from '../pictures/in-memory.ts'
import { noSignIn } from './no-sign-in.ts'

const NOW = START + 3_600_000_000
const [alice, bob] = [person(0), person(1)]
const ELSEWHERE: Did = 'did:web:found-by-handle.example'

type Served = AsyncDisposable & {
  app: App
  store: Store
  writer: Writer
  ledger: Ledger
  /** Moved by tests only. */
  time: { now: number }
  fold(...operations: Operation[]): Promise<void>
}

async function served(settings: Partial<AppSettings> = {}, invalidated = true): Promise<Served> {
  const here = folder()
  const store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  const writer = await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
  const cache = new CharacterCache({ invalidated })
  const time = { now: NOW }
  const ledger = new Ledger({ game, writer, folded: ({ actors }) => cache.invalidate([...actors.keys()]) })
  const app = await buildApp({
    reader: store.reader,
    inbox: store.inbox,
    rules,
    tracked: ['app.bsky.graph.follow'],
    handles: {
      isCached: () => true,
      resolve: async (handle) => (handle === 'elsewhere.test' ? ELSEWHERE : undefined),
    },
    search: noPeopleSearch,
    signIn: noSignIn,
    sessions: store.sessions,
    metrics: { contentType: 'text/plain; version=0.0.4', metrics: async () => 'bsky_rpg_lag_seconds 0\n' },
    apiMetrics: new ApiMetrics(new Registry()),
    clock: () => time.now,
    monotonic: () => time.now,
    logger: pino({ level: 'silent' }),
    version: '0.0.0',
    cache,
    importNews: new ImportNews(),
    pictures: inMemory(store.reader),
    ingestFailure: () => undefined,
    ingestRetries: () => undefined,
    settings: {
      publicUrl: 'http://127.0.0.1:8000',
      contact: 'keeper@rpg.example',
      adminToken: 'a-very-long-admin-token',
      metricsPublic: false,
      metricsPort: undefined,
      trustProxy: ['10.0.0.1'],
      readyLag: 120_000_000,
      boards: 'on',
      imports: true,
      rankRefresh: 0,
      rateLimit: 10_000,
      ...settings,
    },
  })
  return {
    app,
    store,
    writer,
    ledger,
    time,
    fold: async (...operations) => {
      await ledger.fold(operations, undefined)
    },
    [Symbol.asyncDispose]: async () => {
      await app.close()
      await writer[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      here[Symbol.dispose]()
    },
  }
}

const commit = (did: Did, n: number, collection: typeof POST, record: object): Operation => {
  return {
    kind: 'commit',
    did,
    at: START + n * 1_000_000,
    rev: tid(n),
    op: 'create',
    collection,
    rkey: tid(n),
    record,
  }
}
const post = (did: Did, n: number) => commit(did, n, POST, {})
const like = (did: Did, n: number) => commit(did, n, LIKE, { subject: { uri: 'at://x' } })
const named = (did: Did, handle: `${string}.${string}`): Operation => {
  const profile = { handle, displayName: '<b>Ann</b>', avatar: 'https://a.example/a.png', asked: NOW }
  return {
    kind: 'profile-answer',
    question: 'profile:1',
    tries: 0,
    did,
    at: NOW,
    profile,
    optedOut: false,
    postsCount: 0,
  }
}
const away = (did: Did): Operation => ({ kind: 'account', did, at: NOW, time: NOW, status: 'deactivated' })

test('a character is told with level, rank and counts', async () => {
  await using here = await served()
  await here.fold(post(alice, 1), like(alice, 2), like(alice, 3), post(bob, 1), named(alice, 'ann.test'))
  const byDid = await here.app.inject(`/v1/characters/${alice}`)
  const { rank, ...character } = byDid.json()
  assert.deepEqual(character, {
    did: alice,
    handle: 'ann.test',
    displayName: '<b>Ann</b>',
    avatar: 'https://a.example/a.png',
    title: 'Wanderer',
    leveling: {
      level: 1,
      experience: 70,
      experienceToNextLevel: 80,
      levelsGained: 0,
      progressPercentage: 46,
    },
    counts: { [POST]: 1, [LIKE]: 2 },
    tally: { 'post.text': 1, like: 2 },
    attributes: { voice: 2, clarity: 1, warmth: 3, echo: 1 },
    updatedAt: new Date((START + 3_000_000) / 1000).toISOString(),
  })
  assert.deepEqual([rank.position, rank.of], [1, 2])
  for (const name of ['ann.test', '@ann.test', 'ANN.test']) {
    assert.equal((await here.app.inject(`/v1/characters/${name}`)).json().did, alice)
  }
  await here.fold(post(ELSEWHERE, 1))
  assert.equal((await here.app.inject('/v1/characters/elsewhere.test')).json().did, ELSEWHERE)
  assert.deepEqual((await here.app.inject(`/find/${alice}`)).json(), {
    user_did: alice,
    name: '<b>Ann</b>',
    leveling_state: {
      level: 1,
      experience: 70,
      experience_to_next_level: 80,
      levels_gained: 0,
      progress_percentage: 46,
    },
  })
})

test('an ETag holds until the character changes, whatever becomes of the rank', async () => {
  await using here = await served()
  await here.fold(post(alice, 1))
  const url = `/v1/characters/${alice}`
  const first = await here.app.inject(url)
  const { etag } = first.headers
  await here.fold(post(bob, 1), like(bob, 2))
  const same = await here.app.inject({ url, headers: { 'if-none-match': `"x", ${etag}` } })
  assert.equal(same.statusCode, 304)
  assert.equal(same.body, '')
  await here.fold(like(alice, 9))
  const next = await here.app.inject({ url, headers: { 'if-none-match': String(etag) } })
  assert.equal(next.statusCode, 200)
  assert.equal(next.json().leveling.experience, 60)
  assert.equal(next.headers['cache-control'], 'public, max-age=5')
})

test('who is gone is answered like someone who never was, from every route and cache', async () => {
  await using here = await served()
  await here.fold(post(alice, 1), post(bob, 1), named(alice, 'ann.test'))
  const routes = (actor: string) => [
    `/v1/characters/${actor}`,
    `/v1/characters/${actor}/events`,
    `/v1/characters/${actor}/events.csv`,
    `/v1/characters/${actor}/events.jsonl`,
    `/find/${actor}`,
    `/v1/leaderboards/all?around=${actor}`,
  ]
  for (const url of routes(alice)) assert.equal((await here.app.inject(url)).statusCode, 200, url)
  await here.fold(away(alice))
  const nobody = 'did:plc:zzzzzzzzzzzzzzzzzzzzzzzz'
  for (const [index, url] of routes(alice).entries()) {
    const gone = await here.app.inject(url)
    const never = await here.app.inject(routes(nobody)[index] ?? '')
    assert.equal(gone.statusCode, 404, url)
    assert.equal(gone.body, never.body)
    assert.match(gone.json().detail, /first post, repost or like/)
  }
  assert.equal((await here.app.inject('/@ann.test')).statusCode, 404)
  assert.deepEqual(
    (await here.app.inject(`/v1/characters?actors=${alice},${bob}`))
      .json()
      .items.map(({ did }: { did: Did }) => did),
    [bob],
  )
  assert.ok(!(await here.app.inject('/')).body.includes(alice))
  assert.ok(!(await here.app.inject('/v1/leaderboards/all')).body.includes(alice))
})

test('a ledger says what earned and what went down, and why', async () => {
  await using here = await served()
  const gone = { ...post(alice, 1), op: 'delete', rev: tid(9) } as Operation
  await here.fold(post(alice, 1), like(alice, 2), gone)
  const page = (await here.app.inject(`/v1/characters/${alice}/events?limit=2`)).json()
  assert.equal(page.items[0].uri, `at://${alice}/${POST}/${tid(1)}`)
  assert.deepEqual(
    [page.items[0].delta, page.items[0].cause, page.items[0].reason],
    [-50, 'delete', 'post.text'],
  )
  assert.match(page.items[0].note, /deleted/)
  const rest = (await here.app.inject(`/v1/characters/${alice}/events?limit=2&cursor=${page.cursor}`)).json()
  assert.deepEqual([rest.items.length, rest.cursor], [1, null])
  const likes = (await here.app.inject(`/v1/characters/${alice}/events?type=${LIKE}`)).json()
  assert.deepEqual(
    likes.items.map(({ reason }: { reason: string }) => reason),
    ['like'],
  )
  const csv = await here.app.inject(`/v1/characters/${alice}/events.csv`)
  const lines = csv.body.trimEnd().split('\r\n')
  assert.equal(lines.length, 4)
  assert.match(lines[1] ?? '', /,-50,10,1,/)
  assert.match(lines[1] ?? '', /,deleted: had counted as post\.text,1$/)
  const jsonl = await here.app.inject(`/v1/characters/${alice}/events.jsonl`)
  assert.deepEqual(
    jsonl.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).delta),
    [-50, 10, 50],
  )
})

test('what is wrong with a request is the answer, never a fault of ours', async () => {
  await using here = await served()
  await here.fold(post(alice, 1))
  const cases: [string, number, string][] = [
    ['/v1/characters/not a handle', 400, 'InvalidActor'],
    ['/v1/characters/did:plc:', 400, 'InvalidActor'],
    ['/v1/characters/%00%ff', 400, 'InvalidRequest'],
    [`/v1/characters/${'x'.repeat(3_000)}`, 400, 'InvalidRequest'],
    ['/v1/characters', 400, 'InvalidRequest'],
    ['/v1/characters?actors=', 400, 'InvalidRequest'],
    [`/v1/characters?actors=${Array(101).fill(alice).join(',')}`, 400, 'InvalidRequest'],
    ['/v1/characters?actors=,', 400, 'InvalidRequest'],
    ['/v1/rules?x=1', 400, 'InvalidRequest'],
    [`/v1/characters/${alice}/events.csv?since=yesterday`, 400, 'InvalidRequest'],
    [`/v1/characters/${alice}/events?limit=0`, 400, 'InvalidRequest'],
    [`/v1/characters/${alice}/events?limit=ten`, 400, 'InvalidRequest'],
    [`/v1/characters/${alice}/events?limit=101`, 400, 'InvalidRequest'],
    [`/v1/characters/${alice}/events?cursor=$`, 404, 'UnknownCursor'],
    [`/v1/characters/${alice}/events?type=like`, 400, 'InvalidType'],
    ['/v1/leaderboards/all?cursor=$', 404, 'UnknownCursor'],
    ['/v1/leaderboards/year', 404, 'NotFound'],
    ['/v1/leaderboards/all?around=nobody.test', 404, 'UnknownCharacter'],
    ['/v1/characters/nobody.test', 404, 'UnknownCharacter'],
    ['/nothing', 404, 'NotFound'],
    ['/v1/stream?actors=no', 400, 'InvalidActor'],
    ['/v1/stream?actors=', 400, 'InvalidRequest'],
  ]
  for (const [url, status, error] of cases) {
    const answer = await here.app.inject(url)
    assert.equal(answer.statusCode, status, `${url.slice(0, 80)}: ${answer.body}`)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    assert.equal(answer.json().error, error, url.slice(0, 80))
  }
  const put = await here.app.inject({ method: 'PUT', url: '/v1/rules' })
  assert.deepEqual(
    [put.statusCode, put.json().error, put.headers.allow],
    [405, 'MethodNotAllowed', 'GET, HEAD, OPTIONS'],
  )
})

test('every answer is as the published document says', async () => {
  await using here = await served()
  const network = new Network({ seed: 4, actors: 30, start: START, step: 1_000, mix: 'everything' })
  for (let i = 0; i < 500; i++) await here.fold(...network.next())
  await here.fold(post(alice, 1), named(alice, 'ann.test'))
  await here.writer.recordGap({ host: 'a.test', from: START, to: undefined, reason: 'clamped', at: NOW })
  await here.writer.queueReconciliation({ since: START, at: NOW })
  const document = (await here.app.inject('/openapi.json')).json()
  assert.equal(document.openapi, '3.1.0')
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document, 'document')
  const check = async (url: string, path: string, status: number) => {
    const answer = await here.app.inject(url)
    assert.equal(answer.statusCode, status, url)
    const { content } = document.paths[path].get.responses[status]
    const type = Object.keys(content)[0] ?? ''
    const pointer = ['paths', path, 'get', 'responses', String(status), 'content', type, 'schema']
    const ref = pointer.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
    const validate: ValidateFunction = ajv.compile({ $ref: `document#/${encodeURI(ref)}` })
    assert.ok(validate(answer.json()), `${url}: ${ajv.errorsText(validate.errors)}`)
  }
  await check(`/v1/characters/${alice}`, '/v1/characters/{actor}', 200)
  await check('/v1/characters/nobody.test', '/v1/characters/{actor}', 404)
  await check('/v1/characters/x', '/v1/characters/{actor}', 400)
  await check(
    `/v1/characters?actors=${network.people.slice(0, 20).map(({ did }) => did)}`,
    '/v1/characters',
    200,
  )
  await check(`/v1/characters/${alice}/events`, '/v1/characters/{actor}/events', 200)
  for (const { did } of network.people.slice(0, 5)) {
    const { statusCode } = await here.app.inject(`/v1/characters/${did}/events`)
    if (statusCode === 200)
      await check(`/v1/characters/${did}/events?limit=100`, '/v1/characters/{actor}/events', 200)
  }
  await check('/v1/leaderboards/all?limit=5', '/v1/leaderboards/all', 200)
  await check(`/v1/leaderboards/all?around=${alice}`, '/v1/leaderboards/all', 200)
  await check('/v1/rules', '/v1/rules', 200)
  await check('/v1/stats', '/v1/stats', 200)
  await check(`/find/${alice}`, '/find/{actor}', 200)
  await check('/healthz', '/healthz', 200)
  await check('/readyz', '/readyz', 503)
})

test('readiness follows the heartbeat of ingest', async () => {
  await using here = await served()
  const ready = async () => {
    // What was heard last is good for five seconds.
    here.time.now += 5_000_000
    const { statusCode, body } = await here.app.inject('/readyz')
    return [statusCode, JSON.parse(body).reasons.join('; ')]
  }
  assert.deepEqual(await ready(), [503, 'no ingest process has written to this ledger yet'])
  await here.writer.beat({ at: here.time.now, lag: 1_000_000, host: 'a.test' })
  assert.deepEqual(await ready(), [200, ''])
  // A stream that begins far back: how old its first event will be is not known.
  await here.writer.beat({ at: here.time.now, lag: 86_400_000_000 * 1_500, host: 'a.test' })
  assert.deepEqual(await ready(), [503, 'the ledger has nothing of the stream yet'])
  assert.equal((await here.app.inject('/readyz')).json().lagSeconds, null)
  assert.equal((await here.app.inject('/v1/stats')).json().stream.lagSeconds, null)
  await here.writer.commit(noChanges(), { host: 'a.test', wire: 'v2', value: 1, at: NOW })
  await here.writer.beat({ at: here.time.now, lag: 121_000_000, host: 'a.test' })
  assert.deepEqual(await ready(), [503, 'the ledger is 121 s behind, more than 120 s'])
  await here.writer.beat({ at: here.time.now, lag: 86_400_000_000 * 1_500, host: 'a.test' })
  assert.deepEqual(await ready(), [503, 'the ledger is 1,500 days behind, more than 120 s'])
  await here.writer.beat({ at: here.time.now, lag: 0, host: undefined })
  assert.deepEqual(await ready(), [503, 'ingest is not connected to any Jetstream host'])
  here.time.now += 190_000_000
  assert.match(String((await ready())[1]), /last heartbeat of ingest was 200 s ago; .*not connected/)
})

test('a client that asks too much is told when to come back, and others are not', async () => {
  await using here = await served({ rateLimit: 3 })
  const ask = (address: string, headers: Record<string, string> = {}) =>
    here.app.inject({ url: '/v1/rules', remoteAddress: address, headers })
  for (let i = 0; i < 3; i++) assert.equal((await ask('192.0.2.1')).statusCode, 200)
  const refused = await ask('192.0.2.1')
  assert.deepEqual([refused.statusCode, refused.json().error], [429, 'RateLimitExceeded'])
  assert.ok(Number(refused.headers['retry-after']) >= 1)
  assert.match(String(refused.headers.ratelimit), /^"default";r=0;t=\d+$/)
  assert.equal((await ask('192.0.2.2')).statusCode, 200)
  assert.equal(
    (await ask('192.0.2.1', { 'x-forwarded-for': '192.0.2.9' })).statusCode,
    429,
    'anyone may say that',
  )
  assert.equal((await ask('10.0.0.1', { 'x-forwarded-for': '192.0.2.9' })).statusCode, 200)
  for (let i = 0; i < 4; i++) await ask(`2001:db8:1:2::${i}`)
  assert.equal((await ask('2001:db8:1:2:ffff::1')).statusCode, 429, 'one household')
  assert.equal((await here.app.inject({ url: '/healthz', remoteAddress: '192.0.2.1' })).statusCode, 200)
})

test('metrics answer this machine and clients with the token', async () => {
  await using here = await served()
  await using alone = await served({ trustProxy: [], publicUrl: undefined })
  const ask = (remoteAddress: string, authorization = '') =>
    (authorization === '' ? alone : here).app.inject({
      url: '/metrics',
      remoteAddress,
      headers: { host: '127.0.0.1:8000', authorization },
    })
  assert.equal((await ask('127.0.0.1')).statusCode, 200)
  assert.equal((await ask('192.0.2.1')).statusCode, 403)
  assert.equal((await ask('192.0.2.1', 'Bearer wrong')).statusCode, 403)
  assert.equal((await ask('192.0.2.1', 'Bearer a-very-long-admin-token')).statusCode, 200)
})

test('anyone may ask from any page, and names stay text on ours', async () => {
  await using here = await served()
  await here.fold(post(alice, 1), named(alice, 'ann.test'))
  const preflight = await here.app.inject({ method: 'OPTIONS', url: '/v1/rules' })
  assert.deepEqual([preflight.statusCode, preflight.headers['access-control-allow-origin']], [204, '*'])
  const page = await here.app.inject('/')
  assert.ok(page.body.includes('&lt;b&gt;Ann&lt;/b&gt;') && !page.body.includes('<b>Ann'))
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'/)
  assert.equal((await here.app.inject('/find?actor=%40ann.test')).headers.location, '/@ann.test')
})

test('awards are streamed as they happen, to those who listen for them', async () => {
  await using here = await served()
  await here.fold(post(alice, 1), post(bob, 1))
  const url = await here.app.listen({ port: 0, host: '127.0.0.1' })
  const response = await fetch(`${url}/v1/stream?actors=${bob}`)
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const readUntil = async (event: string) => {
    while (!text.includes(`event: ${event}\n`))
      text += (await reader?.read())?.value ?? assert.fail('the stream has ended')
  }
  // From its first position on a listener is sent all that happens.
  await readUntil('position')
  for (let n = 2; n < 5; n++) await here.fold(like(alice, n), post(bob, n))
  await readUntil('level-up')
  assert.match(text, /\n\nid: \d+\nevent: (award|level-up)\ndata: \{"did":"did:plc:b/)
  assert.ok(!text.includes(alice))
  await reader?.cancel()
})
