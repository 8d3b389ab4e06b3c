import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import test from 'node:test'
import type { Did } from '@atcute/lexicons/syntax'
import { EventSource } from 'eventsource'
import { Broadcast } from '../../src/api/broadcast.ts'
import { HeavyReads } from '../../src/api/heavy-reads.ts'
import { ListenerPlaces } from '../../src/api/listener-places.ts'
import { leveling } from '../../src/game/levels.ts'
import { alice, bob, build, profile } from './harness.ts'
import { ScriptedLedger } from './scripted-ledger.ts'

/** Reads a stream until its text matches. */
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
async function broadcasting({
  heartbeatMs = 60_000,
  dids,
  sampled = false,
  charge = () => true,
}: {
  heartbeatMs?: number
  dids?: Did[]
  sampled?: boolean
  charge?: (cost: number) => boolean
} = {}) {
  const ledger = new ScriptedLedger().join(alice).join(bob)
  const errors: unknown[] = []
  const responses: ServerResponse[] = []
  const broadcast = new Broadcast({
    reader: ledger,
    heavy: new HeavyReads(1_000),
    present: ({ rkey, experience, delta }) => ({ rkey, leveling: leveling(experience, delta) }),
    onError: (error) => errors.push(error),
    pollMs: 1,
    heartbeatMs,
  })
  const server = createServer((request, response) => {
    responses.push(response)
    response.writeHead(200)
    response.write('retry: 20\n\n')
    const last = request.headers['last-event-id']
    broadcast.add({
      response,
      dids: dids && new Set(dids),
      sampled,
      last: typeof last === 'string' ? last : undefined,
      charge,
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ledger,
    errors,
    responses,
    broadcast,
    url,
    listen: async (headers: Record<string, string> = {}) => listener(await fetch(url, { headers })),
    async [Symbol.asyncDispose]() {
      broadcast.close()
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

const rkeys = (text: string) => [...text.matchAll(/"rkey":"record-(\d+)"/g)].map(([, n]) => Number(n))
const ids = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
const lastId = (text: string) => String(ids(text).at(-1) ?? assert.fail('no id'))
const upTo = (n: number, from = 0) => Array.from({ length: n - from }, (_, i) => from + i)

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
  const text = await stream.until(/level-up\ndata.*\n\n/)
  assert.deepEqual(
    text.split('\n\n').map((block) => block.split('\n').slice(0, 2).join(' ')),
    ['retry: 3000', 'id: 1 event: position', 'id: 3 event: award', 'id: 4 event: level-up', ''],
  )
  const data = JSON.parse(/data: (\{"did.*)/.exec(text)?.[1] ?? '')
  assert.deepEqual([data.did, data.delta, data.leveling.experience], [alice, 40, 140])
  await server.app.close()
  await stream.end()
})

test('the ledger is looked at while somebody listens, and not otherwise', async () => {
  await using here = await broadcasting()
  assert.equal(here.ledger.reads.recent, undefined)
  const stream = await here.listen()
  await stream.until(/event: position/)
  here.ledger.earn(alice, { delta: 10 })
  await stream.until(/record-0/)
  const [response] = here.responses
  const gone = once(response ?? assert.fail(), 'close')
  await stream.leave()
  await gone
  assert.equal(here.broadcast.size, 0)
  here.ledger.earn(alice, { delta: 10 })
  const again = await here.listen()
  await again.until(/id: 2\nevent: position/)
  here.ledger.earn(alice, { delta: 10 })
  assert.deepEqual(rkeys(await again.until(/record-2/)), [2])
})

test('each event has an id, from which a client goes on in the middle of what came together', async () => {
  await using here = await broadcasting()
  const first = await here.listen()
  await first.until(/event: position/)
  for (let n = 0; n < 50; n++) here.ledger.earn(alice, { delta: 10 })
  const text = await first.until(/record-49"/)
  assert.deepEqual(ids(text), upTo(51))
  const back = await here.listen({ 'last-event-id': '20' })
  assert.deepEqual(rkeys(await back.until(/record-49"/)), upTo(50, 20))
  assert.deepEqual(here.errors, [])
})

test('who was away gets everything since, once and in order, while more happens', async () => {
  await using here = await broadcasting()
  const first = await here.listen()
  await first.until(/event: position/)
  here.ledger.earn(alice, { delta: 10 })
  const id = lastId(await first.until(/id: 1\n/))
  for (let n = 0; n < 1_700; n++) here.ledger.earn(n % 2 === 0 ? alice : bob, { delta: 10 })
  const back = await here.listen({ 'last-event-id': id })
  await back.until(/record-900"/)
  for (let n = 0; n < 300; n++) here.ledger.earn(alice, { delta: 10 })
  const seen = rkeys(await back.until(/record-2000"/))
  assert.deepEqual(seen, upTo(2_001, 1))
})

test('many who were away for a moment cost few readings of the ledger', async () => {
  await using here = await broadcasting()
  const first = await here.listen()
  await first.until(/event: position/)
  for (let n = 0; n < 1_000; n++) here.ledger.earn(alice, { delta: 10 })
  await first.until(/record-999"/)
  const before = here.ledger.reads.characters ?? 0
  const all = await Promise.all(upTo(30).map(() => here.listen({ 'last-event-id': '0' })))
  for (const one of all) assert.deepEqual(rkeys(await one.until(/record-999"/)), upTo(1_000))
  assert.equal((here.ledger.reads.characters ?? 0) - before, 1, 'who may be seen is looked up once')
})

test('who has gone is not shown to those who were away', async () => {
  await using here = await broadcasting()
  const first = await here.listen()
  await first.until(/event: position/)
  here.ledger.earn(alice, { delta: 10 }).earn(bob, { delta: 10 })
  await first.until(/record-1"/)
  here.ledger.hide(alice)
  const back = await here.listen({ 'last-event-id': '0' })
  assert.deepEqual(rkeys(await back.until(/record-1"/)), [1])
})

for (const [what, last, reason] of [
  ['that the ledger never gave out', 'no-place', 'the position is not one of this ledger'],
  ['ahead of the ledger, as after it was restored', '99', 'the position is not one of this ledger'],
  ['that is not kept any more', '0', 'too much has happened since'],
]) {
  test(`a place ${what} is told as a gap, and what comes next arrives`, async () => {
    await using here = await broadcasting()
    for (let n = 0; n < 3; n++) here.ledger.earn(alice, { delta: 10 })
    here.ledger.kept = 2
    const stream = await here.listen({ 'last-event-id': String(last) })
    const text = await stream.until(/event: gap\ndata: .*\n\n/)
    assert.match(text, new RegExp(`id: 3\nevent: gap\ndata: {"reason":"${reason}"}`))
    here.ledger.earn(alice, { delta: 10 })
    assert.deepEqual(rkeys(await stream.until(/record-3"/)), [3])
    assert.deepEqual(here.errors, [])
  })
}

test('what a client missed is charged to it, and a gap is told once its limit is used up', async () => {
  let left = 5
  const charge = (cost: number) => {
    if (left < cost) return false
    left -= cost
    return true
  }
  await using here = await broadcasting({ charge })
  for (let n = 0; n < 1_000; n++) here.ledger.earn(alice, { delta: 10 })
  const stream = await here.listen({ 'last-event-id': '0' })
  const text = await stream.until(/event: gap\ndata: .*\n\n/)
  assert.match(text, /event: gap\ndata: {"reason":"the rate limit is used up"}/)
  assert.deepEqual(rkeys(text), upTo(400))
  here.ledger.earn(alice, { delta: 10 })
  await stream.until(/record-1000"/)
})

test('what comes all at once, as after seconds without the network, arrives whole and in order', async () => {
  await using here = await broadcasting({ dids: [bob] })
  const stream = await here.listen()
  await stream.until(/event: position/)
  for (let n = 0; n < 12_000; n++) here.ledger.earn(n % 4 === 0 ? bob : alice, { delta: 10 })
  const text = await stream.until(/record-11996"/)
  assert.deepEqual(
    rkeys(text),
    upTo(3_000).map((n) => n * 4),
  )
  assert.doesNotMatch(text, /event: gap/)
})

test('a poll goes on past events of people who are hidden', async () => {
  await using here = await broadcasting()
  const stream = await here.listen()
  await stream.until(/event: position/)
  here.ledger.hide(bob)
  const [response] = here.responses
  assert.ok(response !== undefined)
  const written: number[] = []
  const write = response.write.bind(response)
  response.write = (text: string) => {
    written.push(rkeys(text).length)
    return write(text)
  }
  for (let n = 0; n < 1_400; n++) here.ledger.earn(n % 2 === 0 ? alice : bob, { delta: 10 })
  await stream.until(/record-1398"/)
  assert.deepEqual(written, [700])
})

test('a backlog that lasts is told as a gap', async () => {
  await using here = await broadcasting({ dids: [bob] })
  const stream = await here.listen()
  await stream.until(/event: position/)
  for (let n = 0; n < 30_000; n++) here.ledger.earn(alice, { delta: 10 })
  assert.match(await stream.until(/event: gap\ndata: .*\n/), /too much has happened since/)
  here.ledger.earn(bob, { delta: 10 })
  await stream.until(/record-30000"/)
})

test('a filtered stream is told where it is while others are busy, and goes on from there', async () => {
  await using here = await broadcasting({ heartbeatMs: 20, dids: [bob] })
  const stream = await here.listen()
  await stream.until(/event: position/)
  let busy = true
  const others = (async () => {
    for (; busy; await new Promise(setImmediate)) here.ledger.earn(alice, { delta: 10 })
  })()
  const text = await stream.until(/(?:event: position.*){3}/s)
  busy = false
  await others
  assert.deepEqual(rkeys(text), [])
  here.ledger.earn(bob, { delta: 10 })
  const own = here.ledger.log.length - 1
  const back = await here.listen({ 'last-event-id': lastId(text) })
  assert.deepEqual(rkeys(await back.until(new RegExp(`record-${own}"`))), [own])
})

test("npm's eventsource goes on from where it was cut off", async () => {
  await using here = await broadcasting()
  const seen: string[] = []
  const source = new EventSource(here.url, {
    fetch: async (url, init) => {
      const response = await fetch(url, init)
      return new Response(response.body, { headers: { 'content-type': 'text/event-stream' } })
    },
  })
  source.addEventListener('award', (event) => seen.push(event.lastEventId))
  source.addEventListener('level-up', (event) => seen.push(event.lastEventId))
  const begun = Promise.withResolvers<void>()
  source.addEventListener('position', () => begun.resolve())
  await begun.promise
  const until = async (n: number) => {
    while (seen.length < n) await new Promise(setImmediate)
  }
  for (let n = 0; n < 5; n++) here.ledger.earn(alice, { delta: 10 })
  await until(5)
  here.responses[0]?.destroy()
  for (let n = 0; n < 5; n++) here.ledger.earn(alice, { delta: 10 })
  await until(10)
  source.close()
  assert.deepEqual(seen.map(Number), upTo(11, 1))
})

test('a client that is not there any more takes no place', async () => {
  const places = new ListenerPlaces({ max: 2, maxOfAClient: 2 })
  const responses = ['192.0.2.1', '192.0.2.1'].map((address) => {
    const response = new ServerResponse(new IncomingMessage(new Socket()))
    places.take(address, response)
    return response
  })
  const one = new ServerResponse(new IncomingMessage(new Socket()))
  assert.throws(() => places.take('192.0.2.1', one), { status: 429 })
  assert.throws(() => places.take('192.0.2.2', one), { status: 503 })
  for (const response of responses) response.emit('close')
  assert.equal(places.taken, 0)
  places.take('192.0.2.2', one)
  assert.equal(places.taken, 1)
})

test('those who leave while their look-up waits give their place back', async () => {
  const answer = Promise.withResolvers<undefined>()
  await using server = await build({ handles: { isCached: () => false, resolve: () => answer.promise } })
  const url = await server.app.listen({ port: 0, host: '127.0.0.1' })
  const end = new AbortController()
  const left = Array.from({ length: 20 }, () =>
    fetch(`${url}/v1/stream?actors=slow.test`, { signal: end.signal }),
  )
  const refused = async () => {
    const response = await fetch(`${url}/v1/stream`)
    await response.body?.cancel()
    return response.status
  }
  while ((await refused()) !== 429) await new Promise(setImmediate)
  end.abort()
  for (const one of left) await assert.rejects(one)
  while ((await refused()) !== 200) await new Promise(setImmediate)
  answer.resolve(undefined)
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

test('a client that wants a sample is sent a level-up now and then, and no awards', async () => {
  await using here = await broadcasting({ sampled: true })
  const stream = await here.listen()
  await stream.until(/position/)
  const since = performance.now()
  // Every poll finds a level-up and an award.
  const recent = here.ledger.recent.bind(here.ledger)
  here.ledger.recent = (after, limit) => {
    here.ledger.earn(alice, { delta: 200 }).earn(bob, { delta: 0 })
    return recent(after, limit)
  }
  const text = await stream.until(/level-up[\s\S]*level-up/)
  assert.equal(text.match(/event: level-up/g)?.length, 2)
  assert.doesNotMatch(text, /event: award/)
  assert.ok(performance.now() - since > 900, 'a second between them')
})

test('a ledger that is out of reach for a while is looked at again', async () => {
  await using here = await broadcasting()
  const stream = await here.listen()
  await stream.until(/retry/)
  here.ledger.failure = new Error('away')
  while (here.errors.length < 2) await new Promise(setImmediate)
  here.ledger.failure = undefined
  here.ledger.earn(alice, { delta: 10 })
  assert.deepEqual(rkeys(await stream.until(/record-0/)), [0])
})
