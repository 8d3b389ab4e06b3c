import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cursor, StreamEvent } from '../../src/atproto/event.ts'
import {
  type Gap,
  type StreamObserver,
  type SubscribeOptions,
  silentObserver,
  subscribe,
} from '../../src/jetstream/subscribe.ts'
import { Network } from '../../src/simulator/network.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts'

const START = 1_750_000_000_000_000
const QUICK = { baseMs: 1, maxMs: 5, random: () => 0.5 }

function networkOf(seed = 5, start = START): Network {
  return new Network({ seed, actors: 60, start, step: 10_000, mix: 'everything' })
}

async function served(emitted: number, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ network: options.network ?? networkOf(), seed: 5, ...options })
  simulator.emit(emitted)
  return simulator
}

function options(
  hosts: string[],
  cursor: Cursor | undefined,
  more: Partial<SubscribeOptions> = {},
): SubscribeOptions {
  return {
    hosts,
    cursor,
    collections: [],
    dids: undefined,
    compression: 'off',
    userDictionary: undefined,
    observer: silentObserver,
    signal: AbortSignal.timeout(20_000),
    batchWindowMs: 5,
    backoff: QUICK,
    ...more,
  }
}

/** Everything up to the event at `last`, or until `enough` says so. */
async function collect(settings: SubscribeOptions, enough: (events: StreamEvent[], gaps: Gap[]) => boolean) {
  const events: StreamEvent[] = []
  const gaps: Gap[] = []
  let cursor: Cursor | undefined
  for await (const delivery of subscribe(settings)) {
    events.push(...delivery.events)
    gaps.push(...delivery.gaps)
    cursor = delivery.cursor
    if (enough(events, gaps)) break
  }
  return { events, gaps, cursor }
}

const place = (simulator: Simulator, wire: 'v1' | 'v2', value: number, at = START): Cursor => {
  return { host: new URL(simulator.url).host, wire, value, at }
}
const shown = (simulator: Simulator, wire: 'v1' | 'v2') =>
  simulator.archive.entries.map(({ event }) => event).filter(({ kind }) => wire === 'v2' || kind !== 'sync')

for (const wire of ['v1', 'v2'] as const) {
  const path = wire === 'v1' ? '/subscribe' : '/xrpc/network.bsky.jetstream.subscribeEvents'

  test(`${wire}: everything from a cursor on arrives, in order`, async () => {
    await using simulator = await served(3_000)
    const expected = shown(simulator, wire)
    const begin = place(simulator, wire, wire === 'v1' ? START : 1)
    const { events, cursor, gaps } = await collect(
      options([simulator.url + path], begin),
      (all) => all.length >= expected.length,
    )
    assert.deepEqual(events, expected)
    assert.equal(cursor?.wire, wire)
    assert.deepEqual(gaps, wire === 'v1' ? gaps : [])
  })

  test(`${wire}: a connection that drops again and again loses nothing`, async () => {
    await using simulator = await served(3_000, { faults: { drop: 0.003, malformed: 0.02, duplicate: 0.01 } })
    const expected = shown(simulator, wire)
    const last = expected.at(-1)
    const begin = place(simulator, wire, wire === 'v1' ? START : 1)
    const { events } = await collect(options([simulator.url + path], begin), (all) => {
      const end = all.at(-1)
      return end?.did === last?.did && end?.at === last?.at && JSON.stringify(end) === JSON.stringify(last)
    })
    const keys = new Set(events.map((event) => JSON.stringify(event)))
    for (const event of expected) assert.ok(keys.has(JSON.stringify(event)), `lost ${JSON.stringify(event)}`)
  })

  test(`${wire}: frames come compressed where both have the dictionary`, async () => {
    const dictionary = dictionaryOf(77)
    await using simulator = await served(300, { dictionaries: { v1: dictionary, v2: dictionary } })
    const compressed: boolean[] = []
    const observer: StreamObserver = { ...silentObserver, connected: (at) => compressed.push(at.compressed) }
    const expected = shown(simulator, wire)
    const begin = place(simulator, wire, wire === 'v1' ? START : 1)
    const settings = options([simulator.url + path], begin, {
      compression: 'zstd',
      userDictionary: dictionary,
      observer,
    })
    const { events } = await collect(settings, (all) => all.length >= expected.length)
    assert.deepEqual(events, expected)
    assert.deepEqual(compressed, [true])
  })
}

test('a plain address takes the newer wire', async () => {
  await using simulator = await served(50)
  const { cursor } = await collect(
    options([simulator.url], place(simulator, 'v2', 1)),
    (all) => all.length >= 50,
  )
  assert.equal(cursor?.wire, 'v2')
})

