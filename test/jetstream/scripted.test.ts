import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Cursor, WireName } from '../../src/atproto/event.ts'
import { subscribe } from '../../src/jetstream/subscribe.ts'
import { collect, events, hear, optionsWith } from './listener.ts'
import { ALICE, BOB, LIKE, likeEvent, likeV1, likeV2, messageV2, T0 } from './messages.ts'
import { scriptedServer } from './scripted-server.ts'

const LIKES = { v1: likeV1, v2: likeV2 }
const PATHS = { v1: '/subscribe', v2: '/xrpc/network.bsky.jetstream.subscribeEvents' }
const REWIND = 10_000_000

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

function cursorAt(host: string, wire: WireName, n: number): Cursor {
  const at = T0 + n * 1_000
  return { host, wire, value: wire === 'v1' ? at : n, at }
}

for (const wire of ['v1', 'v2'] as const) {
  const like = LIKES[wire]
  const likes = (from: number, to: number) => range(from, to).map((n) => like(n))

  suite(`a stream over the ${wire} wire`, () => {
    test('reconnects from the last event delivered', async () => {
      await using server = await scriptedServer([
        { frames: likes(1, 2), close: 'cut' },
        { frames: likes(2, 3) },
      ])
      const { events: got } = await collect(optionsWith({ hosts: [server.url + PATHS[wire]] }), events(4))
      assert.deepEqual(
        got,
        [1, 2, 2, 3].map((n) => likeEvent(n)),
      )
      const cursors = server.attempts.map(({ query }) => query.get('cursor'))
      assert.deepEqual(cursors, [null, String(cursorAt(server.host, wire, 2).value)])
    })

    for (const [start, value] of [
      ['tip', null],
      ['oldest', '1000000000000000'],
      [T0, String(T0)],
    ] as const) {
      test(`begins at ${start}, also where the first host has nothing to say`, async () => {
        await using first = await scriptedServer([{ status: 503 }])
        await using second = await scriptedServer([{ frames: likes(1, 1) }])
        const hosts = [first, second].map(({ url }) => url + PATHS[wire])
        const { gaps } = await collect(optionsWith({ hosts, start }), events(1))
        for (const { attempts } of [first, second]) assert.equal(attempts[0]?.query.get('cursor'), value)
        assert.deepEqual(gaps, [])
      })
    }

    test('goes on from where it was connected first, though nothing had come', async () => {
      await using first = await scriptedServer([{ frames: [], close: 1001 }])
      await using second = await scriptedServer([{ frames: likes(1, 1) }])
      const hosts = [first, second].map(({ url }) => url + PATHS[wire])
      const began = Date.now() * 1_000
      await collect(optionsWith({ hosts }), events(1))
      assert.equal(first.attempts[0]?.query.get('cursor'), null)
      const asked = Number(second.attempts[0]?.query.get('cursor'))
      assert.ok(asked >= began - REWIND && asked <= Date.now() * 1_000 - REWIND, String(asked))
    })

    test('goes on from its cursor, wherever it was to start', async () => {
      await using server = await scriptedServer([{ frames: likes(3, 3) }])
      const cursor = cursorAt(server.host, wire, 2)
      const hosts = [server.url + PATHS[wire]]
      await collect(optionsWith({ hosts, cursor, start: 'oldest' }), events(1))
      assert.equal(server.attempts[0]?.query.get('cursor'), String(cursor.value))
    })

    test('delivers at most so many events at a time, with the place after each', async () => {
      await using server = await scriptedServer([{ frames: likes(1, 10) }])
      const { deliveries } = await collect(
        optionsWith({ hosts: [server.url + PATHS[wire]], maxEvents: 3, batchWindowMs: 60_000 }),
        events(9),
      )
      assert.deepEqual(
        deliveries.map((delivery) => delivery.events.length),
        [3, 3, 3],
      )
      assert.deepEqual(
        deliveries.map(({ cursor }) => cursor),
        [3, 6, 9].map((n) => cursorAt(server.host, wire, n)),
      )
    })

    test('delivers what came before a disconnection', async () => {
      await using server = await scriptedServer([{ frames: likes(1, 50), close: 1000 }, { frames: [] }])
      const { events: got } = await collect(
        optionsWith({ hosts: [server.url + PATHS[wire]], maxEvents: 7, batchWindowMs: 60_000 }),
        events(50),
      )
      assert.deepEqual(
        got,
        range(1, 50).map((n) => likeEvent(n)),
      )
    })

    test('counts and skips frames that cannot be read', async () => {
      const frames = [like(1), '{"did', 'null', '', like(2).slice(0, -1), Buffer.from([1, 2]), like(3)]
      await using server = await scriptedServer([{ frames }])
      const heard = hear()
      const { events: got } = await collect(
        optionsWith({ hosts: [server.url + PATHS[wire]], observer: heard.observer }),
        events(2),
      )
      assert.deepEqual(got, [likeEvent(1), likeEvent(3)])
      assert.deepEqual(heard.malformed, ['json', 'json', 'json', 'json', 'binary'])
      assert.equal(server.attempts.length, 1)
    })

    test('counts kinds that are newer than this program, and passes over them', async () => {
      const kind = { did: ALICE, time_us: T0, kind: 'party' }
      const frames = [like(1), wire === 'v1' ? JSON.stringify(kind) : messageV2('party', {}), like(2)]
      await using server = await scriptedServer([{ frames }])
      const heard = hear()
      const hosts = [server.url + PATHS[wire]]
      const { events: got } = await collect(optionsWith({ hosts, observer: heard.observer }), events(2))
      assert.deepEqual(got, [likeEvent(1), likeEvent(2)])
      assert.deepEqual(heard.malformed, ['unknown'])
    })

    test('dates an event from a time to come by its neighbour, and goes on from there', async () => {
      const ahead = like(2, { at: Date.now() * 1_000 + 7_200_000_000 })
      await using server = await scriptedServer([
        { frames: [like(1), ahead], close: 1001 },
        { frames: [like(3)] },
      ])
      await using other = await scriptedServer([{ frames: [like(4)] }])
      const heard = hear()
      const { events: got } = await collect(
        optionsWith({
          hosts: [server, other].map(({ url }) => url + PATHS[wire]),
          observer: heard.observer,
        }),
        events(3),
      )
      const [, dated] = got
      assert.ok(
        dated !== undefined && dated.at >= T0 + 1_000 && dated.at < T0 + 60_000_000,
        String(dated?.at),
      )
      assert.deepEqual({ ...dated, at: T0 + 2_000 }, likeEvent(2))
      assert.deepEqual(heard.misdated, [0])
      assert.deepEqual(heard.malformed, [])
      assert.equal(other.attempts[0]?.query.get('cursor'), String(dated.at - REWIND))
    })

    test('takes no place from an event from a time to come that has no neighbour', async () => {
      const ahead = like(1, { at: Date.now() * 1_000 + 7_200_000_000 })
      await using server = await scriptedServer([{ frames: [ahead] }, { frames: [like(2)] }])
      const { deliveries } = await collect(optionsWith({ hosts: [server.url + PATHS[wire]] }), events(1))
      assert.equal(deliveries[0]?.cursor, undefined)
    })

    test('refuses an event from before the protocol, which leads no place back', async () => {
      await using server = await scriptedServer([
        { frames: [like(1), like(2, { at: 5 })], close: 1000 },
        { frames: [like(3)] },
      ])
      const heard = hear()
      const hosts = [server.url + PATHS[wire]]
      const { events: got } = await collect(optionsWith({ hosts, observer: heard.observer }), events(2))
      assert.deepEqual(got, [likeEvent(1), likeEvent(3)])
      assert.deepEqual(heard.malformed, ['time'])
      const { value } = cursorAt(server.host, wire, 1)
      assert.equal(server.attempts[1]?.query.get('cursor'), String(value))
    })

    test('is not led back by one event from long ago', async () => {
      await using server = await scriptedServer([{ frames: [like(1), like(2, { at: T0 - 86_400_000_000 })] }])
      const { cursor } = await collect(optionsWith({ hosts: [server.url + PATHS[wire]] }), (collected) => {
        return collected.events.length === 2
      })
      assert.equal(cursor?.at, T0 + 1_000)
      assert.equal(cursor?.value, wire === 'v1' ? T0 + 1_000 : 2)
    })

    test('goes on from a place that was saved with a time to come, without asking for it', async () => {
      await using server = await scriptedServer([{ frames: [like(7)] }])
      const at = Number.MAX_SAFE_INTEGER
      const cursor = { host: server.host, wire, value: wire === 'v1' ? at : 6, at }
      const began = Date.now() * 1_000
      const { cursor: reached } = await collect(
        optionsWith({ hosts: [server.url + PATHS[wire]], cursor }),
        events(1),
      )
      const asked = Number(server.attempts[0]?.query.get('cursor'))
      assert.ok(wire === 'v1' ? asked >= T0 && asked < began : asked === 6, String(asked))
      assert.ok(reached !== undefined && reached.at <= Date.now() * 1_000)
    })

    test('leaves out other people, and passes over them', async () => {
      await using server = await scriptedServer([{ frames: [like(1), like(2, { did: BOB }), like(3)] }])
      const { events: got, cursor } = await collect(
        optionsWith({ hosts: [server.url + PATHS[wire]], dids: [BOB] }),
        (collected) => collected.cursor?.at === T0 + 3_000,
      )
      assert.deepEqual(got, [likeEvent(2, BOB)])
      assert.deepEqual(cursor, cursorAt(server.host, wire, 3))
    })

    test('ends by break, with its socket', async () => {
      const closed = Promise.withResolvers<void>()
      await using server = await scriptedServer([
        (socket) => {
          socket.on('close', () => closed.resolve())
          socket.send(like(1))
        },
      ])
      await collect(optionsWith({ hosts: [server.url + PATHS[wire]] }), events(1))
      await closed.promise
    })

    test('rejects with the reason of an abort, also when the consumer is busy meanwhile', async () => {
      for (const busy of [true, false]) {
        const closed = Promise.withResolvers<void>()
        await using server = await scriptedServer([
          (socket) => {
            socket.on('close', () => closed.resolve())
            socket.send(like(1))
          },
        ])
        const controller = new AbortController()
        const hosts = [server.url + PATHS[wire]]
        const stream = subscribe(optionsWith({ hosts, signal: controller.signal }))
        await stream.next()
        const early = busy ? undefined : stream.next()
        controller.abort(new Error('enough'))
        if (busy) await closed.promise
        await assert.rejects(early ?? stream.next(), /^Error: enough$/)
        await closed.promise
        assert.deepEqual(await stream.next(), { done: true, value: undefined })
      }
    })
  })
}

