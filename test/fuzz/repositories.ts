import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { encode, toBytes } from '@atcute/cbor'
import type { CidLink } from '@atcute/cid'
import fc from 'fast-check'
import type { Nsid } from '../../src/atproto/event.ts'
import { ownerOf } from '../../src/bluesky/repository/file.ts'
import { SNAPSHOT_LIMITS } from '../../src/bluesky/repository/limits.ts'
import type { ReadRecord } from '../../src/bluesky/repository/record-list.ts'
import { RepositoryError } from '../../src/bluesky/repository/repository-error.ts'
import { readSnapshot, type Snapshot } from '../../src/bluesky/repository/snapshot.ts'
import { pathOf } from '../../src/game/state.ts'
import { importSnapshot } from '../../src/ingest/import-snapshot.ts'
import type { Writer } from '../../src/store/store.ts'
import {
  Blocks,
  carOf,
  KEY,
  LIKE,
  madeRepository,
  OWNER,
  POST,
  pathsOf,
  piecesOf,
  shuffled,
} from '../bluesky/repository/made-repository.ts'
import { folder } from '../e2e/harness.ts'
import { game, REPOST, rules, START, tid } from '../game/arbitrary.ts'
import { type ByteChange, byteChange, changeBytes } from './bytes.ts'
import { withStoredLedger } from './stored-ledger.ts'

const COLLECTIONS: ReadonlySet<string> = new Set([POST, LIKE, REPOST])
const TODAY = Math.floor(START / 86_400_000_000)
/** Small enough to be reached. */
const LIMITS = {
  ...SNAPSHOT_LIMITS,
  maxBytes: 2 ** 21,
  maxBlocks: 2_000,
  maxBlockBytes: 2 ** 18,
  maxNodeBytes: 2 ** 16,
  maxCachedBytes: 2 ** 19,
  maxRecords: 1_000,
  maxPathBytes: 2 ** 16,
  maxRecordBytes: 2 ** 18,
}
const uri = `at://${OWNER}/${POST}/3kaaaaaaaaa2a`
const PATHS = [
  ...pathsOf(24),
  'app.bsky.feed.repost/3kaaaaaaaaa2a',
  'app.bsky.actor.profile/self',
  'app.bsky.feed.post/__proto__',
  'app.bsky.feed.like/~',
  'chat.bsky.actor.declaration/self',
]

/** A value that CBOR can hold. */
const cborValue = fc.jsonValue().filter((value) => {
  try {
    return encode(value).length > 0
  } catch {
    return false
  }
})

