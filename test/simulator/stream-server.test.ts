import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CommitEvent, StreamEvent } from '../../src/atproto/event.ts'
import { Network } from '../../src/simulator/network.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts'
import {
  addressOf,
  allReceived,
  type Client,
  ending,
  frames,
  listen,
  refusal,
  until,
  WIRES,
  type WireName,
} from './client.ts'

const START = 1_770_000_000_000_000
const STEP = 10_000

/** A server with an archive of so many events. */
async function served(happened: number, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const network = new Network({ seed: 9, actors: 40, start: START, step: STEP, mix: 'everything' })
  const simulator = await startSimulator({ network, seed: 9, ...options })
  simulator.emit(happened)
  return simulator
}

/** The frames of a wire that must arrive, from one entry on. */
function framesFrom({ archive }: Simulator, wire: WireName, index: number): unknown[] {
  return archive.entries
    .slice(index)
    .flatMap((entry) => entry.frame(WIRES[wire]) ?? [])
    .map((frame) => JSON.parse(frame))
}

/** A frame's own number and time. */
function placeOf(frame: unknown): { seq: number | undefined; name: string | undefined } {
  const { cursor, payload } = frame as { cursor?: number; payload?: { seq?: number; name?: string } }
  return { seq: cursor ?? payload?.seq, name: payload?.name }
}

/** Events so large that the buffers between two sockets have room for only a few. */
function large(count: number): CommitEvent[] {
  return Array.from({ length: count }, (_, n) => ({
    kind: 'commit',
    did: 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa',
    at: START * 2 + n,
    rev: '3lzzzzzzzzz2a',
    op: 'create',
    collection: 'app.bsky.feed.post',
    rkey: `large-${n}`,
    record: { text: 'x'.repeat(500_000) },
  }))
}

