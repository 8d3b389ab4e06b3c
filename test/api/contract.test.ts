import assert from 'node:assert/strict'
import test from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { LightMyRequestResponse } from 'fastify'
import { StoreError } from '../../src/store/store.ts'
import { alice, bob, build, NOW, nobody, profile, SECOND } from './harness.ts'

type Media = { schema: object }
type Operation = {
  operationId?: string
  summary?: string
  tags?: string[]
  responses: Record<string, { content?: Record<string, Media>; headers?: Record<string, object> }>
}
type Document = {
  openapi: string
  components: { schemas: Record<string, object> }
  paths: Record<string, Record<string, Operation>>
}

type Server = Awaited<ReturnType<typeof build>>

/** `[path in the document, URL, status, headers]`: together, every answer that the document promises. */
const CASES: readonly (readonly [string, string, number, Record<string, string>?])[] = [
  ['/v1/characters/{actor}', `/v1/characters/${alice}`, 200],
  ['/v1/characters/{actor}', `/v1/characters/${bob}`, 200],
  ['/v1/characters/{actor}', `/v1/characters/${alice}`, 304, { 'if-none-match': '*' }],
  ['/v1/characters/{actor}', '/v1/characters/x', 400],
  ['/v1/characters/{actor}', '/v1/characters/nobody.example', 404],
  ['/v1/characters', `/v1/characters?actors=${alice},${bob}`, 200],
  ['/v1/characters', '/v1/characters', 400],
  ['/v1/characters/batch post', '/v1/characters/batch', 200, { body: `{"actors":["${alice}"]}` }],
  ['/v1/characters/batch post', '/v1/characters/batch', 400, { body: '{"actors":[]}' }],
  ['/v1/characters/batch post', '/v1/characters/batch', 413, { body: 'x'.repeat(300_000) }],
  ['/v1/characters/batch post', '/v1/characters/batch', 415, { body: 'x', 'content-type': 'text/plain' }],
  ['/v1/events', '/v1/events', 200],
  ['/v1/events', '/v1/events?after=0', 200],
  ['/v1/events', '/v1/events?limit=0', 400],
  ['/find/{actor}', `/find/${alice}`, 200],
  ['/find/{actor}', '/find/x', 400],
  ['/find/{actor}', '/find/nobody.example', 404],
  ['/find', '/find?actor=@alice.example', 303],
  ['/find', '/find', 400],
  ['/v1/characters/{actor}/events', `/v1/characters/${alice}/events?limit=2`, 200],
  ['/v1/characters/{actor}/events', `/v1/characters/${alice}/events?cursor=x`, 404],
  ['/v1/characters/{actor}/events', `/v1/characters/${alice}/events?limit=0`, 400],
  ['/v1/characters/{actor}/events', '/v1/characters/nobody.example/events', 404],
  ['/v1/characters/{actor}/events.csv', `/v1/characters/${alice}/events.csv`, 200],
  ['/v1/characters/{actor}/events.csv', '/v1/characters/x/events.csv', 400],
  ['/v1/characters/{actor}/events.csv', '/v1/characters/nobody.example/events.csv', 404],
  ['/v1/characters/{actor}/events.jsonl', `/v1/characters/${alice}/events.jsonl`, 200],
  ['/v1/characters/{actor}/events.jsonl', '/v1/characters/x/events.jsonl', 400],
  ['/v1/characters/{actor}/events.jsonl', '/v1/characters/nobody.example/events.jsonl', 404],
  ['/v1/characters/{actor}/proof', `/v1/characters/${alice}/proof`, 200],
  ['/v1/characters/{actor}/proof', `/v1/characters/${alice}/proof`, 304, { 'if-none-match': '*' }],
  ['/v1/characters/{actor}/proof', '/v1/characters/x/proof', 400],
  ['/v1/characters/{actor}/proof', '/v1/characters/nobody.example/proof', 404],
  ['/v1/characters/{actor}/import', `/v1/characters/${alice}/import`, 404],
  ['/v1/characters/{actor}/import', '/v1/characters/x/import', 400],
  ['/v1/characters/{actor}/import post', `/v1/characters/${alice}/import`, 202],
  ['/v1/characters/{actor}/import post', '/v1/characters/x/import', 400],
  ['/v1/characters/{actor}/import post', '/v1/characters/nobody.example/import', 404],
  ['/v1/characters/{actor}/import', `/v1/characters/${alice}/import`, 200],
  ['/v1/characters/{actor}/import/stream', '/v1/characters/x/import/stream', 400],
  ['/v1/characters/{actor}/import/stream', `/v1/characters/${bob}/import/stream`, 404],
  ['/v1/characters/{actor}/import delete', '/v1/characters/x/import', 400],
  ['/v1/characters/{actor}/import delete', `/v1/characters/${bob}/import`, 404],
  ['/v1/characters/{actor}/import delete', `/v1/characters/${nobody}/import`, 403],
  ['/v1/characters/{actor}/import delete', `/v1/characters/${alice}/import`, 200],
  ['/v1/characters/{actor}/insights', `/v1/characters/${alice}/insights`, 200],
  ['/v1/characters/{actor}/insights', '/v1/characters/x/insights', 400],
  ['/v1/characters/{actor}/insights', '/v1/characters/nobody.example/insights', 404],
  ['/v1/leaderboards/all', '/v1/leaderboards/all?limit=1', 200],
  ['/v1/leaderboards/all', `/v1/leaderboards/all?around=${alice}`, 200],
  ['/v1/leaderboards/all', '/v1/leaderboards/all?limit=1000', 400],
  ['/v1/leaderboards/all', '/v1/leaderboards/all?around=nobody.example', 404],
  ['/v1/leaderboards/week', '/v1/leaderboards/week', 200],
  ['/v1/leaderboards/week', '/v1/leaderboards/week?period=2023-11', 400],
  ['/v1/leaderboards/week', '/v1/leaderboards/week?period=2023-W45', 404],
  ['/v1/leaderboards/month', '/v1/leaderboards/month?limit=1', 200],
  ['/v1/leaderboards/month', '/v1/leaderboards/month?limit=1000', 400],
  ['/v1/leaderboards/month', '/v1/leaderboards/month?around=nobody.example', 404],
  ['/v1/leaderboards/described', '/v1/leaderboards/described', 200],
  ['/v1/leaderboards/described', '/v1/leaderboards/described?period=2023', 400],
  ['/v1/leaderboards/described', '/v1/leaderboards/described?period=2023-10', 404],
  ['/v1/leaderboards/levels', `/v1/leaderboards/levels?actor=${alice}`, 200],
  ['/v1/leaderboards/levels', '/v1/leaderboards/levels?actor=x', 400],
  ['/v1/leaderboards/levels', '/v1/leaderboards/levels?actor=nobody.example', 404],
  ['/@{actor}/card.png', `/@${alice}/card.png`, 200],
  ['/@{actor}/card.png', '/@alice.example/card.png?v=3-2026-01-01', 304, { 'if-none-match': '*' }],
  ['/@{actor}/card.png', `/@${alice}/card.png?theme=none`, 400],
  ['/@{actor}/card.png', '/@nobody.example/card.png', 404],
  ['/@{actor}/card.svg', `/@${alice}/card.svg?theme=paper&size=compact`, 200],
  ['/@{actor}/card.svg', `/@${alice}/card.svg`, 304, { 'if-none-match': '*' }],
  ['/@{actor}/card.svg', '/@x/card.svg', 400],
  ['/@{actor}/card.svg', '/@nobody.example/card.svg', 404],
  ['/avatars/{did}', `/avatars/${alice}`, 200],
  ['/avatars/{did}', `/avatars/${alice}?size=256`, 304, { 'if-none-match': '*' }],
  ['/avatars/{did}', '/avatars/alice.example', 400],
  ['/oembed', `/oembed?url=http://127.0.0.1/@${alice}`, 200, { host: '127.0.0.1' }],
  ['/oembed', '/oembed', 400],
  ['/oembed', '/oembed?url=http://127.0.0.1/@nobody.example', 404, { host: '127.0.0.1' }],
  ['/oembed', `/oembed?url=http://127.0.0.1/@${alice}&format=xml`, 501],
  ['/@{actor}/badge.json', `/@${alice}/badge.json`, 200],
  ['/@{actor}/badge.json', '/@x/badge.json', 400],
  ['/@{actor}/badge.json', '/@nobody.example/badge.json', 404],
  ['/v1/rules', '/v1/rules', 200],
  ['/v1/level-ups', '/v1/level-ups', 200],
  ['/v1/suggest', '/v1/suggest?q=ali', 200],
  ['/v1/suggest', '/v1/suggest', 400],
  ['/v1/stats', '/v1/stats', 200],
  ['/v1/stream', '/v1/stream?actors=x', 400],
  ['/v1/stream', '/v1/stream?actors=nobody.example', 404],
  ['/healthz', '/healthz', 200],
  ['/healthz', '/healthz?x=1', 400],
  ['/readyz', '/readyz?x=1', 400],
  ['/metrics', '/metrics?x=1', 400],
  ['/readyz', '/readyz', 200],
  ['/metrics', '/metrics', 200, { host: 'localhost' }],
  ['/metrics', '/metrics', 403, { 'x-forwarded-for': '192.0.2.1' }],
]