test("on another host it goes on by time, some seconds back, and never by the first one's numbers", async () => {
  const network = networkOf()
  const first = await served(2_000, { network })
  await using second = await startSimulator({ network, seed: 6, firstSeq: 900_000 })
  second.add(first.archive.entries.map(({ event }) => event))
  const seen: StreamEvent[] = []
  const cursors: Cursor[] = []
  const asked: (number | undefined)[] = []
  const observer: StreamObserver = { ...silentObserver, connecting: (_at, cursor) => asked.push(cursor) }
  for await (const { events, cursor } of subscribe(
    options([first.url, second.url], place(first, 'v2', 1), { observer }),
  )) {
    seen.push(...events)
    if (cursor !== undefined) cursors.push(cursor)
    if (cursors.length === 1) {
      await first[Symbol.asyncDispose]()
      second.emit(500)
    }
    if (
      seen.at(-1) &&
      cursor?.host === new URL(second.url).host &&
      cursor.value >= 900_000 + second.archive.entries.length - 1
    )
      break
  }
  const keys = new Set(seen.map((event) => JSON.stringify(event)))
  for (const { event } of second.archive.entries) assert.ok(keys.has(JSON.stringify(event)))
  const byTime = asked.at(-1) ?? 0
  assert.ok(
    byTime >= 1e15 &&
      byTime <= (cursors.findLast(({ host }) => host === new URL(first.url).host)?.at ?? 0) - 10_000_000,
  )
})

test('a cursor older than what the host keeps is a gap, on both wires', async () => {
  await using simulator = await served(4_000)
  simulator.archive.floor = 2_000
  const v2 = await collect(options([simulator.url], place(simulator, 'v2', 5)), (all) => all.length >= 500)
  assert.deepEqual(
    v2.gaps.map(({ reason }) => reason),
    ['cursor-too-old'],
  )
  assert.ok((v2.gaps[0]?.to ?? 0) > START)
  const day = 25 * 3_600_000_000
  const old = place(simulator, 'v1', START - day, START - day)
  const v1 = await collect(options([`${simulator.url}/subscribe`], old), (all) => all.length >= 500)
  assert.deepEqual(
    v1.gaps.map(({ reason }) => reason),
    ['clamped'],
  )
})

test('a retired dictionary is fetched anew, and without one it goes on uncompressed', async () => {
  const current: { v1: undefined; v2: Uint8Array | undefined } = { v1: undefined, v2: dictionaryOf(1) }
  await using simulator = await served(200, { dictionaries: current })
  const reasons: string[] = []
  const observer: StreamObserver = { ...silentObserver, uncompressed: (_at, reason) => reasons.push(reason) }
  const settings = options([simulator.url], place(simulator, 'v2', 1), { compression: 'zstd', observer })
  const { events } = await collect(settings, (all) => all.length >= simulator.archive.entries.length)
  assert.equal(events.length, simulator.archive.entries.length)
  assert.deepEqual(reasons, [])

  let broken = false
  const mending: StreamObserver = {
    ...observer,
    disconnected: () => {
      broken = true
      simulator.faults.drop = 0
    },
  }
  const again = options([simulator.url], place(simulator, 'v2', 1), {
    compression: 'zstd',
    observer: mending,
  })
  for await (const delivery of subscribe(again)) {
    if (broken && delivery.events.length > 0) break
    // From now on the host has another one; the connection breaks off, and the next one needs it.
    current.v2 = dictionaryOf(2)
    simulator.faults.drop = 1
    simulator.emit(20)
  }
  assert.deepEqual(reasons, [])
  current.v2 = undefined
  await collect(settings, (all) => all.length >= 100)
  assert.equal(reasons.length, 1)
})

test('a consumer that does not take holds the socket back', async () => {
  await using simulator = await served(60_000, { slow: { bytes: 512 * 1024, ms: 600_000 } })
  const marks: string[] = []
  const observer: StreamObserver = {
    ...silentObserver,
    paused: () => marks.push('paused'),
    resumed: () => marks.push('resumed'),
  }
  const settings = options([simulator.url], place(simulator, 'v2', 1), {
    observer,
    highWaterBytes: 256 * 1024,
    maxEvents: 200,
  })
  const taken: StreamEvent[] = []
  for await (const { events } of subscribe(settings)) {
    taken.push(...events)
    if (taken.length === events.length) {
      // Nothing is taken until the socket has been paused for want of it.
      while (!marks.includes('paused')) {
        settings.signal.throwIfAborted()
        await sleep(1)
      }
    }
    if (taken.length >= 60_000) break
  }
  assert.ok(marks.includes('resumed'))
  assert.deepEqual(
    taken.slice(0, 60_000),
    simulator.archive.entries.slice(0, 60_000).map(({ event }) => event),
  )
})