for (const wire of ['v1', 'v2'] as const) {
  suite(`a cursor on ${wire}`, () => {
    /** Asserts that a client which begins at `cursor` gets everything from the entry at `index` on. */
    async function assertFrom(simulator: Simulator, cursor: number, index: number): Promise<void> {
      const expected = framesFrom(simulator, wire, index)
      await using client = await listen(simulator, wire, { cursor: String(cursor) })
      assert.deepEqual(await frames(client, expected.length), expected, `from ${cursor} on`)
      await allReceived(client)
      assert.equal(client.received.length, expected.length)
    }

    test('begins with the event that it names, by number or by time', async () => {
      await using simulator = await served(1_500, { firstSeq: 5_001 })
      const { entries } = simulator.archive
      for (const index of [0, 1, 700, entries.length - 1]) {
        const { seq, event } = entries[index] ?? assert.fail()
        await assertFrom(simulator, seq, index)
        // Several events may share a time; all of them come.
        const first = entries.findIndex((entry) => entry.event.at === event.at)
        await assertFrom(simulator, event.at, first)
        // A time before everything is another matter: see below.
        if (index > 0) await assertFrom(simulator, event.at - STEP + 1, first)
      }
    })

    test('of none, or of a time to come, begins with what happens next', async () => {
      await using simulator = await served(100)
      const before = simulator.archive.entries.length
      await using plain = await listen(simulator, wire)
      await using empty = await listen(simulator, wire, { cursor: '' })
      await using later = await listen(simulator, wire, { cursor: String(START * 2) })
      simulator.emit(50)
      const expected = framesFrom(simulator, wire, before)
      for (const client of [plain, empty, later]) {
        assert.deepEqual(await frames(client, expected.length), expected)
      }
    })

    test('of a number to come begins with what happens next, and v2 says so', async () => {
      await using simulator = await served(100)
      const before = simulator.archive.entries.length
      await using client = await listen(simulator, wire, { cursor: String(simulator.archive.nextSeq) })
      simulator.emit(20)
      const expected = framesFrom(simulator, wire, before)
      const frameTexts = await frames(client, expected.length + (wire === 'v2' ? 1 : 0))
      if (wire === 'v2') assert.equal(placeOf(frameTexts.shift()).name, 'FutureCursor')
      assert.deepEqual(frameTexts, expected)
    })

    for (const [how, keep] of [
      [
        'by the archive',
        ({ archive }: Simulator) => {
          archive.floor = 300
        },
      ],
      [
        'by a fault',
        ({ archive, faults }: Simulator) => {
          faults.keeps = archive.entries.length - 300
        },
      ],
    ] as const) {
      test(`of a time older than is kept ${how} begins with the oldest that is, and v2 says so`, async () => {
        await using simulator = await served(600)
        keep(simulator)
        const expected = framesFrom(simulator, wire, 300)
        for (const time of [START - 86_400_000_000, simulator.archive.entries[200]?.event.at]) {
          await using client = await listen(simulator, wire, { cursor: String(time) })
          const frameTexts = await frames(client, expected.length + (wire === 'v2' ? 1 : 0))
          if (wire === 'v2') assert.equal(placeOf(frameTexts.shift()).name, 'OutdatedCursor')
          assert.deepEqual(frameTexts, expected)
        }
      })

      test(`of a number older than is kept ${how} is ${wire === 'v1' ? 'moved up' : 'refused'}`, async () => {
        await using simulator = await served(600)
        keep(simulator)
        for (const cursor of ['1', '300']) {
          if (wire === 'v2') {
            const { status, body } = await refusal(addressOf(simulator, wire, { cursor }))
            assert.equal(status, 400)
            assert.equal(JSON.parse(body).error, 'CursorTooOld')
            continue
          }
          await using client = await listen(simulator, wire, { cursor })
          const expected = framesFrom(simulator, wire, 300)
          assert.deepEqual(await frames(client, expected.length), expected)
        }
        await assertFrom(simulator, 301, 300)
      })
    }

    test('that is none is refused', async () => {
      await using simulator = await served(10)
      for (const cursor of ['abc', '-1', '1.5', '1e3', ' 1', '9'.repeat(20)]) {
        const { status, body } = await refusal(addressOf(simulator, wire, { cursor }))
        assert.equal(status, 400, cursor)
        if (wire === 'v2') assert.equal(JSON.parse(body).error, 'InvalidRequest')
        else assert.match(body, /^invalid cursor/)
      }
    })
  })

  suite(`a client on ${wire}`, () => {
    /** Connects, reads nothing for `ms`, and then reads all there is. */
    async function readLate(simulator: Simulator, ms: number): Promise<Client> {
      const client = await listen(simulator, wire, { cursor: '1' })
      client.socket.pause()
      await sleep(ms)
      client.socket.resume()
      return client
    }

    test('that does not read is cut off, and v2 says why', async () => {
      await using simulator = await served(0, { slow: { bytes: 100_000, ms: 10 } })
      simulator.add(large(40))
      await using client = await readLate(simulator, 90)
      assert.equal(await ending(client), wire === 'v1' ? 1006 : 1008)
      assert.ok(client.received.length < 40, `${client.received.length} came`)
      if (wire === 'v2') {
        const last = JSON.parse(client.received.at(-1) ?? '')
        assert.deepEqual([last.$type, last.error], ['error', 'ConsumerTooSlow'])
      }
    })

    test('that reads slowly is waited for, and loses nothing', async () => {
      await using simulator = await served(0, { slow: { bytes: 100_000, ms: 60_000 } })
      simulator.add(large(20))
      await using client = await readLate(simulator, 50)
      assert.deepEqual(await frames(client, 20), framesFrom(simulator, wire, 0))
    })

    test('that reads nothing does not hold up the others', async () => {
      await using simulator = await served(0, { slow: { bytes: 100_000, ms: 60_000 } })
      await using slow = await listen(simulator, wire)
      await using quick = await listen(simulator, wire)
      slow.socket.pause()
      simulator.add(large(20))
      await until(() => quick.received.length === 20, 'everything')
    })

    test('is sent no more frames a second than a stream that trickles has, in order, and then the rest', async () => {
      await using simulator = await served(0, { faults: { framesPerSecond: 20 } })
      simulator.emit(200)
      const began = performance.now()
      await using client = await listen(simulator, wire, { cursor: '1' })
      await until(() => client.received.length >= 7, 'seven frames')
      // A frame every 50 ms, of which the first comes at once.
      assert.ok(performance.now() - began > 250)
      assert.ok(client.received.length < 100)
      simulator.faults.framesPerSecond = Number.POSITIVE_INFINITY
      const all = framesFrom(simulator, wire, 0)
      assert.deepEqual(await frames(client, all.length), all)
    })

    test('is sent a ping every so often, unless the server has fallen silent', async () => {
      await using simulator = await served(0, { pingMs: 5 })
      await using client = await listen(simulator, wire)
      await until(() => client.pings >= 3, 'three pings')
      simulator.faults.silent = true
      await sleep(20)
      const { pings } = client
      simulator.emit(10)
      await sleep(30)
      assert.equal(client.pings, pings)
      assert.deepEqual(client.received, [])
    })

    test('is sent what it asks for, and what happens to accounts', async () => {
      await using simulator = await served(3_000)
      const { entries } = simulator.archive
      const names = wire === 'v1' ? ['wantedCollections', 'wantedDids'] : ['collections', 'dids']
      const did = entries[0]?.event.did ?? assert.fail()
      const wanted = async (query: Record<string, string>, wants: (event: StreamEvent) => boolean) => {
        const expected = entries
          .filter(({ event }) => wants(event))
          .flatMap((entry) => entry.frame(WIRES[wire]) ?? [])
        assert.ok(expected.length > 0)
        await using client = await listen(simulator, wire, { cursor: '1', ...query })
        await frames(client, expected.length)
        await allReceived(client)
        assert.deepEqual(client.received, expected)
      }
      const [collections = '', dids = ''] = names
      const isLike = (event: StreamEvent) =>
        event.kind !== 'commit' || event.collection === 'app.bsky.feed.like'
      await wanted({ [collections]: 'app.bsky.feed.like' }, isLike)
      await wanted({ [dids]: did }, (event) => event.did === did)
      await wanted(
        { [collections]: 'app.bsky.graph.*', [dids]: did },
        (event) =>
          event.did === did && (event.kind !== 'commit' || event.collection.startsWith('app.bsky.graph.')),
      )
    })

    test('is told goodbye when the server ends', async () => {
      const simulator = await served(10)
      await using client = await listen(simulator, wire)
      await simulator[Symbol.asyncDispose]()
      assert.equal(await ending(client), 1001)
    })

    test('is refused where the server is not ready, or has no such stream', async () => {
      await using simulator = await served(10)
      assert.equal((await refusal(`${simulator.url}/elsewhere`)).status, 404)
      simulator.faults.unavailable = true
      assert.equal((await refusal(addressOf(simulator, wire))).status, 503)
    })
  })
}