/** Requests while the ledger cannot be read. */
const OUT_OF_REACH: typeof CASES = [
  ['/v1/characters/{actor}', `/v1/characters/${alice}`, 503],
  ['/v1/characters', `/v1/characters?actors=${alice}`, 503],
  ['/find/{actor}', `/find/${alice}`, 503],
  ['/v1/characters/{actor}/events', `/v1/characters/${alice}/events`, 503],
  ['/v1/characters/{actor}/events.csv', `/v1/characters/${alice}/events.csv`, 503],
  ['/v1/characters/{actor}/events.jsonl', `/v1/characters/${alice}/events.jsonl`, 503],
  ['/v1/characters/{actor}/proof', `/v1/characters/${alice}/proof`, 503],
  ['/v1/characters/{actor}/insights', `/v1/characters/${alice}/insights`, 503],
  ['/v1/characters/{actor}/import', `/v1/characters/${alice}/import`, 503],
  ['/v1/characters/{actor}/import post', `/v1/characters/${alice}/import`, 503],
  ['/v1/characters/{actor}/import delete', `/v1/characters/${alice}/import`, 503],
  ['/v1/characters/{actor}/import/stream', `/v1/characters/${alice}/import/stream`, 503],
  ['/v1/leaderboards/all', '/v1/leaderboards/all', 503],
  ['/v1/leaderboards/week', '/v1/leaderboards/week', 503],
  ['/v1/leaderboards/month', '/v1/leaderboards/month', 503],
  ['/v1/leaderboards/described', '/v1/leaderboards/described', 503],
  ['/v1/leaderboards/levels', '/v1/leaderboards/levels', 503],
  ['/@{actor}/card.png', `/@${alice}/card.png`, 503],
  ['/@{actor}/card.svg', `/@${alice}/card.svg`, 503],
  ['/avatars/{did}', `/avatars/${alice}`, 503],
  ['/oembed', `/oembed?url=http://127.0.0.1/@${alice}`, 503, { host: '127.0.0.1' }],
  ['/@{actor}/badge.json', `/@${alice}/badge.json`, 503],
  ['/v1/stats', '/v1/stats', 503],
  ['/v1/level-ups', '/v1/level-ups', 503],
  ['/v1/suggest', '/v1/suggest?q=ali', 503],
  ['/v1/events', '/v1/events', 503],
  ['/v1/characters/batch post', '/v1/characters/batch', 503, { body: `{"actors":["${alice}"]}` }],
  ['/v1/stream', '/v1/stream?actors=alice.example', 503],
  ['/readyz', '/readyz', 503],
]