suite('choosing a wire', () => {
  test('v2 is asked with its subprotocol, and permessage-deflate is never offered', async () => {
    await using server = await scriptedServer([{ frames: [likeV2(1)] }])
    const { cursor } = await collect(optionsWith({ hosts: [server.url] }), events(1))
    assert.equal(cursor?.wire, 'v2')
    const headers = server.attempts[0]?.request.headers
    assert.equal(headers?.['sec-websocket-protocol'], 'xrpc.v1.json')
    assert.equal(headers?.['sec-websocket-extensions'], undefined)
  })

  test('a plain URL falls back to v1 at once, and by time', async () => {
    await using server = await scriptedServer([{ frames: [likeV1(1)] }], ['v1'])
    const heard = hear()
    const cursor = cursorAt(server.host, 'v2', 70_000)
    const { cursor: after } = await collect(
      optionsWith({ hosts: [server.url], cursor, observer: heard.observer }),
      events(1),
    )
    assert.equal(after?.wire, 'v1')
    assert.deepEqual(
      heard.asked.map(({ wire, cursor: asked }) => [wire, asked]),
      [
        ['v2', 70_000],
        ['v1', cursor.at - REWIND],
      ],
    )
    assert.deepEqual(heard.waits, [])
  })
})

suite('failing over', () => {
  test('a host that shuts down is left for the next, asked by time and never for a number', async () => {
    await using first = await scriptedServer([{ frames: [likeV2(70_000)], close: 1001 }, { status: 503 }])
    await using second = await scriptedServer([{ frames: [likeV2(5, { at: T0 + 70_001_000 })] }])
    const { cursor } = await collect(optionsWith({ hosts: [first.url, second.url] }), events(2))
    assert.equal(second.attempts[0]?.query.get('cursor'), String(T0 + 70_000_000 - REWIND))
    assert.deepEqual(cursor, { host: second.host, wire: 'v2', value: 5, at: T0 + 70_001_000 })
    assert.equal(first.attempts.length, 1)
  })

  test('one failover after another leads no further and further back', async () => {
    await using first = await scriptedServer([{ frames: [likeV2(70_000)], close: 1001 }])
    await using second = await scriptedServer([{ frames: [likeV2(1, { at: T0 + 60_500_000 })], close: 1001 }])
    await using third = await scriptedServer([{ frames: [likeV2(9)] }])
    await collect(optionsWith({ hosts: [first.url, second.url, third.url] }), events(3))
    assert.equal(third.attempts[0]?.query.get('cursor'), String(T0 + 70_000_000 - REWIND))
  })

  test('hosts are waited for only after a whole round', async () => {
    await using first = await scriptedServer([{ status: 503 }, { frames: [likeV2(1)] }])
    await using second = await scriptedServer([{ status: 503 }])
    const heard = hear()
    const backoff = { baseMs: 2, maxMs: 2, random: () => 0 }
    await collect(
      optionsWith({ hosts: [first.url, second.url], observer: heard.observer, backoff }),
      events(1),
    )
    assert.deepEqual(
      heard.asked.map(({ host }) => host),
      [first.host, second.host, first.host],
    )
    assert.deepEqual(heard.waits, [1])
  })

  test('a reader that was too slow goes on at its place, on the same host', async () => {
    const tooSlow = JSON.stringify({ $type: 'error', error: 'ConsumerTooSlow', message: 'hurry' })
    await using first = await scriptedServer([
      { frames: [likeV2(4), tooSlow], close: 1000 },
      { frames: [likeV2(5)] },
    ])
    await using second = await scriptedServer([{ frames: [likeV2(9)] }])
    const heard = hear()
    const { events: got } = await collect(
      optionsWith({ hosts: [first.url, second.url], observer: heard.observer }),
      events(2),
    )
    assert.deepEqual(got, [likeEvent(4), likeEvent(5)])
    assert.equal(first.attempts[1]?.query.get('cursor'), '4')
    assert.deepEqual(heard.endings, [{ kind: 'error-frame', error: 'ConsumerTooSlow', message: 'hurry' }])
  })
})