/** What the owner of a repository may put into it, from the proper to what is no CBOR at all. */
const recordBytes: fc.Arbitrary<Uint8Array> = fc.constantFrom(
  ...[9, 0xff, 0x1f, 0x5f, 0x9f, 0xbf, 0xd8].map((byte) => Buffer.of(byte)),
  // Lengths that are not there, of bytes, text, a list and a map.
  ...[0x5b, 0x7b, 0x9b, 0xbb].map((byte) =>
    Buffer.from([byte, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  ),
  // Lists in lists, and maps in maps.
  Buffer.concat([Buffer.alloc(200_000, 0x81), Buffer.of(0)]),
  Buffer.concat([
    Buffer.from('a161'.repeat(1) + '61'.repeat(1), 'hex'),
    Buffer.alloc(100_000, 0x81),
    Buffer.of(0),
  ]),
  Buffer.from('a16161'.repeat(50_000).concat('00'), 'hex'),
  // A link that is none, a number that is none, a name that comes twice.
  Buffer.from('a16173d82a4100', 'hex'),
  Buffer.from('a16161fb7ff8000000000000', 'hex'),
  Buffer.from('a2616101616102', 'hex'),
  // Names that objects have by themselves.
  Buffer.from('a1695f5f70726f746f5f5fa0', 'hex'),
  Buffer.from('a16b636f6e7374727563746f7200', 'hex'),
)
const recordValue: fc.Arbitrary<object> = fc.oneof(
  fc.constantFrom(
    { $type: LIKE, subject: { uri, cid: 'x' }, createdAt: '2024-05-06T07:08:09Z' },
    { $type: REPOST, subject: { uri }, createdAt: '-000001-01-01T00:00:00Z' },
    { $type: POST, text: 'x', embed: { $type: 'app.bsky.embed.images', images: [{ alt: 'a cat' }] } },
    { $type: POST, embed: { $type: 'app.bsky.embed.images', images: { length: 2 ** 32 } }, createdAt: 7 },
    { $type: 'app.bsky.actor.profile', labels: { values: [{ val: '!no-unauthenticated' }, null, 7] } },
    { $type: ['app.bsky.feed.post'], subject: null },
  ),
  fc.dictionary(fc.constantFrom('$type', 'subject', 'embed', 'createdAt', 'labels', 'text'), cborValue, {
    noNullPrototype: true,
  }),
)
const record = fc.oneof(
  { weight: 3, arbitrary: recordValue },
  { weight: 1, arbitrary: recordBytes },
  {
    weight: 1,
    arbitrary: fc
      .tuple(recordValue, fc.array(byteChange, { minLength: 1, maxLength: 3 }))
      .map(([value, changes]) => changes.reduce(changeBytes, Buffer.from(encode(value)))),
  },
)
const records = fc
  .array(record, { minLength: PATHS.length, maxLength: PATHS.length })
  .chain((list) => fc.subarray(PATHS).map((paths) => new Map(paths.map((path, n) => [path, list[n]]))))

/** Where a link of a hostile node leads. */
type Target = 'none' | 'below' | 'nowhere' | 'commit' | 'garbage'
type HostileNode = {
  left: Target
  entries: { key: string; shared: number; right: Target; value: Target }[]
  below: HostileNode | undefined
  extra: unknown
}
const target = fc.constantFrom<Target[]>('none', 'below', 'nowhere', 'commit', 'garbage')
const { node } = fc.letrec<{ node: HostileNode }>((tie) => ({
  node: fc.record({
    left: target,
    entries: fc.array(
      fc.record({
        key: fc.oneof(
          fc.constantFrom(...PATHS, '', '/', 'a/b/c', '\xff', `a/${'x'.repeat(2_000)}`),
          fc.string(),
        ),
        shared: fc.oneof(fc.constant(0), fc.constantFrom(-1, 1.5, 5, 2 ** 40), fc.nat({ max: 30 })),
        right: target,
        value: target,
      }),
      { maxLength: 4 },
    ),
    below: fc.option(tie('node'), { nil: undefined, maxDepth: 4 }),
    extra: fc.option(cborValue, { nil: undefined }),
  }),
}))

type Case =
  | { what: 'bytes'; records: Map<string, unknown>; changes: ByteChange[]; size: number }
  | {
      what: 'blocks'
      records: Map<string, unknown>
      seed: number
      drop: boolean
      repeat: boolean
      size: number
    }
  | { what: 'owner'; records: Map<string, unknown>; fields: Record<string, unknown>; size: number }
  | { what: 'tree'; node: HostileNode; size: number }

const size = fc.integer({ min: 1, max: 5_000 })
const cases: fc.Arbitrary<Case> = fc.oneof(
  fc.record({
    what: fc.constant('bytes' as const),
    records,
    changes: fc.array(byteChange, { minLength: 1, maxLength: 4 }),
    size,
  }),
  fc.record({
    what: fc.constant('blocks' as const),
    ...{ records, seed: fc.nat(), drop: fc.boolean(), repeat: fc.boolean(), size },
  }),
  fc.record({
    what: fc.constant('owner' as const),
    records,
    fields: fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      {
        weight: 1,
        arbitrary: fc.dictionary(fc.constantFrom('version', 'did', 'rev', 'prev', 'more'), cborValue, {
          noNullPrototype: true,
        }),
      },
    ),
    size,
  }),
  fc.record({ what: fc.constant('tree' as const), node, size }),
)

/**
 * The property that a repository is refused with a reason or counts exactly. What was changed on its way is refused or is what it
 * was; what its owner has signed is refused or counts by the rules, record by record; and a ledger into which it comes balances.
 */
export const repositories = fc.asyncProperty(cases, async (one) => {
  const read = await outcomeOf(carFor(one), one.size)
  if (read instanceof RepositoryError) return assertReason(read)
  if (one.what === 'bytes' || one.what === 'blocks') {
    const { commit, blocks } = repository(one.records)
    const original = await outcomeOf(carOf(commit, blocks), 10_000)
    assert.ok(!(original instanceof RepositoryError))
    assert.deepEqual(contentOf(read), contentOf(original))
  } else if (one.what === 'owner') {
    assertExact(read, one.records)
  }
  await assertFolds(read)
})

function carFor(one: Case): Buffer {
  switch (one.what) {
    case 'bytes': {
      const { commit, blocks } = repository(one.records)
      return one.changes.reduce(changeBytes, carOf(commit, blocks))
    }
    case 'blocks': {
      const { commit, blocks } = repository(one.records)
      const list = shuffled([...blocks, ...(one.repeat ? blocks : [])], one.seed)
      return carOf(commit, one.drop ? list.slice(1) : list)
    }
    case 'owner': {
      const { commit, blocks } = repository(one.records, one.fields)
      return carOf(commit, blocks)
    }
    case 'tree': {
      const blocks = new Blocks()
      return blocks.car(addNode(blocks, one.node))
    }
  }
}

function repository(entries: Map<string, unknown>, fields: object = {}) {
  return madeRepository([...entries.keys()], (path) => asBytes(entries.get(path)), fields)
}

function asBytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : encode(value)
}

