import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import test from 'node:test'
import fc from 'fast-check'
import { csvHead, csvLine, type Event } from '../../src/api/csv.ts'
import { serveMetrics } from '../../src/api/metrics-server.ts'
import { alice, build, NOW, profile, SECOND } from './harness.ts'

test('whatever the address, the answer is never a fault of ours', async () => {
  await using server = await build()
  server.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
  const piece = fc.oneof(
    fc.constantFrom(
      alice,
      'alice.example',
      '@alice.example',
      '__proto__',
      'constructor',
      '%00',
      '%ff',
      '..',
      '//',
    ),
    fc.string({ unit: 'binary' }).map((text) => encodeURIComponent(text.toWellFormed())),
  )
  const route = fc.constantFrom(
    (text: string) => `/v1/characters/${text}`,
    (text: string) => `/v1/characters/${text}/events.csv`,
    (text: string) => `/v1/characters/${alice}/events?cursor=${text}`,
    (text: string) => `/v1/characters/${alice}/events?type=${text}&limit=${text}`,
    (text: string) => `/v1/characters?actors=${text}&actors=${text}`,
    (text: string) => `/v1/leaderboards/all?around=${text}&${text}=1&cursor[]=${text}`,
    (text: string) => `/find?actor=${text}`,
    (text: string) => `/find/${text}`,
    (text: string) => `/docs/${text}`,
    (text: string) => `/${text}`,
  )
  await fc.assert(
    fc.asyncProperty(route, piece, async (address, text) => {
      const { statusCode, headers } = await server.get(address(text))
      assert.ok(statusCode < 500, `${address(text)}: ${statusCode}`)
      if (statusCode >= 400) assert.match(String(headers['content-type']), /^application\/problem\+json/)
    }),
    { numRuns: 300 },
  )
})

test('what is only read says so, what is not there says that, and no body is looked at', async () => {
  await using server = await build()
  const send = (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD', url: string) =>
    server.app.inject({ method, url, headers: { 'content-type': 'application/json' }, payload: '{"broken' })
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
    for (const url of ['/', '/v1/rules', `/v1/characters/${alice}`, '/openapi.json', '/docs/']) {
      const answer = await send(method, url)
      assert.equal(answer.statusCode, 405, `${method} ${url}`)
      assert.equal(answer.headers.allow, 'GET, HEAD, OPTIONS')
      assert.equal(answer.json().error, 'MethodNotAllowed')
    }
    assert.ok([400, 404].includes((await send(method, '/nothing')).statusCode))
  }
  for (const url of ['/v1/stream', `/v1/characters/${alice}/events.csv`]) {
    const head = await server.app.inject({ method: 'HEAD', url })
    assert.equal(head.statusCode, url === '/v1/stream' ? 200 : 404, url)
    assert.equal(head.body, '')
  }
  const options = await server.app.inject({ method: 'OPTIONS', url: '/v1/rules' })
  assert.deepEqual([options.statusCode, options.headers.allow], [204, 'GET, HEAD, OPTIONS'])
  const batch = await server.app.inject({ method: 'GET', url: '/v1/characters/batch' })
  assert.deepEqual([batch.statusCode, batch.headers.allow], [405, 'POST, OPTIONS'])
})

test('a Host that is none costs the documentation nothing', async () => {
  await using server = await build()
  assert.equal((await server.get('/docs/')).statusCode, 200)
  assert.equal((await server.get('/docs/', { host: '][' })).statusCode, 400)
  assert.match(String((await server.get('/docs/')).headers['content-security-policy']), /connect-src 'self'/)
})

test('what is not even HTTP is answered with a problem too', async () => {
  await using server = await build()
  await server.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  let answer = ''
  socket.on('data', (text) => {
    answer += text
  })
  socket.write('HELLO\r\n\r\n')
  await once(socket, 'close')
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.match(answer, /application\/problem\+json/)
  assert.match(answer, /access-control-allow-origin: \*/)
  assert.equal(JSON.parse(answer.split('\r\n\r\n')[1] ?? '').error, 'InvalidRequest')
})

