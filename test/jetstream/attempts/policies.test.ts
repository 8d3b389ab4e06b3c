import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Cursor } from '../../../src/atproto/event.ts'
import { microsOf } from '../../../src/atproto/micros.ts'
import { dialTimeoutMs, jittered, maxWaitMs, type Step } from '../../../src/jetstream/attempts/backoff.ts'
import { askFrom, isPast, mayBeClamped } from '../../../src/jetstream/attempts/cursor.ts'
import { endpointOf, helloOf, parseTarget, requestUrl } from '../../../src/jetstream/attempts/hosts.ts'
import { v1 as V1 } from '../../../src/jetstream/wires/v1.ts'
import { v2 as V2 } from '../../../src/jetstream/wires/v2.ts'
import type { Wire } from '../../../src/jetstream/wires/wire.ts'
import { T0, timeOf } from '../messages.ts'

suite('waiting', () => {
  const backoff = { baseMs: 1_000, maxMs: 30_000 }
  const table: [Step, number, number, number][] = [
    ['redial', 5, 1, 0],
    ['other-wire', 5, 1, 0],
    ['next', 1, 1, 1_000],
    ['next', 2, 1, 2_000],
    ['next', 1, 3, 0],
    ['next', 2, 3, 0],
    ['next', 3, 3, 1_000],
    ['next', 6, 3, 2_000],
    ['next', 60, 1, 30_000],
    ['again', 1, 3, 1_000],
    ['again', 3, 3, 4_000],
    ['again', 2_000, 3, 30_000],
  ]
  for (const [step, failures, hosts, ms] of table) {
    test(`${step} after ${failures} failures with ${hosts} hosts: ${ms} ms`, () => {
      const longest = maxWaitMs(step, failures, hosts, backoff)
      assert.equal(longest, ms)
      assert.equal(
        jittered(longest, () => 1),
        ms,
      )
      assert.equal(
        jittered(longest, () => 0),
        ms / 2,
      )
    })
  }

  test('six hosts that do not answer are all heard of within 15 seconds', () => {
    const total = [0, 1, 2, 3, 4, 5].reduce((sum, failures) => sum + dialTimeoutMs(failures, 6), 0)
    assert.ok(total <= 15_000)
    assert.equal(dialTimeoutMs(600, 6), 10_000)
  })
})

suite('the cursor to ask for', () => {
  const at = (host: string, wire: Wire) => ({ place: { host, wire: wire.name }, wire })
  const v2: Cursor = { host: 'a', wire: 'v2', value: 500, at: T0 }
  const v1: Cursor = { host: 'a', wire: 'v1', value: T0, at: T0 }
  const now = T0 + 3_600_000_000
  const plain = { steps: 0, byTime: false, now, start: undefined }

  test('is our very place where it was, and a time ten seconds back anywhere else', () => {
    const rewound = { value: T0 - 10_000_000, exact: false }
    assert.deepEqual(askFrom(undefined, at('a', V2), plain), { value: undefined, exact: false })
    assert.deepEqual(askFrom(v2, at('a', V2), plain), { value: 500, exact: true })
    assert.deepEqual(askFrom(v1, at('a', V1), plain), { value: T0, exact: true })
    assert.deepEqual(askFrom(v2, at('b', V2), plain), rewound)
    assert.deepEqual(askFrom(v2, at('a', V1), plain), rewound)
    assert.deepEqual(askFrom(v1, at('a', V2), plain), rewound)
    assert.deepEqual(askFrom(v2, at('a', V2), { ...plain, byTime: true }), rewound)
    assert.deepEqual(askFrom({ ...v2, wire: 'of a later version' }, at('a', V2), plain), rewound)
  })

  test('is never a number that another host would take for a sequence number', () => {
    const early: Cursor = { host: 'a', wire: 'v1', value: 5, at: 5 }
    assert.deepEqual(askFrom(early, at('b', V2), plain), { value: 1e15, exact: false })
  })

  test('is the start without a place, but never one to come nor one that reads as a number', () => {
    const place = at('a', V2)
    const asked = (start: number) => askFrom(undefined, place, { ...plain, start })
    assert.deepEqual(asked(T0), { value: T0, exact: false })
    assert.deepEqual(asked(now + 1), { value: now, exact: false })
    assert.deepEqual(asked(0), { value: 1e15, exact: false })
  })

  test('is never a time to come, whatever the place says', () => {
    const ahead: Cursor = { ...v2, at: now + 7_200_000_000 }
    assert.deepEqual(askFrom(ahead, at('b', V2), plain), {
      value: now - 10_000_000,
      exact: false,
    })
  })

  test('steps past a place, twice as far each time', () => {
    const past = (cursor: Cursor, steps: number) => {
      const wire = cursor === v1 ? V1 : V2
      return askFrom(cursor, at('a', wire), { ...plain, steps }).value
    }
    assert.deepEqual(
      [1, 2, 3].map((steps) => past(v2, steps)),
      [501, 502, 504],
    )
    assert.deepEqual(
      [1, 2, 3].map((steps) => past(v1, steps)),
      [T0 + 1_000, T0 + 2_000, T0 + 4_000],
    )
    assert.ok(Number.isSafeInteger(past(v1, 1_000)))
  })

  test('may have been moved up on v1, an hour before the host forgets', () => {
    const ask = { value: T0, exact: true }
    const hours = (n: number) => T0 + n * 3_600_000_000
    assert.equal(mayBeClamped(ask, V1, hours(22)), false)
    assert.equal(mayBeClamped(ask, V1, hours(23) + 1), true)
    assert.equal(mayBeClamped(ask, V2, hours(99)), false)
  })

  test('places compare by number on one wire of one host, by time across', () => {
    assert.equal(isPast({ ...v2, value: 501 }, v2), true)
    assert.equal(isPast(v2, v2), false)
    assert.equal(isPast({ ...v2, host: 'b', value: 1, at: T0 + 1 }, v2), true)
    assert.equal(isPast({ ...v2, host: 'b', value: 900 }, v2), false)
    assert.equal(isPast(v2, undefined), true)
  })
})