suite('a place that the host no longer has', () => {
  const outdated = messageV2('info', { name: 'OutdatedCursor' })

  test('a refused number is asked by time, and what is missing is told with the first events', async () => {
    await using server = await scriptedServer([
      { status: 400, body: { error: 'CursorTooOld', message: 'the floor is 500' } },
      { frames: [outdated, likeV2(500)] },
    ])
    const heard = hear()
    const cursor = cursorAt(server.host, 'v2', 5)
    const { deliveries } = await collect(
      optionsWith({ hosts: [server.url], cursor, observer: heard.observer }),
      events(1),
    )
    const to = T0 + 500_000
    const gap = { host: server.host, wire: 'v2', from: T0 + 5_000, to, reason: 'cursor-too-old' }
    assert.deepEqual(deliveries[0]?.gaps, [gap])
    assert.deepEqual(heard.gaps, [gap])
    assert.equal(server.attempts[1]?.query.get('cursor'), String(T0 + 5_000 - REWIND))
  })

  test('a time that was moved up is a gap, told once', async () => {
    await using server = await scriptedServer([{ frames: [outdated, likeV2(500), likeV2(501)] }])
    const cursor = cursorAt('elsewhere', 'v2', 5)
    const { gaps } = await collect(optionsWith({ hosts: [server.url], cursor, maxEvents: 1 }), events(2))
    assert.deepEqual(
      gaps.map(({ reason, to }) => [reason, to]),
      [['outdated-cursor', T0 + 500_000]],
    )
  })

  test('a host that begins at or before our place leaves no gap, whatever it says', async () => {
    await using server = await scriptedServer([{ frames: [outdated, likeV2(5)] }])
    const cursor = cursorAt('elsewhere', 'v2', 5)
    const { gaps } = await collect(optionsWith({ hosts: [server.url], cursor }), events(1))
    assert.deepEqual(gaps, [])
  })

  test('a number that lies in the future is asked by time', async () => {
    const future = messageV2('info', { name: 'FutureCursor', message: 'beyond the next seq' })
    await using server = await scriptedServer([{ frames: [future, likeV2(9_000)] }, { frames: [likeV2(40)] }])
    const cursor = cursorAt(server.host, 'v2', 40)
    const { events: got, gaps } = await collect(optionsWith({ hosts: [server.url], cursor }), events(1))
    assert.deepEqual(got, [likeEvent(40)])
    assert.deepEqual(gaps, [])
    assert.deepEqual(
      server.attempts.map(({ query }) => query.get('cursor')),
      ['40', String(cursor.at - REWIND)],
    )
  })

  for (const [hours, laterMs, expected] of [
    [22, 500_000, []],
    [24, 500_000, ['clamped']],
    [24, 60_001, ['clamped']],
    [24, 60_000, []],
  ] as const) {
    const gap = `${expected.length} gap`
    test(`on v1, a beginning ${laterMs} ms later is ${gap} ${hours} hours after our place`, async () => {
      await using server = await scriptedServer([{ frames: [likeV1(5 + laterMs)] }])
      const cursor = cursorAt(server.host, 'v1', 5)
      const now = cursor.at / 1_000 + hours * 3_600_000
      const clock = { now: () => now, monotonic: () => 0, after: soonOrNever }
      const { gaps } = await collect(
        optionsWith({ hosts: [`${server.url}/subscribe`], cursor, clock }),
        events(1),
      )
      assert.deepEqual(
        gaps.map(({ reason }) => reason),
        expected,
      )
    })
  }
})