async function populated(): Promise<Server> {
  const server = await build()
  const { ledger } = server
  ledger.join(alice, profile('alice.example')).join(bob)
  for (const delta of [70, 10, 0, 500]) ledger.earn(alice, { delta })
  ledger.earn(alice, { delta: -70, cause: 'delete', reason: 'post.alt' }).earn(bob, { delta: 10 })
  ledger.heartbeat = { at: NOW, lag: SECOND, host: 'stream.example' }
  ledger.cursor = { host: 'stream.example', wire: 'v2', value: 7, at: NOW }
  ledger.gaps = [
    { host: 'stream.example', from: NOW, to: undefined, reason: 'clamped', at: NOW },
    { host: 'stream.example', from: NOW, to: NOW, reason: 'clamped', at: NOW },
  ]
  // Somebody else has asked for it.
  ledger.imports.set(nobody, { isOpen: true, tries: 0, head: undefined, records: 0, experience: 0 })
  ledger.perDay = { events: 1, diskBytes: 2, networkBytes: 3 }
  return server
}

/** The differences between an answer and the document. */
function checker(document: Document) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document, 'document')
  return (path: string, answer: LightMyRequestResponse): void => {
    const [url = '', method = 'get'] = path.split(' ')
    const { responses } = document.paths[url]?.[method] ?? assert.fail(`${path} is not in the document`)
    const status = responses[answer.statusCode] === undefined ? 'default' : String(answer.statusCode)
    const { content, headers = {} } =
      responses[status] ?? assert.fail(`${path} does not say ${answer.statusCode}`)
    for (const name of Object.keys(headers)) {
      assert.ok(answer.headers[name.toLowerCase()], `${path} ${answer.statusCode} has no ${name}`)
    }
    if (content === undefined) {
      assert.equal(answer.body, '')
      return
    }
    const type = String(answer.headers['content-type']).split(';')[0] ?? ''
    assert.ok(content[type], `${path} does not say that ${status} is ${type}`)
    const pointer = ['paths', url, method, 'responses', status, 'content', type, 'schema']
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/')
    const validate = ajv.compile({ $ref: `document#/${pointer}` })
    assert.ok(validate(/json$/.test(type) ? answer.json() : answer.body), JSON.stringify(validate.errors))
  }
}