test('metrics answer this machine alone, whatever a proxy or a neighbour makes of a request', async () => {
  const statuses = async (
    settings: Parameters<typeof build>[0],
    requests: { from?: string; headers?: Record<string, string> }[],
  ) => {
    await using server = await build(settings)
    return Promise.all(
      requests.map(async ({ from = '127.0.0.1', headers = {} }) => {
        const answer = await server.app.inject({
          url: '/metrics',
          remoteAddress: from,
          headers: { host: '127.0.0.1:8000', ...headers },
        })
        return answer.statusCode
      }),
    )
  }
  const token = { authorization: 'Bearer a-token' }
  assert.deepEqual(
    await statuses({}, [
      {},
      { headers: { host: 'localhost:8000' } },
      { headers: { host: '[::1]:8000' }, from: '::1' },
      { headers: { host: 'rpg.example' } },
      { headers: { host: '127.0.0.1.rpg.example' } },
      { headers: { 'x-forwarded-for': '127.0.0.1' } },
      { headers: { forwarded: 'for=127.0.0.1' } },
      { from: '192.168.1.5' },
      { from: '192.168.1.5', headers: token },
      { from: '192.168.1.5', headers: { authorization: 'Bearer b-token' } },
    ]),
    [200, 200, 200, 403, 403, 403, 403, 403, 200, 403],
  )
  const claims = [
    { from: '10.0.0.99', headers: { 'x-forwarded-for': '127.0.0.1' } },
    { from: '10.0.0.1', headers: { 'x-forwarded-for': '127.0.0.1, 10.0.0.99' } },
    {},
    { headers: token },
  ]
  assert.deepEqual(await statuses({ settings: { trustProxy: ['10.0.0.0/8'] } }, claims), [403, 403, 403, 200])
  assert.deepEqual(await statuses({ settings: { publicUrl: 'https://rpg.example' } }, [{}]), [403])
  assert.deepEqual(await statuses({ settings: { publicUrl: 'http://127.0.0.1:8000' } }, [{}]), [200])
  assert.deepEqual(await statuses({ settings: { metricsPort: 9_000 } }, [{}, { headers: token }]), [403, 200])
  assert.deepEqual(await statuses({ settings: { metricsPublic: true } }, [{ from: '192.0.2.1' }]), [200])
})

