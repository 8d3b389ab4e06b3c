import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import * as v from 'valibot'
import { requestJson, retryAfter } from '../../src/client/request.ts'
import { Server } from '../../src/client/server.ts'
import { answered } from './sample.ts'

const Greeting = v.object({ hello: v.string() })

async function serving(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const json =
  (body: unknown, status = 200, headers = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }

const nothing = (): void => {}

suite('a request', () => {
  test('brings what fits the schema', async () => {
    await using server = await serving(json({ hello: 'world', more: true }))
    assert.deepEqual(await requestJson(server.url, Greeting, { fetch }), {
      kind: 'ok',
      value: { hello: 'world' },
    })
  })

  test('fails where the answer does not fit, and says where', async () => {
    await using server = await serving(json({ hello: 5 }))
    const outcome = await requestJson(server.url, Greeting, { fetch })
    assert.equal(outcome.kind, 'failed')
    assert.match(outcome.kind === 'failed' ? outcome.why : '', /hello/)
  })

  test('fails where the answer is no JSON', async () => {
    await using server = await serving((_request, response) => void response.end('<html>'))
    assert.equal((await requestJson(server.url, Greeting, { fetch })).kind, 'failed')
  })

  test('tells a 404, and a 429 with its time', async () => {
    await using absent = await serving(json({}, 404))
    assert.deepEqual(await requestJson(absent.url, Greeting, { fetch }), { kind: 'absent' })
    await using busy = await serving(json({}, 429, { 'retry-after': '7' }))
    assert.deepEqual(await requestJson(busy.url, Greeting, { fetch }), { kind: 'refused', retryMs: 7_000 })
  })

  test('gives up a server that does not answer in time', async () => {
    await using server = await serving(() => {})
    assert.equal((await requestJson(server.url, Greeting, { fetch, timeoutMs: 50 })).kind, 'failed')
  })

  test('gives up an answer without end', async () => {
    await using server = await serving((_request, response) => {
      response.write('[')
      const more = (): void => {
        while (!response.destroyed && response.write('0,'.repeat(10_000)));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    const outcome = await requestJson(server.url, Greeting, { fetch, maxBytes: 100_000 })
    assert.deepEqual(outcome, { kind: 'failed', why: 'the answer is longer than 100000 bytes' })
  })

  test('fails where nobody listens', async () => {
    const { url } = await serving(json({})).then(async (server) => {
      await server[Symbol.asyncDispose]()
      return server
    })
    assert.equal((await requestJson(url, Greeting, { fetch })).kind, 'failed')
  })

  test('sends neither cookies nor the page that it is for', async () => {
    let init: RequestInit | undefined
    await requestJson('https://rpg.example/', Greeting, {
      fetch: async (_url, options) => {
        init = options
        return Response.json({ hello: 'world' })
      },
    })
    assert.deepEqual([init?.credentials, init?.referrerPolicy], ['omit', 'no-referrer'])
  })

  const NOW = Date.parse('2026-01-01T00:00:00Z')
  const WAITS = [
    [null, 5_000],
    ['0', 0],
    ['120', 120_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['99999999999', 900_000],
    ['soon', 5_000],
  ] as const
  for (const [header, ms] of WAITS) {
    test(`Retry-After ${header} means ${ms} ms`, () => assert.equal(retryAfter(header, NOW), ms))
  }
})

suite('a server', () => {
  const RULES = { points: {}, awards: [], titles: [{ level: 1, title: 'Wanderer' }], collections: [] }

  test('is asked for its rules once, and again after a failure', async () => {
    const paths: string[] = []
    let status = 503
    const server = new Server('https://rpg.example', {
      fetch: async (url) => {
        paths.push(new URL(url).pathname)
        if (status !== 200) return new Response('{}', { status })
        return Response.json(url.includes('rules') ? RULES : { items: [], asked: [] })
      },
    })
    assert.equal((await server.characters(['a.example'], nothing)).kind, 'refused')
    status = 200
    await server.characters(['a.example'], nothing)
    await server.characters(['a.example'], nothing)
    assert.deepEqual(paths, ['/v1/rules', '/v1/rules', '/v1/characters', '/v1/characters'])
  })

  test('may lie about one person without harm to the others', async () => {
    const liar = answered({ did: 'did:plc:liar', handle: 'liar.example' }, { level: 1e9 })
    const asked = [
      { name: 'alice.example', outcome: 'known', did: 'did:plc:alicealicealicealicealic' },
      { name: 'liar.example', outcome: 'known', did: 'did:plc:liar' },
      { name: 'nobody.example', outcome: 'unknown', did: null },
      { name: 'busy.example', outcome: 'unavailable', did: null },
    ]
    const server = new Server('https://rpg.example', {
      fetch: async (url) =>
        Response.json(url.includes('rules') ? RULES : { items: [answered(), liar], asked }),
    })
    const outcome = await server.characters(
      asked.map(({ name }) => name),
      nothing,
    )
    const found = outcome.kind === 'ok' ? [...outcome.value].map(([name, who]) => [name, who?.level]) : []
    assert.deepEqual(found, [
      ['alice.example', 12],
      ['liar.example', undefined],
      ['nobody.example', undefined],
    ])
  })
})
