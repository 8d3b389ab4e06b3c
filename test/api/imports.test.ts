import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import { ImportFollowers } from '../../src/api/import-followers.ts'
import { ImportNews } from '../../src/api/import-news.ts'
import type { ImportStatus } from '../../src/store/store.ts'
import { tid } from '../game/arbitrary.ts'
import { alice, bob, build, NOW, profile, SECOND } from './harness.ts'

const OPEN: ImportStatus = { isOpen: true, tries: 0, head: undefined, records: 0, experience: 0 }
const DONE: ImportStatus = { ...OPEN, isOpen: false, head: tid(5), records: 9 }
const HOUR = 3_600 * SECOND
const OPERATOR = { authorization: 'Bearer a-token' }
const path = (did: Did) => `/v1/characters/${did}/import`

/** One of many people, by their number. */
function someone(n: number): Did {
  return `did:plc:${n
    .toString(26)
    .replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)] ?? '')
    .padStart(24, 'a')}` as Did
}

/** The API behind a proxy that says which client asks; the news of ingest are the test's to tell. */
async function serve() {
  const importNews = new ImportNews()
  const built = await build({ importNews, settings: { trustProxy: ['127.0.0.1'] } })
  built.ledger.heartbeat = { at: NOW, lag: 0, host: 'stream.example' }
  const from = (client: number, headers: Record<string, string> = {}) => ({
    ...headers,
    'x-forwarded-for': `192.0.2.${client}`,
  })
  return Object.assign(built, {
    importNews,
    from,
    kinds: () => built.ledger.wishes.map(({ kind, did }) => `${kind} ${did}`),
    state: async (did: Did) => (await built.get(path(did))).json().state,
  })
}

type Served = Awaited<ReturnType<typeof serve>>