function addNode(blocks: Blocks, { left, entries, below, extra }: HostileNode): CidLink {
  const child = below && addNode(blocks, below)
  const nowhere = new Blocks().add({ nowhere: true })
  const link = (to: Target): unknown => {
    if (to === 'none') return null
    if (to === 'garbage') return 'garbage'
    if (to === 'commit') return blocks.commit(nowhere)
    return to === 'below' ? (child ?? null) : nowhere
  }
  const e = entries.map(({ key, shared, right, value }) => ({
    ...{ k: toBytes(Buffer.from(key, 'latin1')), p: shared, t: link(right), v: link(value) },
  }))
  const more = extra === undefined ? {} : { extra }
  return blocks.add({ l: link(left), e, ...more })
}

async function outcomeOf(car: Uint8Array, size: number): Promise<Snapshot | RepositoryError> {
  await assertOwner(car)
  const wanted = { did: OWNER, key: KEY, collections: COLLECTIONS, records: { today: TODAY }, limits: LIMITS }
  try {
    return await readSnapshot(piecesOf(car, size), wanted)
  } catch (error) {
    if (error instanceof RepositoryError) return error
    throw error
  }
}

/** Of a file, `import` asks first whose it is. */
async function assertOwner(car: Uint8Array): Promise<void> {
  using here = folder()
  writeFileSync(here.path('some.car'), car)
  await ownerOf(here.path('some.car')).catch((error: unknown) => {
    if (!(error instanceof RepositoryError)) throw error
  })
}

function assertReason({ refusal, message }: RepositoryError): void {
  assert.ok(['malformed', 'forged', 'incomplete', 'too-large'].includes(refusal), refusal)
  assert.ok(message.length < 500, message)
}

function contentOf({ rev, paths, records: list, profile }: Snapshot): unknown {
  return { rev, paths: [...paths], records: recordsOf(list), profile }
}

function recordsOf(list: Snapshot['records']): ReadRecord[] {
  return list?.slice(0, Number.POSITIVE_INFINITY) ?? assert.fail('no records were read')
}

/** Judges each record on its own, by the rule of its collection. */
function assertExact(snapshot: Snapshot, entries: Map<string, unknown>): void {
  const paths = [...entries.keys()].filter((path) => COLLECTIONS.has(collectionOf(path))).sort()
  assert.deepEqual([...snapshot.paths], paths)
  for (const { path, facts, claimed } of recordsOf(snapshot.records)) {
    assert.ok(Number.isInteger(claimed) && claimed <= TODAY, `${path} claims day ${claimed}`)
    const value = entries.get(path)
    // What its bytes say is only known where nobody changed them.
    if (value instanceof Uint8Array) continue
    const isOther =
      typeof (value as { $type?: unknown }).$type === 'string' && typeOf(value) !== collectionOf(path)
    const expected = isOther ? undefined : rules.assess(collectionOf(path), value as Record<string, unknown>)
    assert.deepEqual(facts, expected, path)
  }
}

function typeOf(value: unknown): unknown {
  return (value as { $type?: unknown }).$type
}

function collectionOf(path: string): Nsid {
  return path.slice(0, path.indexOf('/')) as Nsid
}

/** Imports the repository into a ledger that knows the person from the stream. */
async function assertFolds(snapshot: Snapshot): Promise<void> {
  await withStoredLedger(async (ledger, writer) => {
    const about = { kind: 'commit', did: OWNER, at: START, op: 'create', rev: tid(1) } as const
    await ledger.fold(
      [
        { ...about, collection: LIKE as Nsid, rkey: tid(1), record: { subject: { uri } } },
        { ...about, collection: POST as Nsid, rkey: '__proto__', record: {} },
      ],
      undefined,
    )
    await importSnapshot({
      ...{ ledger, did: OWNER, snapshot, since: undefined, question: undefined, followed: game.followed },
      clock: () => START + 1_000_000,
      progress: () => {},
      signal: new AbortController().signal,
    })
    await assertSameRecords(writer, snapshot)
  })
}

/** Where the import was not overtaken, the ledger has the records of the repository, and no others. */
async function assertSameRecords(writer: Writer, { rev, records: list }: Snapshot): Promise<void> {
  if (rev <= tid(1)) return
  const { records: stored } = await writer.records(OWNER, undefined, 10_000)
  const live = stored.filter(([, { live }]) => live).map(([id]) => pathOf(id))
  const expected = recordsOf(list).map(({ path }) => path)
  assert.deepEqual(live.sort(), expected.sort())
}