test('a frame too large to take is passed over, and counted', async () => {
  await using simulator = await served(100)
  const { did } = simulator.archive.entries[0]?.event ?? assert.fail()
  const at = simulator.network.now
  const huge: StreamEvent = {
    kind: 'commit',
    did,
    at,
    rev: '3lzzzzzzzzz2a',
    op: 'create',
    collection: 'app.bsky.feed.post',
    rkey: 'huge',
    record: { text: 'x'.repeat(400_000) },
  }
  simulator.add([huge])
  simulator.emit(100)
  const last = simulator.archive.entries.at(-1)?.event
  const malformed: string[] = []
  const observer: StreamObserver = { ...silentObserver, malformed: (_at, reason) => malformed.push(reason) }
  const settings = options([simulator.url], place(simulator, 'v2', 1), { maxFrameBytes: 100_000, observer })
  const { events } = await collect(settings, (all) => JSON.stringify(all.at(-1)) === JSON.stringify(last))
  assert.ok(events.length >= simulator.archive.entries.length - 1)
  assert.ok(!events.some((event) => event.kind === 'commit' && event.rkey === 'huge'))
  assert.ok(malformed.includes('oversized'))
})

test('a host that says nothing any more is given up for the next', async () => {
  const network = networkOf()
  await using silent = await served(10, { network, faults: { silent: true } })
  await using lively = await startSimulator({ network, seed: 6 })
  lively.emit(20)
  const endings: string[] = []
  const observer: StreamObserver = { ...silentObserver, disconnected: (_at, { kind }) => endings.push(kind) }
  const begin = { ...place(silent, 'v2', 1), at: START + 10_000_000 }
  await collect(
    options([silent.url, lively.url], begin, { observer, silenceMs: 100 }),
    (all) => all.length >= 10,
  )
  assert.deepEqual(endings, ['silent'])
})

test('hosts that refuse, are starting or are not there are told apart, round after round', async () => {
  const refusing = createServer((_request, response) => response.writeHead(403).end()).listen(0, '127.0.0.1')
  await once(refusing, 'listening')
  const { port } = refusing.address() as AddressInfo
  await using starting = await served(0, { faults: { unavailable: true } })
  const endings: string[] = []
  const end = new AbortController()
  let rounds = 0
  const observer: StreamObserver = {
    ...silentObserver,
    disconnected: (_at, ending) =>
      endings.push(ending.kind === 'refused' ? `refused ${ending.status}` : ending.kind),
    waiting: () => {
      rounds += 1
      if (rounds === 2) end.abort()
    },
  }
  const hosts = ['ws://127.0.0.1:9', `ws://127.0.0.1:${port}`, starting.url]
  const stream = subscribe(options(hosts, undefined, { observer, signal: end.signal }))
  await assert.rejects(stream.next(), { name: 'AbortError' })
  assert.deepEqual(endings.slice(0, 3), ['unreachable', 'refused 403', 'refused 503'])
  assert.equal(endings.length, 6)
  refusing.close()
})

test('only the people asked for come, however long the list', async () => {
  await using simulator = await served(2_000)
  const dids = simulator.network.people.slice(0, 2).map(({ did }) => did)
  const many = [...dids, ...Array.from({ length: 150 }, (_, n) => `did:web:nobody${n}.example` as const)]
  const wanted = (wire: 'v1' | 'v2') => shown(simulator, wire).filter(({ did }) => dids.includes(did))
  for (const list of [dids, many]) {
    for (const [wire, url, value] of [
      ['v2', simulator.url, 1],
      ['v1', `${simulator.url}/subscribe`, START],
    ] as const) {
      const expected = wanted(wire)
      const { events } = await collect(
        options([url], place(simulator, wire, value), { dids: list }),
        (all) => all.length >= expected.length,
      )
      assert.deepEqual(events, expected, `${wire}, ${list.length} people`)
    }
  }
})

test('an address that nobody can listen to is refused at once', () => {
  for (const url of ['https://a.test', 'wss://a.test/elsewhere', 'nonsense']) {
    assert.throws(() => subscribe(options([url], undefined)), /Expected a URL/)
  }
  assert.throws(() => subscribe(options([], undefined)), /at least one/)
})

/** A dictionary made of simulated frames, under any id (RFC 8878, section 5). */
function dictionaryOf(id: number): Uint8Array {
  const bytes = readFileSync(new URL('../fixtures/simulated.zdict', import.meta.url))
  bytes.writeUInt32LE(id, 4)
  return bytes
}