suite('an import', () => {
  test('is a wish to ingest, and is told of until it is done', async () => {
    await using on = await serve()
    const asked = await on.post(path(alice))
    assert.deepEqual(
      [asked.statusCode, asked.json().state, asked.headers['cache-control']],
      [202, 'queued', 'no-store'],
    )
    assert.deepEqual(on.kinds(), [`import ${alice}`])
    on.ledger.imports.set(alice, OPEN)
    assert.equal(await on.state(alice), 'queued')
    on.importNews.note(alice, { state: 'reading' })
    assert.equal(await on.state(alice), 'running')
    on.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
    on.importNews.note(alice, { state: 'counting', records: 3_412, of: 6_000 })
    const { state, records, of } = (await on.get('/v1/characters/alice.example/import')).json()
    assert.deepEqual([state, records, of], ['running', 3_412, 6_000])
    on.ledger.imports.set(alice, DONE)
    on.importNews.note(alice, { state: 'imported', records: 6_000, experience: 1 })
    const done = (await on.get(path(alice))).json()
    assert.deepEqual(done, { did: alice, state: 'done', records: 9, of: null, reason: null, detail: null })
  })

  test('is one, however many ask for it, and costs only the first of them', async () => {
    await using on = await serve()
    for (let n = 0; n < 30; n++) {
      assert.equal((await on.post(path(alice), on.from(1 + (n % 3)))).statusCode, 202)
      on.ledger.imports.set(alice, OPEN)
    }
    assert.deepEqual(on.kinds(), [`import ${alice}`])
    assert.equal((await on.post(path(bob), on.from(2))).statusCode, 202)
  })

  test('is granted ten times an hour to each client, and without limit to the operator', async () => {
    await using on = await serve()
    for (let n = 0; n < 10; n++) assert.equal((await on.post(path(someone(n)), on.from(1))).statusCode, 202)
    const refused = await on.post(path(alice), on.from(1))
    assert.deepEqual([refused.statusCode, refused.json().error], [429, 'TooManyImports'])
    const wait = Number(refused.headers['retry-after'])
    assert.ok(wait > 300 && wait <= 360, String(wait))
    assert.equal((await on.post(path(alice), on.from(2))).statusCode, 202)
    assert.equal((await on.post(path(bob), on.from(1, OPERATOR))).statusCode, 202)
    on.time.now += wait * SECOND
    assert.equal((await on.post(path(someone(20)), on.from(1))).statusCode, 202)
    assert.equal((await on.post(path(someone(21)), on.from(1))).statusCode, 429)
  })

  test('is refused where too many wait, also of those that ingest has not taken yet', async () => {
    await using on = await serve()
    for (let n = 0; n < 200; n++) await on.post(path(someone(n)), on.from(n))
    const refused = await on.post(path(alice), on.from(201))
    assert.deepEqual([refused.statusCode, refused.json().error], [503, 'TooManyImports'])
    assert.equal((await on.post(path(alice), on.from(201, OPERATOR))).statusCode, 202)
    on.time.now += 20 * SECOND
    assert.equal((await on.post(path(bob), on.from(202))).statusCode, 202, 'ingest has taken them')
  })

  test('is taken back by those who asked for it, or by the operator', async () => {
    await using on = await serve()
    await on.post(path(alice), on.from(1))
    on.ledger.imports.set(alice, OPEN)
    await on.post(path(alice), on.from(2))
    assert.equal((await on.delete(path(alice), on.from(3))).statusCode, 403)
    assert.equal((await on.delete(path(alice), on.from(1))).json().state, 'queued', 'another client waits')
    assert.equal((await on.delete(path(alice), on.from(1))).statusCode, 403)
    assert.equal((await on.delete(path(alice), on.from(2))).json().state, 'cancelled')
    assert.equal(await on.state(alice), 'cancelled')
    assert.equal((await on.delete(path(alice), on.from(2))).statusCode, 404)
    on.ledger.imports.set(alice, { ...OPEN, isOpen: false })
    assert.equal((await on.post(path(alice), on.from(2))).json().state, 'queued')
    assert.equal((await on.delete(path(alice), on.from(9, OPERATOR))).json().state, 'cancelled')
    assert.deepEqual(
      on.kinds(),
      ['import', 'cancel-import', 'import', 'cancel-import'].map((kind) => `${kind} ${alice}`),
    )
  })

  for (const [how, pass] of [
    [
      'seen to be closed',
      async (on: Served) => {
        on.ledger.imports.set(alice, { ...OPEN, isOpen: false })
        assert.equal(await on.state(alice), 'cancelled')
      },
    ],
    [
      'not looked at',
      async (on: Served) => {
        on.time.now += 15 * SECOND
        on.ledger.heartbeat = { at: on.time.now, lag: 0, host: 'stream.example' }
      },
    ],
  ] as const) {
    test(`that others begin after one that was cancelled and ${how} is told apart from it`, async () => {
      await using on = await serve()
      await on.post(path(alice), on.from(1))
      on.ledger.imports.set(alice, OPEN)
      assert.equal((await on.delete(path(alice), on.from(1))).json().state, 'cancelled')
      on.importNews.note(alice, { state: 'cancelled' })
      assert.equal(await on.state(alice), 'cancelled', 'ingest has not taken the wish yet')
      await pass(on)
      on.ledger.imports.set(alice, OPEN)
      assert.equal(await on.state(alice), 'queued')
      assert.equal((await on.delete(path(alice), on.from(1))).statusCode, 403)
      on.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
      on.ledger.imports.set(alice, DONE)
      assert.equal(await on.state(alice), 'done')
    })
  }

  test('that was cancelled too late, or is followed by one that nobody saw, is done', async () => {
    await using on = await serve()
    await on.post(path(alice), on.from(1))
    on.ledger.imports.set(alice, OPEN)
    await on.delete(path(alice), on.from(1))
    on.ledger.imports.set(alice, DONE)
    assert.equal(await on.state(alice), 'done')
  })

  for (const [whose, begin] of [
    ['that a command or another process has begun', async () => {}],
    [
      'that a client asked for more than an hour ago',
      async (on: Served) => {
        await on.post(path(alice), on.from(1))
        on.time.now += HOUR
      },
    ],
  ] as const) {
    test(`${whose} only the operator cancels, though visitors ask for it, too`, async () => {
      await using on = await serve()
      await begin(on)
      on.ledger.imports.set(alice, OPEN)
      const left = on.kinds().length
      for (const client of [1, 2]) {
        assert.equal((await on.post(path(alice), on.from(client))).json().state, 'queued')
        assert.equal((await on.delete(path(alice), on.from(client))).statusCode, 403)
      }
      assert.equal(on.kinds().length, left)
      assert.equal((await on.delete(path(alice), on.from(9, OPERATOR))).json().state, 'cancelled')
      assert.equal(on.kinds().at(-1), `cancel-import ${alice}`)
    })
  }

  test('of people who are not to be seen is answered like one of people whom nobody knows', async () => {
    await using on = await serve()
    const [hidden, unknown] = [alice, bob]
    on.ledger.join(hidden, profile('alice.example')).earn(hidden, { delta: 50 }).hide(hidden)
    const answers = async (did: Did) => {
      const all = [await on.get(path(did)), await on.post(path(did)), await on.get(path(did))]
      // The one question is dropped at once; the other is answered by the network.
      if (did === unknown) {
        on.ledger.imports.set(unknown, { ...OPEN, isOpen: false })
        on.importNews.note(unknown, { state: 'failed', failure: 'not-found', reason: 'x', again: false })
      }
      for (const seconds of [1, 9, 4, 2, 100]) {
        on.time.now += seconds * SECOND
        on.ledger.heartbeat = { at: on.time.now, lag: 0, host: 'stream.example' }
        all.push(await on.get(path(did)))
      }
      return all.map(({ statusCode, body }) => `${statusCode} ${body.replaceAll(did, 'them')}`)
    }
    const [one, other] = [await answers(hidden), await answers(unknown)]
    assert.deepEqual(one, other)
    assert.match(one.at(-1) ?? '', /"state":"refused".*"reason":"not-possible"/)
    assert.match(one[3] ?? '', /"state":"queued"/)
  })

  test('tells nobody how much there is of somebody who is not introduced yet', async () => {
    await using on = await serve()
    on.ledger.imports.set(alice, DONE)
    assert.deepEqual((await on.get(path(alice))).json().records, 0)
  })

  test('that cannot be noted is not begun, and does not count as asked for', async () => {
    await using on = await serve()
    on.ledger.leave = () => Promise.reject(new Error('locked'))
    assert.equal((await on.post(path(alice))).json().error, 'LedgerUnavailable')
    assert.equal((await on.get(path(alice))).statusCode, 404)
    assert.equal(on.logged.length, 1)
  })

  test('may be forgotten after an hour', async () => {
    await using on = await serve()
    await on.post(path(alice))
    on.time.now += HOUR
    assert.equal((await on.get(path(alice))).statusCode, 404)
  })
})