test('metrics do not answer HTTP/1.0, which proxies speak to those behind them', async () => {
  await using server = await build()
  await server.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = server.app.server.address() as AddressInfo
  const ask = async (version: string) => {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8')
    socket.write(`GET /metrics HTTP/${version}\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
    const [answer] = (await once(socket, 'data')) as [string]
    return answer.slice(9, 12)
  }
  assert.deepEqual([await ask('1.0'), await ask('1.1')], ['403', '200'])
})

test('metrics on a port of their own answer everybody there, and nothing else does', async () => {
  let failing = false
  const errors: unknown[] = []
  await using server = await serveMetrics({
    metrics: {
      contentType: 'text/plain; version=0.0.4',
      metrics: async () => (failing ? assert.fail('broken') : 'up 1\n'),
    },
    host: '127.0.0.1',
    port: 0,
    onError: (error) => errors.push(error),
  })
  const ask = async (url: string, method = 'GET') => {
    const answer = await fetch(url, { method })
    return [answer.status, await answer.text()]
  }
  assert.deepEqual(await ask(server.url), [200, 'up 1\n'])
  assert.deepEqual(await ask(server.url, 'HEAD'), [200, ''])
  assert.deepEqual(await ask(server.url, 'POST'), [405, ''])
  assert.deepEqual(await ask(new URL('/', server.url).href), [404, ''])
  failing = true
  assert.deepEqual(await ask(server.url), [500, ''])
  assert.equal(errors.length, 1)
})

test('without a heartbeat of ingest, nobody is connected', async () => {
  await using server = await build()
  server.ledger.cursor = { host: 'stream.example', wire: 'v2', value: 1, at: NOW }
  server.ledger.heartbeat = { at: NOW, lag: 2 * SECOND, host: 'stream.example' }
  const stream = async () => (await server.get('/v1/stats')).json().stream
  assert.deepEqual([(await stream()).connected, (await stream()).lagSeconds], [true, 2])
  server.time.now += 121 * SECOND
  assert.equal((await stream()).connected, false)
  assert.match((await server.get('/')).body, /not connected/)
  assert.equal((await server.get('/readyz')).statusCode, 503)
})

test('the status is asked for once in five seconds, and a failure is not kept', async () => {
  await using server = await build()
  server.ledger.failure = new Error('away')
  assert.equal((await server.get('/v1/stats')).statusCode, 503)
  server.ledger.failure = undefined
  for (const url of ['/v1/stats', '/readyz', '/', '/v1/stats']) await server.get(url)
  assert.equal(server.ledger.reads.status, 2)
  server.time.now += 5 * SECOND
  await server.get('/v1/stats')
  assert.equal(server.ledger.reads.status, 3)
})

test('ranks are kept when they cannot be counted anew, and absent until they were once', async () => {
  await using server = await build()
  server.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
  const xpHistogram = server.ledger.xpHistogram.bind(server.ledger)
  const broken = async () => {
    throw new Error('away')
  }
  const rank = async () => (await server.get(`/v1/characters?actors=${alice}`)).json().items[0].rank
  server.ledger.xpHistogram = broken
  assert.equal(await rank(), null)
  server.ledger.xpHistogram = xpHistogram
  assert.equal((await rank()).position, 1)
  server.ledger.xpHistogram = broken
  server.time.now += 61 * SECOND
  assert.equal((await rank()).asOf, new Date(NOW / 1000).toISOString())
})

test('a whole ledger comes in pages, and ends when the person is gone', async () => {
  await using server = await build()
  server.ledger.join(alice, profile('alice.example'))
  for (let n = 0; n < 1_201; n++) server.ledger.earn(alice, { delta: 10 })
  const jsonl = await server.get(`/v1/characters/${alice}/events.jsonl`)
  const lines = jsonl.body.trimEnd().split('\n')
  assert.equal(new Set(lines.map((line) => JSON.parse(line).uri)).size, 1_201)
  assert.equal(server.ledger.reads.events, 7)
  assert.match(String(jsonl.headers['content-disposition']), /attachment/)

  const events = server.ledger.events.bind(server.ledger)
  server.ledger.events = async (did, page) => {
    if (page.cursor !== undefined) server.ledger.hide(alice)
    return events(did, page)
  }
  const csv = await server.get(`/v1/characters/${alice}/events.csv`)
  assert.equal(csv.body.trimEnd().split('\r\n').length, 1 + 200)
})

test('a field is one field however it is written, and never a formula', () => {
  const leveling = {
    level: 1,
    experience: 50,
    experienceToNextLevel: 100,
    levelsGained: 0,
    progressPercentage: 33,
  }
  const line = (uri: string) => {
    const event = {
      uri,
      type: 'like',
      cause: 'create',
      reason: 'like',
      note: '',
      delta: -5,
      at: 'now',
      leveling,
      rules: 2,
    }
    return csvLine(event as Event)
  }
  assert.equal(csvHead(), 'at,uri,type,cause,reason,delta,experience,level,note,rules\r\n')
  assert.equal(line('at://a'), 'now,at://a,like,create,like,-5,50,1,,2\r\n')
  assert.equal(line('a,"b"\r\nc'), 'now,"a,""b""\r\nc",like,create,like,-5,50,1,,2\r\n')
  for (const sign of ['=', '+', '-', '@', '\t']) {
    assert.equal(line(`${sign}1`), `now,'${sign}1,like,create,like,-5,50,1,,2\r\n`)
  }
})
