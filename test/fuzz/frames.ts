import assert from 'node:assert/strict'
import { constants, zstdCompressSync } from 'node:zlib'
import { isDid, isNsid, isRecordKey, isTid } from '@atcute/lexicons/syntax'
import fc from 'fast-check'
import type { CommitEvent, StreamEvent } from '../../src/atproto/event.ts'
import { nothingTouched } from '../../src/game/touched.ts'
import { limitsOf } from '../../src/jetstream/limits.ts'
import { NetworkClock } from '../../src/jetstream/network-clock.ts'
import { silentObserver } from '../../src/jetstream/observer.ts'
import { CompressedFrames } from '../../src/jetstream/socket/compressed-frames.ts'
import { FrameReader } from '../../src/jetstream/socket/frame-reader.ts'
import { Queue } from '../../src/jetstream/socket/queue.ts'
import { dictionaryOf } from '../../src/jetstream/socket/zstd.ts'
import { v1 } from '../../src/jetstream/wires/v1.ts'
import { v2 } from '../../src/jetstream/wires/v2.ts'
import { Network } from '../../src/simulator/network.ts'
import { simulatedWires } from '../../src/simulator/wires/index.ts'
import { game } from '../game/arbitrary.ts'
import { makeDictionary } from '../jetstream/dictionary.ts'
import { ManualClock } from '../jetstream/manual-clock.ts'
import { ALICE, likeV1, likeV2 } from '../jetstream/messages.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import {
  type ByteChange,
  byteChange,
  changeBytes,
  changeValues,
  type ValueChange,
  valueChange,
} from './bytes.ts'
import { withStoredLedger } from './stored-ledger.ts'

const DICTIONARY = makeDictionary(7)
const LIMITS = limitsOf({})
const LIKE_XP = 10
const WIRES = { v1: { wire: v1, like: likeV1 }, v2: { wire: v2, like: likeV2 } }

/** Frames of each wire as hosts send them. */
const FRAMES = Object.fromEntries(simulatedWires.map((wire) => [wire.name, framesOf(wire)]))

function framesOf({ frame }: (typeof simulatedWires)[number]): string[] {
  const start = new ManualClock().now() * 1_000
  const network = new Network({ seed: 11, actors: 30, start, step: 1_000, mix: 'everything' })
  const frames: string[] = []
  for (let seq = 1; seq < 400; seq++) {
    for (const event of network.next()) frames.push(frame(event, seq) ?? '')
  }
  return frames.filter((text) => text !== '')
}

type Hostile = {
  base: number
  values: ValueChange[]
  bytes: ByteChange[]
  /** Changes to the compressed frame; `undefined`: it comes as text. */
  packed: ByteChange[] | undefined
}

const hostile: fc.Arbitrary<Hostile> = fc.record({
  base: fc.nat(),
  values: fc.array(valueChange, { maxLength: 3 }),
  bytes: fc.oneof(
    { weight: 2, arbitrary: fc.constant<ByteChange[]>([]) },
    { weight: 1, arbitrary: fc.array(byteChange, { maxLength: 3 }) },
  ),
  packed: fc.option(fc.array(byteChange, { maxLength: 3 }), { nil: undefined }),
})

/**
 * The property that no frame throws, that what is read of it is of the promised form, and that hostile frames among good ones
 * change nothing of what the good ones earn; and that the ledger in a file balances after all of it.
 */
export const frames = fc.asyncProperty(
  fc.constantFrom<('v1' | 'v2')[]>('v1', 'v2'),
  fc.array(hostile, { minLength: 1, maxLength: 12 }),
  async (name, list) => {
    const { events, good, whole } = received(name, list)
    for (const event of events) assertForm(event)
    const memory = new MemoryLedger()
    memory.fold(game, events)
    memory.assertBalanced()
    if (whole) assert.equal(memory.actor(ALICE)?.experience, good * LIKE_XP)
    await assertStored(events, memory)
  },
)

/** What comes out of a connection's queue when `list` comes in, a good like after each of it. */
function received(name: 'v1' | 'v2', list: readonly Hostile[]) {
  const { wire, like } = WIRES[name]
  const clock = new ManualClock()
  const queue = new Queue({ limits: LIMITS, wants: () => true, clock })
  let whole = true
  const reader = new FrameReader({
    place: { host: 'stream.example', wire: name },
    wire,
    networkClock: new NetworkClock(clock),
    observer: silentObserver,
    queue,
    onInfo: () => {},
    onError: () => {},
  })
  const compressed = new CompressedFrames({
    dictionary: dictionaryOf(DICTIONARY),
    maxFrameBytes: LIMITS.maxFrameBytes,
    batchWindowMs: LIMITS.batchWindowMs,
    clock,
    hasRoom: () => true,
    onText: (text) => reader.read(text),
    onFailure: (failed) => {
      // A connection ends there, and another one begins at the place before it.
      if (failed === 'wrong-dictionary') whole = false
    },
  })
  let good = 0
  for (const one of list) {
    const { text, packed } = frameOf(name, one)
    good += 1
    const next = like(good)
    if (packed === undefined) {
      compressed.flush()
      reader.read(text)
      reader.read(next)
    } else {
      compressed.add(packed)
      compressed.add(compress(next))
    }
  }
  compressed.flush()
  compressed.stop()
  const events: StreamEvent[] = []
  for (let chunk = queue.take(); chunk !== undefined; chunk = queue.take()) events.push(...chunk.events)
  return { events, good, whole }
}

function frameOf(name: string, { base, values, bytes, packed }: Hostile): { text: string; packed?: Buffer } {
  const frames = FRAMES[name] ?? []
  const changed = Buffer.from(changeValues(frames[base % frames.length] ?? '{}', values))
  const text = bytes.reduce(changeBytes, changed).toString()
  return packed === undefined ? { text } : { text, packed: packed.reduce(changeBytes, compress(text)) }
}

function compress(text: string): Buffer {
  return zstdCompressSync(text, {
    dictionary: DICTIONARY,
    params: { [constants.ZSTD_c_contentSizeFlag]: 1 },
  })
}

function assertForm(event: StreamEvent): void {
  assert.ok(isDid(event.did), event.did)
  assert.ok(Number.isSafeInteger(event.at) && event.at > 0, String(event.at))
  if (event.kind === 'commit') assertCommitForm(event)
  if (event.kind === 'account') assert.ok(event.time <= event.at)
}

function assertCommitForm({ rev, collection, rkey, op, record }: CommitEvent): void {
  assert.ok(isTid(rev), rev)
  assert.ok(isNsid(collection), collection)
  assert.ok(isRecordKey(rkey), rkey)
  assert.equal(typeof record, op === 'delete' ? 'undefined' : 'object')
}

/** Folds `events` into a ledger in a file, which must know everybody as `memory` does. */
async function assertStored(events: readonly StreamEvent[], memory: MemoryLedger): Promise<void> {
  await withStoredLedger(async (ledger, writer) => {
    await ledger.fold(events, undefined)
    const known = await writer.load({ ...nothingTouched(), actors: new Set(memory.actors.keys()) })
    for (const [did, { experience }] of memory.actors) assert.equal(known.actor(did)?.experience, experience)
  })
}