suite('URLs', () => {
  test('a path fixes the wire, a plain host leaves it open', () => {
    assert.deepEqual(parseTarget('wss://host').wires, [V2, V1])
    assert.deepEqual(parseTarget('ws://host:81/').wires, [V2, V1])
    assert.deepEqual(parseTarget('wss://host/subscribe').wires, [V1])
    assert.deepEqual(parseTarget('wss://host/xrpc/network.bsky.jetstream.subscribeEvents').wires, [V2])
    assert.equal(parseTarget('ws://host:81').host, 'host:81')
  })

  test('that fit no wire are answered with all that would, from the list of wires', () => {
    const paths = `wss://host, wss://host${V2.path} or wss://host${V1.path}`
    for (const [text, shown] of [
      ['wss://user:secret@host/elsewhere?token=1', 'wss://host/elsewhere'],
      ['https://host', 'https://host/'],
      ['host', 'host'],
    ] as const) {
      assert.throws(() => parseTarget(text), new Error(`Expected a URL like ${paths}, got ${shown}`))
    }
    const v3 = { ...V1, path: '/v3' }
    assert.throws(() => parseTarget('wss://host/v1', [v3]), /like wss:\/\/host or wss:\/\/host\/v3, got/)
    assert.deepEqual(parseTarget('wss://host/v3', [V2, v3]).wires, [v3])
  })

  const request = { cursor: 5, dictionary: 7, maxMessageBytes: 9 }
  const filter = { collections: ['app.bsky.feed.like'], dids: ['did:web:a.com'] } as const

  test('each wire is asked in its own words', () => {
    const target = parseTarget('wss://host')
    assert.equal(
      requestUrl(endpointOf(target, V1), filter, request),
      'wss://host/subscribe?wantedCollections=app.bsky.feed.like&wantedDids=did%3Aweb%3Aa.com&cursor=5&maxMessageSizeBytes=9&compress=true',
    )
    assert.equal(
      requestUrl(endpointOf(target, V2), filter, request),
      'wss://host/xrpc/network.bsky.jetstream.subscribeEvents?collections=app.bsky.feed.like&dids=did%3Aweb%3Aa.com&cursor=5&maxMessageSizeBytes=9&zstdDictionary=7',
    )
  })

  test('lists beyond what a host takes are left to us', () => {
    const endpoint = endpointOf(parseTarget('wss://host'), V1)
    const dids = Array.from({ length: 10_001 }, (_, n) => `did:web:a${n}.com` as const)
    const collections = Array.from({ length: 101 }, (_, n) => `com.example.a${n}` as const)
    const plain = { cursor: undefined, dictionary: undefined, maxMessageBytes: undefined }
    assert.equal(requestUrl(endpoint, { collections, dids }, plain), 'wss://host/subscribe')
    assert.equal(helloOf(V1, { collections, dids }, plain), undefined)
  })
})

suite('times', () => {
  test('keep every microsecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e15 }), (micros) => {
        assert.equal(microsOf(timeOf(micros)), micros)
      }),
    )
  })

  const table: [unknown, number | undefined][] = [
    ['2026-02-02T02:40:00Z', T0],
    ['2026-02-02T02:40:00.5Z', T0 + 500_000],
    ['2026-02-02T02:40:00.000001Z', T0 + 1],
    ['2026-02-02T02:40:00.000001999Z', T0 + 1],
    ['2026-02-02T03:40:00.000001+01:00', T0 + 1],
    ['2026-02-02T02:40:00.00000xZ', undefined],
    ['2026-02-02T02:40:00.000001z', undefined],
    ['2026-13-02T02:40:00.000001Z', undefined],
    ['2026-02-02 02:40:00Z', undefined],
    ['', undefined],
    [T0, undefined],
    [null, undefined],
  ]
  for (const [text, micros] of table) {
    test(`${JSON.stringify(text)} is ${micros}`, () => {
      // Whatever was read before must make no difference.
      for (const before of ['2026-02-02T02:40:00.000000Z', '1999-01-01T00:00:00.000000Z']) {
        microsOf(before)
        assert.equal(microsOf(text), micros)
      }
    })
  }
})