test('every route answers every status that the document names, as the document says', async () => {
  await using server = await populated()
  const document = (await server.get('/openapi.json')).json<Document>()
  assert.equal(document.openapi, '3.1.0')
  const check = checker(document)
  // The answers that do not end; test/api/stream.test.ts and imports.test.ts have them.
  const seen = new Set(['/v1/stream 200', '/v1/characters/{actor}/import/stream 200'])
  const ask = async (from: Server, [path, url, status, headers]: (typeof CASES)[number]) => {
    const [, method = 'get'] = path.split(' ')
    assert.ok(method === 'get' || method === 'post' || method === 'delete')
    const answer = await from[method](url, headers)
    assert.equal(answer.statusCode, status, `${url}: ${answer.body}`)
    check(path, answer)
    seen.add(`${path} ${status}`)
    return answer
  }
  for (const one of CASES) await ask(server, one)

  await using failing = await populated()
  failing.ledger.failure = new StoreError('the disk is gone')
  for (const one of OUT_OF_REACH) {
    const answer = await ask(failing, one)
    assert.ok(!answer.body.includes('disk is gone'), 'what it is stays with us')
    if (one[0] !== '/readyz') assert.equal(answer.headers['retry-after'], '5')
  }
  assert.equal(failing.logged.length, 1, 'and is logged, but not for each request')

  await using limited = await build({ settings: { rateLimit: 1 } })
  await limited.get('/v1/rules')
  for (const path of operations(document)) {
    const [url = ''] = path.split(' ')
    if (url !== '/healthz' && url !== '/readyz') await ask(limited, [path, url, 429])
  }

  const promised = operations(document).flatMap((path) => {
    const [url = '', method = 'get'] = path.split(' ')
    return Object.keys(document.paths[url]?.[method]?.responses ?? {}).map((status) => `${path} ${status}`)
  })
  assert.deepEqual(
    promised.filter((one) => !one.endsWith(' default') && !seen.has(one)),
    [],
    'every promise was tried',
  )
})

/** Names an operation: `/path` for GET, `/path post` for other methods. */
function operations(document: Document): string[] {
  return Object.entries(document.paths).flatMap(([url, methods]) =>
    Object.keys(methods).map((method) => (method === 'get' ? url : `${url} ${method}`)),
  )
}

test('a fault of ours is a problem that tells nothing, and is logged with its request', async () => {
  const metrics = async () => {
    throw new Error('secret of the house')
  }
  await using server = await build({ metrics: { contentType: 'text/plain', metrics } })
  const document = (await server.get('/openapi.json')).json<Document>()
  const answer = await server.get('/metrics', { host: 'localhost' })
  assert.equal(answer.statusCode, 500)
  checker(document)('/metrics', answer)
  assert.ok(!answer.body.includes('secret'))
  assert.match(
    server.logged.join(''),
    /"url":"\/metrics".*secret of the house|secret of the house.*"url":"\/metrics"/,
  )
})
