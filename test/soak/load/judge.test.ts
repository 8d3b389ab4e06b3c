import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LoadFigures } from '../../../dev/soak/load/figures.ts'
import { faultsOf, growthMib } from '../../../dev/soak/load/judge.ts'
import type { Repository } from '../../../dev/soak/load/network-helper.ts'
import type { Sample } from '../../../dev/soak/load/program-figures.ts'
import { Received } from '../../../dev/soak/load/received.ts'
import { reportOf } from '../../../dev/soak/load/report.ts'
import { differences, StoredEvents } from '../../../dev/soak/load/stored.ts'
import type { Did } from '../../../src/atproto/event.ts'

const alice: Did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const bob: Did = 'did:plc:bbbbbbbbbbbbbbbbbbbbbbbb'
const stranger: Did = 'did:plc:cccccccccccccccccccccccc'
const LIKE = 'app.bsky.feed.like'

/** Alice's events have odd ids, bob's even ones; every tenth is somebody's who is not always shown. */
const ledger = Array.from({ length: 100 }, (_, n) => {
  const id = n + 1
  return { id, did: id % 10 === 0 ? stranger : id % 2 === 0 ? bob : alice }
})
const stored = new StoredEvents(ledger, [alice, bob])

/** What a client received that was sent `ids` after the position `from`. */
function received(ids: readonly number[], from = 0): Received {
  const all = new Received()
  all.position(from)
  for (const id of ids) all.event(id, { isSteady: id % 10 !== 0 })
  return all
}

const ALL = ledger.map(({ id }) => id)

function follower(
  { pieces, gaps, misplaced }: Received,
  overrides: Partial<LoadFigures['followers'][number]> = {},
): LoadFigures['followers'][number] {
  return {
    ...{ behaviour: 'follows', actors: undefined, pieces, gaps, misplaced },
    ...{ events: 0, bytes: 0, resumed: 0, cut: 0, refused: [], stalls: [] },
    ...overrides,
  }
}

function sample(second: number, anonymousMib: number, overrides: Partial<Sample> = {}): Sample {
  return {
    ...{ second, anonymousMib, residentMib: 0, heapMib: 0, externalMib: 0, descriptors: 0 },
    ...{ loopDelayMs: 0, lagSeconds: 0, streams: 0, gaps: 0, cpuSeconds: 0 },
    ...overrides,
  }
}

/** A run of twenty minutes in which all went well. */
function figures(overrides: Partial<LoadFigures> = {}): LoadFigures {
  return {
    ...{ seconds: 1_200, rate: 1_000, events: 100, entries: 100, outages: [], timings: [], yardstickMs: 0 },
    samples: Array.from({ length: 120 }, (_, n) => sample(n * 10, 300 + (n % 7) * 10)),
    needed: [200, 400, 600, 800, 1_000, 1_200].map((second) => ({ second, mib: 300 })),
    ...{
      differences: [],
      findings: undefined,
      last: 100,
      answers: new Map([['character 200', 9]]),
      imports: [],
    },
    followers: [follower(received(ALL))],
    readers: [],
    descriptors: { before: 40, after: 45 },
    ...overrides,
  }
}

const faults = (overrides: Partial<LoadFigures>): string[] => faultsOf(figures(overrides), stored)

function assertFault(overrides: Partial<LoadFigures>, expected: RegExp): void {
  const found = faults(overrides)
  assert.equal(found.length, 1, found.join('\n'))
  assert.match(String(found[0]), expected)
}

test('a run in which all went well has no faults', () => {
  assert.deepEqual(faults({}), [])
})

test('an event that the ledger lacks is a fault, and so is one that counts twice', () => {
  const repository = (records: number): Repository => ({
    did: alice,
    counts: new Map([[LIKE, { records, experience: records * 10 }]]),
  })
  const compare = (records: number) =>
    differences([repository(7)], new Map([[alice, repository(records).counts]]))
  assert.deepEqual(compare(7), [])
  for (const wrong of [6, 8]) {
    assertFault({ differences: compare(wrong) }, new RegExp(`differs in 1 places: ${alice} has ${wrong} ×`))
  }
  assert.equal(differences([repository(7)], new Map()).length, 1)
  const nobody = [{ did: alice, counts: new Map() }]
  assert.equal(differences(nobody, new Map([[alice, repository(1).counts]])).length, 1)
})

test('what verify finds, and gaps that ingest has noted, are faults', () => {
  assertFault({ findings: 'the total is 3, not 4' }, /verify says: the total is 3/)
  const samples = [...figures().samples, sample(1_200, 300, { gaps: 1 })]
  assertFault({ samples }, /1 gaps of the stream/)
})

test('a client that misses an event, gets one twice or out of order, or gets another in its place is found', () => {
  const sent = (ids: readonly number[]) => [follower(received(ids))]
  assertFault(
    { followers: sent(ALL.filter((id) => id !== 51)) },
    /client 0, which follows, was sent 89 events of 90/,
  )
  assertFault(
    { followers: sent([...ALL.slice(0, 51), 51, ...ALL.slice(51)]) },
    /1 events twice or out of order/,
  )
  assertFault({ followers: sent(ALL.slice(0, 99)) }, /has heard up to 99, not 100/)
  // The other's place in the order is right, and so is the number of events.
  const one = follower(received([1, 3, 5, 7, 8, 100]), { actors: [0] })
  one.pieces.splice(0, 1, { ...received([1, 3, 5, 7, 8]).pieces[0], to: 9 } as (typeof one.pieces)[number])
  assertFault({ followers: [one], last: 9 }, /was sent 5 events of 5 between 0 and 9/)
})

