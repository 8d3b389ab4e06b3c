import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import { Broadcast } from '../../src/api/broadcast.ts'
import { leveling } from '../../src/game/levels.ts'
import { alice, bob, build, profile } from './harness.ts'
import { MemoryLedger } from './memory-ledger.ts'

/** Reads a stream's text until it matches. */
function listener(response: Response) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    async until(pattern: RegExp): Promise<string> {
      while (!pattern.test(text)) text += (await reader?.read())?.value ?? assert.fail(`ended after ${text}`)
      return text
    },
    async end(): Promise<string> {
      for (;;) {
        const piece = await reader?.read()
        if (piece?.value === undefined) return text
        text += piece.value
      }
    },
    leave: () => reader?.cancel(),
  }
}

/** A broadcast behind a server, without the API around it. */
async function broadcasting({ keepAliveMs = 60_000, dids }: { keepAliveMs?: number; dids?: Did[] } = {}) {
  const ledger = new MemoryLedger().join(alice).join(bob)
  const errors: unknown[] = []
  const responses: ServerResponse[] = []
  const broadcast = new Broadcast({
    reader: ledger,
    present: ({ rkey, experience, delta }) => ({ rkey, leveling: leveling(experience, delta) }),
    onError: (error) => errors.push(error),
    pollMs: 1,
    keepAliveMs,
  })
  const server = createServer((request, response) => {
    responses.push(response)
    response.writeHead(200)
    response.write('hello\n\n')
    const last = request.headers['last-event-id']
    broadcast.add(response, dids && new Set(dids), typeof last === 'string' ? last : undefined)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ledger,
    errors,
    responses,
    broadcast,
    listen: async (headers: Record<string, string> = {}) => listener(await fetch(url, { headers })),
    async [Symbol.asyncDispose]() {
      broadcast.close()
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

/** Until the ledger was looked at `n` times more. */
async function looks(ledger: MemoryLedger, n: number): Promise<void> {
  const enough = (ledger.reads.recent ?? 0) + n
  while ((ledger.reads.recent ?? 0) < enough) await new Promise(setImmediate)
}

const rkeys = (text: string) => [...text.matchAll(/"rkey":"record-(\d+)"/g)].map(([, n]) => Number(n))
const lastId = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1] ?? assert.fail('no id')

test('awards and level-ups come as they happen, by name, to those who asked for them', async () => {
  await using server = await build()
  server.ledger.join(alice, profile('alice.example')).join(bob).earn(alice, { delta: 100 })
  const url = await server.app.listen({ port: 0, host: '127.0.0.1' })
  const response = await fetch(`${url}/v1/stream?actors=alice.example`)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.equal(response.headers.get('access-control-allow-origin'), '*')
  assert.match(String(response.headers.get('ratelimit')), /^"default";r=/)
  const stream = listener(response)
  // From the moment that the client was let in, nothing is missed.
  server.ledger.earn(bob, { delta: 500 }).earn(alice, { delta: 40 }).earn(alice, { delta: 10 })
  const text = await stream.until(/\nid: 4\n\n/)
  assert.deepEqual(
    text.split('\n\n').map((block) => block.split('\n')[0]),
    ['retry: 3000', 'event: award', 'event: level-up', 'id: 4', ''],
  )
  const data = JSON.parse(/data: (.*)/.exec(text)?.[1] ?? '')
  assert.deepEqual([data.did, data.delta, data.leveling.experience], [alice, 40, 140])
  await server.app.close()
  await stream.end()
})

test('the ledger is looked at while somebody listens, and not otherwise', async () => {
  await using here = await broadcasting()
  assert.equal(here.ledger.reads.recent, undefined)
  const stream = await here.listen()
  here.ledger.earn(alice, { delta: 10 })
  await stream.until(/record-0/)
  const [response] = here.responses
  const gone = once(response ?? assert.fail(), 'close')
  await stream.leave()
  await gone
  assert.equal(here.broadcast.size, 0)
  here.ledger.earn(alice, { delta: 10 })
  const again = await here.listen()
  here.ledger.earn(alice, { delta: 10 })
  assert.deepEqual(rkeys(await again.until(/record-2/)).at(-1), 2)
})

test('who was away gets everything since, once and in order, while more happens', async () => {
  await using here = await broadcasting()
  const first = await here.listen()
  here.ledger.earn(alice, { delta: 10 })
  const id = lastId(await first.until(/id: 1\n/))
  for (let n = 0; n < 1_700; n++) here.ledger.earn(n % 2 === 0 ? alice : bob, { delta: 10 })
  const back = await here.listen({ 'last-event-id': id })
  await back.until(/record-900"/)
  for (let n = 0; n < 300; n++) here.ledger.earn(alice, { delta: 10 })
  const seen = rkeys(await back.until(/id: 2001\n/))
  assert.deepEqual(
    seen,
    Array.from({ length: 2_000 }, (_, n) => n + 1),
  )
})

test('a place that the ledger never gave out begins with what comes next', async () => {
  await using here = await broadcasting()
  here.ledger.earn(alice, { delta: 10 })
  const stream = await here.listen({ 'last-event-id': 'no place' })
  await looks(here.ledger, 3)
  here.ledger.earn(alice, { delta: 10 })
  assert.deepEqual(rkeys(await stream.until(/record-1"/)), [1])
  assert.deepEqual(here.errors, [])
})

test('only those asked for are told of, and the id goes on all the same', async () => {
  await using here = await broadcasting({ dids: [bob] })
  const stream = await here.listen()
  here.ledger.earn(alice, { delta: 10 }).earn(bob, { delta: 10 }).earn(alice, { delta: 10 })
  const text = await stream.until(/id: \d/)
  assert.deepEqual(rkeys(text), [1])
  assert.equal(lastId(text), '3')
})

test('a silent stream says now and then that all is well', async () => {
  await using here = await broadcasting({ keepAliveMs: 3 })
  const stream = await here.listen()
  await stream.until(/: still here\n\n: still here\n\n/)
})

test('a client that does not read is let go, and others get everything', async () => {
  await using here = await broadcasting()
  const slow = await here.listen()
  const [response] = here.responses
  assert.ok(response)
  // As if nobody took what is written.
  Object.defineProperty(response, 'writableLength', { get: () => 1_000_000 })
  const quick = await here.listen()
  here.ledger.earn(alice, { delta: 10 })
  await quick.until(/record-0/)
  assert.ok(response.destroyed)
  assert.equal(here.broadcast.size, 1)
  await assert.rejects(slow.until(/never/))
})

test('a client that leaves while it is written to harms nobody', async () => {
  await using here = await broadcasting()
  await here.listen()
  const other = await here.listen()
  here.responses[0]?.destroy()
  here.ledger.earn(alice, { delta: 10 }).earn(alice, { delta: 10 })
  await other.until(/record-1/)
  here.responses[0]?.emit('error', new Error('written after the end'))
  here.ledger.earn(alice, { delta: 10 })
  await other.until(/record-2/)
})

test('a ledger that is out of reach for a while is looked at again', async () => {
  await using here = await broadcasting()
  const stream = await here.listen()
  await stream.until(/hello/)
  here.ledger.failure = new Error('away')
  while (here.errors.length < 2) await new Promise(setImmediate)
  here.ledger.failure = undefined
  here.ledger.earn(alice, { delta: 10 })
  assert.deepEqual(rkeys(await stream.until(/record-0/)), [0])
})

test('where too much happens to follow, what is shown is the newest again', async () => {
  await using here = await broadcasting()
  const stream = await here.listen()
  await stream.until(/hello/)
  for (let n = 0; n < 10_000; n++) here.ledger.earn(alice, { delta: 10 })
  await stream.until(/record-1999"/)
  await looks(here.ledger, 3)
  here.ledger.earn(bob, { delta: 10 })
  const seen = rkeys(await stream.until(/record-10000"/))
  assert.equal(seen.length, 2_001)
})
