import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { v1 as V1 } from '../../../src/jetstream/wires/v1.ts'
import { v2 as V2 } from '../../../src/jetstream/wires/v2.ts'
import { malformedFrame } from '../../../src/simulator/faults.ts'
import { Network } from '../../../src/simulator/network.ts'
import { Random } from '../../../src/simulator/random.ts'
import { simulatedWires } from '../../../src/simulator/wires/index.ts'
import { v1 as simulatedV1 } from '../../../src/simulator/wires/v1.ts'
import { v2 as simulatedV2 } from '../../../src/simulator/wires/v2.ts'
import { game } from '../../game/arbitrary.ts'
import { MemoryLedger } from '../../memory-ledger.ts'

const { read: readV1 } = V1
const { read: readV2 } = V2
const AT = 1_750_000_000_000_000
const DID = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const commit = {
  rev: '3lrnqk7r3sk27',
  operation: 'create',
  collection: 'app.bsky.feed.like',
  rkey: '3lrnqk7r3sk26',
  record: {},
}
const v1 = (fields: object) =>
  readV1(JSON.stringify({ did: DID, time_us: AT, kind: 'commit', commit, ...fields }))

test('both wires tell the same events, whatever happens on the network', () => {
  const network = new Network({ seed: 3, actors: 40, start: AT, step: 1_000, mix: 'everything' })
  const kinds = new Set<string>()
  for (let seq = 1; seq < 4_000; seq++) {
    for (const event of network.next()) {
      kinds.add(event.kind)
      const second = readV2(simulatedV2.frame(event, seq) ?? '')
      assert.ok(second.type === 'event' && second.value === seq)
      assert.deepEqual(second.event, event)
      const text = simulatedV1.frame(event, seq)
      if (event.kind === 'sync') assert.equal(text, undefined)
      else {
        const first = readV1(text ?? '')
        assert.ok(first.type === 'event' && first.value === event.at)
        assert.deepEqual(first.event, event)
      }
    }
  }
  assert.deepEqual([...kinds].sort(), ['account', 'commit', 'identity', 'sync'])
})

test('what cannot be used is malformed, and says of what', () => {
  const cases: [object, string][] = [
    [{ did: 'alice' }, 'did'],
    [{ did: 7 }, 'did'],
    [{ time_us: '1' }, 'time'],
    [{ time_us: 0.5 }, 'time'],
    [{ time_us: -1 }, 'time'],
    [{ kind: 7 }, 'shape'],
    [{ commit: null }, 'commit'],
    [{ commit: { ...commit, rev: 'soon' } }, 'commit'],
    [{ commit: { ...commit, collection: 'like' } }, 'commit'],
    [{ commit: { ...commit, rkey: 'a/b' } }, 'commit'],
    [{ commit: { ...commit, rkey: '' } }, 'commit'],
    [{ commit: { ...commit, record: 'text' } }, 'commit'],
    [{ kind: 'account', account: { active: 1 } }, 'account'],
    [{ kind: 'identity', identity: [] }, 'identity'],
  ]
  for (const [fields, reason] of cases)
    assert.deepEqual(v1(fields), { type: 'malformed', reason }, JSON.stringify(fields))
  assert.equal(v1({ kind: 'party' }).type, 'unknown')
  assert.equal(v1({ commit: { ...commit, operation: 'merge' } }).type, 'unknown')
  const future = v1({
    commit: { ...commit, record: { createdAt: '9999-12-31T23:59:59Z', text: '\ud800', __proto__: 1 } },
  })
  assert.equal(future.type, 'event', 'oddities that nobody looks at do no harm')
})

test('a time beyond what a number holds is made to fit, on both wires', () => {
  const latest = Number.MAX_SAFE_INTEGER
  const first = v1({ time_us: 253_402_300_799_000_000 })
  assert.equal(first.type === 'event' && first.event.at, latest)
  const payload = { $type: 'x#commit', seq: 1, did: DID, time: '9999-12-31T23:59:59.000000Z', ...commit }
  const second = readV2(JSON.stringify({ $type: 'message', payload }))
  assert.equal(second.type === 'event' && second.event.at, latest)
})

test('a sequence number that a host would read as a time is refused', () => {
  const read = (seq: number) =>
    readV2(
      JSON.stringify({
        $type: 'message',
        payload: { $type: 'x#commit', seq, did: DID, time: '2026-01-01T00:00:00Z', ...commit },
      }),
    )
  assert.equal(read(1e15 - 1).type, 'event')
  assert.deepEqual(read(1e15), { type: 'malformed', reason: 'seq' })
})

test('an account that is not active is gone for a reason, known or not', () => {
  const status = (account: object) => {
    const frame = v1({ kind: 'account', account })
    return frame.type === 'event' && frame.event.kind === 'account' ? frame.event : undefined
  }
  assert.equal(status({ active: true, status: 'deleted' })?.status, 'active')
  assert.equal(status({ active: false, status: 'takendown' })?.status, 'takendown')
  assert.equal(status({ active: false })?.status, 'inactive')
  assert.equal(status({ active: false, status: 'bored' })?.status, 'inactive')
  assert.equal(status({ active: true, time: '2025-06-15T12:00:00.123456Z' })?.time, 1_749_988_800_123_456)
  assert.equal(
    status({ active: true, time: '9999-01-01T00:00:00Z' })?.time,
    AT,
    'no later than it was witnessed',
  )
})

test('nothing that comes over a wire makes it throw', () => {
  const random = new Random(1)
  const broken = simulatedWires.flatMap(({ brokenFrames }) => brokenFrames)
  for (let i = 0; i < 500; i++) {
    const text = malformedFrame(random, 1_000, broken)
    readV1(text)
    readV2(text)
  }
  const frame = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .record(
        {
          did: fc.anything(),
          time_us: fc.anything(),
          kind: fc.constantFrom('commit', 'identity', 'account'),
          commit: fc.object(),
          account: fc.object(),
          identity: fc.object(),
        },
        { requiredKeys: [] },
      )
      .map((value) =>
        JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? Number(part) : part)),
      ),
  )
  fc.assert(fc.property(frame, (text) => assert.ok(readV1(text ?? '').type && readV2(text ?? '').type)))
})

/** Made by hand: one message of every form that the public network sends. */
const MESSAGES = new URL('../../fixtures/v1-messages.jsonl', import.meta.url)

test('messages of the forms that the public network sends give what the table promises', () => {
  const ledger = new MemoryLedger()
  const lines = readFileSync(MESSAGES, 'utf8').trim().split('\n')
  for (const line of lines) {
    const frame = readV1(line)
    assert.ok(frame.type === 'event', line)
    ledger.fold(game, [frame.event])
  }
  const earned = ledger.events.map(({ reason, delta }) => [reason, delta])
  assert.deepEqual(earned, [
    ['like', 10],
    ['post.text', 50],
    ['repost.text', 50],
    ['tracked', 0],
  ])
  assert.equal(lines.length, 10)
})