test('who follows some people gets their events alone, and resumes where it was', () => {
  const own = received(ALL.filter((id) => id % 2 === 1 && id % 10 !== 0))
  own.position(100)
  assert.deepEqual(faults({ followers: [follower(own, { actors: [0] })] }), [])
  assertFault({ followers: [follower(own, { actors: [1] })] }, /was sent 50 events of 40/)
})

test('a gap that a client is told of is none of its faults, and what comes after it counts', () => {
  const told = received(ALL.slice(0, 30))
  told.gap(60, 'too much has happened since')
  for (const id of ALL.slice(60)) told.event(id, { isSteady: id % 10 !== 0 })
  assert.deepEqual(faults({ followers: [follower(told)] }), [])
  const lossy = received(ALL.slice(0, 30))
  lossy.gap(60, 'too much has happened since')
  for (const id of ALL.slice(61)) lossy.event(id, { isSteady: id % 10 !== 0 })
  assertFault({ followers: [follower(lossy)] }, /between 60 and 100/)
})

test('clients that are refused or cut off are faults, but for those that do not read: they must be cut off', () => {
  const all = received(ALL)
  assertFault({ followers: [follower(all, { refused: ['503'] })] }, /was refused: 503/)
  assertFault({ followers: [follower(all, { cut: 1 })] }, /was cut off 1 times/)
  const stalled = (wasCut: boolean, passed: number) => [
    follower(all, { behaviour: 'stalls', stalls: [{ wasCut, passed }] }),
  ]
  assert.deepEqual(faults({ followers: stalled(true, 5e7) }), [])
  assert.deepEqual(faults({ followers: stalled(false, 1e6) }), [])
  assertFault({ followers: stalled(false, 5e7) }, /did not read 50000000 bytes/)
})

test('a reader of /v1/events that misses an event is found', () => {
  const reader = (events: number) => [{ pieces: [{ from: 0, to: 100, events }], missed: 0, refused: [] }]
  assert.deepEqual(faults({ readers: reader(90) }), [])
  assertFault({ readers: reader(89) }, /was sent 89 events of 90 after 0/)
})

test('memory that grows is a fault, and what fills caches at first is none', () => {
  const needed = (mib: (n: number) => number) =>
    Array.from({ length: 6 }, (_, n) => ({ second: (n + 1) * 200, mib: mib(n) }))
  const line = [100, 150, 200].map((mib, n) => ({ second: n * 10, mib }))
  assert.ok(Math.abs(growthMib(line) - 100) < 1e-9)
  assert.deepEqual(faults({ needed: needed((n) => 300 + 10 * n) }), [])
  const growing = needed((n) => 300 + 20 * n)
  assertFault({ needed: growing }, /memory without garbage grew by 60 MiB/)
  assert.deepEqual(faults({ needed: growing, seconds: 20 }), [])
  assert.deepEqual(faults({ needed: needed((n) => Math.min(400, 100 + 150 * n)) }), [])
  assertFault({ needed: [] }, /looked at less than twice/)
})

test('slow answers are a fault, unless the network was disturbed or the machine busy', () => {
  // Bucket 150 ends at 151 ms, and 180 at 651 ms.
  const slow = (second: number) => [
    {
      kind: 'character',
      second,
      counts: new Map([
        [180, 2],
        [100, 98],
      ]),
    },
  ]
  assertFault({ timings: slow(100) }, /character: p99 is 65\d ms, more than 150 ms/)
  assert.deepEqual(faults({ timings: slow(100), yardstickMs: 60 }), [])
  for (const [second, isDisturbed] of [
    [59, false],
    [60, true],
    [80, true],
    [88, false],
  ] as const) {
    const outages = [{ kind: 'the host restarts', from: 60, to: 68 }]
    assert.equal(faults({ timings: slow(second), outages }).length, isDisturbed ? 0 : 1, `second ${second}`)
  }
  const few = [
    {
      kind: 'character',
      second: 1,
      counts: new Map([
        [180, 1],
        [100, 999],
      ]),
    },
  ]
  assert.deepEqual(faults({ timings: few }), [])
})

test('ingest that stays behind is a fault', () => {
  const outages = [{ kind: 'the host restarts', from: 60, to: 68 }]
  const behind = (second: number) => [...figures().samples, sample(second, 300, { lagSeconds: 9 })]
  assertFault({ samples: behind(95), outages }, /after 95 s ingest was 9.0 s behind/)
  assert.deepEqual(faults({ samples: behind(75), outages }), [])
})

test('failed requests, failed imports and files that stay open are faults', () => {
  assertFault({ answers: new Map([['card 500', 2]]) }, /2 requests were answered: card 500/)
  assertFault({ answers: new Map([['card ECONNRESET', 1]]) }, /card ECONNRESET/)
  assertFault({ imports: [{ did: alice, state: 'refused' }] }, /the import of did:plc:a+ is refused/)
  assertFault(
    { descriptors: { before: 40, after: 140 } },
    /140 files and connections are open, 40 were before/,
  )
})

test('the report tells what was measured', () => {
  const timings = [{ kind: 'character', second: 1, counts: new Map([[100, 1_000]]) }]
  const text = reportOf(figures({ timings }))
  assert.match(text, /\| events \| 100 \|/)
  assert.match(text, /\| character, p99 \| 13 ms \| median 13 ms, 1,000 times; bound 150 ms \|/)
})