suite('what a client says', () => {
  test('changes what it is sent on v1, from the next event on', async () => {
    await using simulator = await served(0)
    await using client = await listen(simulator, 'v1', { requireHello: 'true', cursor: '0' })
    simulator.emit(200)
    await allReceived(client)
    assert.deepEqual(client.received, [], 'nothing comes before a hello')
    const update = (payload: object) =>
      client.socket.send(JSON.stringify({ type: 'options_update', payload }))
    update({ wantedCollections: ['app.bsky.feed.post'] })
    const posts = framesFrom(simulator, 'v1', 0).filter((frame) => isOf(frame, 'app.bsky.feed.post'))
    assert.deepEqual(await frames(client, posts.length), posts)
    update({ wantedCollections: ['app.bsky.feed.repost'] })
    client.socket.send('{"type":"whatever"}')
    client.socket.ping()
    await new Promise((resolve) => client.socket.once('pong', resolve))
    const before = simulator.archive.entries.length
    simulator.emit(200)
    const reposts = framesFrom(simulator, 'v1', before).filter((frame) => isOf(frame, 'app.bsky.feed.repost'))
    assert.deepEqual((await frames(client, posts.length + reposts.length)).slice(posts.length), reposts)
  })

  for (const [said, code] of [
    ['nonsense', 1007],
    ['[]', 1007],
    ['{"type":"options_update"}', 1007],
    ['{"type":"options_update","payload":{"wantedDids":7}}', 1007],
    ['{"type":"options_update","payload":{"wantedDids":["alice"]}}', 1008],
    ['{"type":"options_update","payload":{"wantedCollections":["likes"]}}', 1008],
  ] as const) {
    test(`ends v1 with ${code} where it is ${said}`, async () => {
      await using simulator = await served(0)
      await using client = await listen(simulator, 'v1')
      client.socket.send(said)
      assert.equal(await ending(client), code)
    })
  }

  test('ends v2, whatever it is', async () => {
    await using simulator = await served(0)
    await using client = await listen(simulator, 'v2')
    client.socket.send('{"type":"options_update","payload":{}}')
    assert.equal(await ending(client), 1008)
  })

  function isOf(frame: unknown, collection: string): boolean {
    const { kind, commit } = frame as { kind: string; commit?: { collection: string } }
    return kind !== 'commit' || commit?.collection === collection
  }
})