suite('a frame that is too large', () => {
  const huge = { text: 'x'.repeat(3_000) }
  for (const wire of ['v1', 'v2'] as const) {
    const like = LIKES[wire]
    const hosts = (url: string) => [url + PATHS[wire]]

    test(`is left out at our request, on ${wire}, and nothing else with it`, async () => {
      await using server = await scriptedServer([
        { frames: [like(1), like(2, huge), like(3)] },
        { frames: [like(1), like(3)] },
      ])
      const heard = hear()
      const { events: got, gaps } = await collect(
        optionsWith({ hosts: hosts(server.url), maxFrameBytes: 2_000, observer: heard.observer }),
        events(3),
      )
      assert.deepEqual(
        got,
        [1, 1, 3].map((n) => likeEvent(n)),
      )
      assert.deepEqual(gaps, [])
      assert.deepEqual(heard.malformed, ['oversized'])
      assert.equal(server.attempts[1]?.query.get('maxMessageSizeBytes'), '2000')
    })

    test(`is stepped over where the request is ignored, on ${wire}, further each time`, async () => {
      const step = wire === 'v1' ? 1_000 : 1
      const base = wire === 'v1' ? T0 : 0
      await using server = await scriptedServer([
        (socket, { query }) => {
          const from = Number(query.get('cursor') ?? 0)
          for (const n of range(1, 9)) {
            if (base + n * step >= from) socket.send(like(n, n >= 2 && n <= 4 ? huge : {}))
          }
        },
      ])
      const { events: got, gaps } = await collect(
        optionsWith({ hosts: hosts(server.url), maxFrameBytes: 2_000 }),
        ({ cursor }) => cursor?.at === T0 + 9_000 || server.attempts.length > 20,
      )
      assert.deepEqual(new Set(got.map(({ at }) => (at - T0) / 1_000)), new Set([1, 5, 6, 7, 8, 9]))
      assert.deepEqual(
        gaps.map(({ from, to, reason }) => [from - T0, (to ?? 0) - T0, reason]),
        [[1_000, 5_000, 'oversized']],
      )
      assert.ok(server.attempts.length <= 6, `${server.attempts.length} attempts`)
    })
  }
})