suite('those who follow an import', () => {
  async function following() {
    const on = await serve()
    await on.post(path(alice))
    on.ledger.imports.set(alice, OPEN)
    const url = await on.app.listen({ port: 0, host: '127.0.0.1' })
    const open = async () => {
      const request = get(`${url}${path(alice)}/stream`)
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      const until = async (what: RegExp) => {
        while (!what.test(text)) await once(response, 'data', { signal: AbortSignal.timeout(20_000) })
      }
      return { response, until, text: () => text }
    }
    return Object.assign(on, { open })
  }

  test('are sent each step, and the connection ends with it', async () => {
    await using on = await following()
    const both = await Promise.all([on.open(), on.open()])
    for (const { response, until } of both) {
      assert.match(String(response.headers['content-type']), /^text\/event-stream/)
      await until(/"state":"queued"/)
    }
    on.ledger.join(alice, profile('alice.example')).earn(alice, { delta: 50 })
    on.importNews.note(alice, { state: 'counting', records: 3_412, of: 6_000 })
    for (const { until } of both) await until(/event: progress\ndata: \{[^\n]*"records":3412,"of":6000/)
    const reads = on.ledger.reads.importStatus ?? 0
    on.ledger.imports.set(alice, DONE)
    on.importNews.note(alice, { state: 'imported', records: 6_000, experience: 1 })
    for (const { response, until, text } of both) {
      await until(/"state":"done"/)
      if (!response.readableEnded) await once(response, 'end', { signal: AbortSignal.timeout(20_000) })
      const steps = [...text().matchAll(/"state":"(\w+)"/g)].map(([, state]) => state)
      assert.deepEqual([...new Set(steps)], ['queued', 'running', 'done'])
    }
    assert.ok((on.ledger.reads.importStatus ?? 0) - reads <= 4, 'one look serves all who follow')
  })

  test('who are told of nothing are not kept', async () => {
    await using on = await serve()
    assert.equal((await on.get(`${path(bob)}/stream`)).statusCode, 404)
    on.ledger.imports.set(alice, DONE)
    const answer = await on.get(`${path(alice)}/stream`)
    assert.match(answer.body, /"state":"done"/)
  })

  test('are let go when the server ends', async () => {
    const on = await following()
    const { response, until } = await on.open()
    await until(/queued/)
    const ended = once(response, 'close', { signal: AbortSignal.timeout(20_000) })
    await on.app.close()
    await ended
  })

  test('are let go at once where they come while the server ends', async () => {
    const state = { state: 'queued', trouble: undefined } as const
    const followers = new ImportFollowers({
      state: async () => state,
      present: () => ({}),
      onError: () => {},
      pollMs: 1_000_000,
      heartbeatMs: 1_000_000,
    })
    const server = createServer((_request, response) => {
      followers.close()
      followers.add(alice, state, response)
    })
    await using stack = new AsyncDisposableStack()
    stack.defer(() => {
      server.closeAllConnections()
      return server[Symbol.asyncDispose]()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const answer = await fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(20_000) })
    assert.match(await answer.text(), /event: progress/)
  })
})