suite('many people', () => {
  const crowd = [ALICE, ...range(1, 150).map((n) => `did:web:example${n}.com` as const)]

  test('a short list goes into the URL', async () => {
    await using server = await scriptedServer([{ frames: [likeV2(1)] }])
    await collect(optionsWith({ hosts: [server.url], dids: [ALICE, BOB], collections: [LIKE] }), events(1))
    assert.deepEqual(server.attempts[0]?.query.getAll('dids'), [ALICE, BOB])
    assert.deepEqual(server.attempts[0]?.query.getAll('collections'), [LIKE])
  })

  test('a long list is told in a message on v1', async () => {
    let hello: unknown
    await using server = await scriptedServer([
      (socket) => {
        socket.once('message', (data) => {
          hello = JSON.parse(String(data))
          socket.send(likeV1(1))
        })
      },
    ])
    const hosts = [`${server.url}/subscribe`]
    await collect(optionsWith({ hosts, dids: crowd, collections: [LIKE] }), events(1))
    assert.deepEqual(hello, {
      type: 'options_update',
      payload: { wantedCollections: [LIKE], wantedDids: crowd, maxMessageSizeBytes: 0 },
    })
    assert.equal(server.attempts[0]?.query.get('requireHello'), 'true')
    assert.equal(server.attempts[0]?.query.has('wantedDids'), false)
  })

  test('on v2 a long list stays with us, and nothing is sent', async () => {
    await using server = await scriptedServer([
      (socket) => {
        socket.on('message', () => socket.close(1008))
        socket.send(likeV2(1, { did: BOB }))
        socket.send(likeV2(2))
      },
    ])
    const { events: got } = await collect(optionsWith({ hosts: [server.url], dids: crowd }), events(1))
    assert.deepEqual(got, [likeEvent(2)])
    assert.equal(server.attempts[0]?.query.has('dids'), false)
    assert.equal(server.attempts.length, 1)
  })
})

test('a URL that cannot be read throws at once, without its password', () => {
  const hosts = ['wss://me:secret@host/elsewhere']
  assert.throws(
    () => subscribe(optionsWith({ hosts })),
    (error: Error) => error.message.includes('wss://host/elsewhere') && !error.message.includes('secret'),
  )
})

/** A clock on which short waits end at the next turn, and longer ones never: no test has to wait. */
function soonOrNever(ms: number, run: () => void): () => void {
  if (ms > 1_000) return () => {}
  const turn = setImmediate(run)
  return () => clearImmediate(turn)
}
