import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { encode, toBytes } from '@atcute/cbor'
import { CODEC_RAW, fromDigest, toCidLink } from '@atcute/cid'
import { parsePublicMultikey, Secp256k1PrivateKeyExportable } from '@atcute/crypto'
import type { Nsid } from '@atcute/lexicons/syntax'
import fc from 'fast-check'
import type { SigningKey } from '../../../src/bluesky/identity.ts'
import { type RepositoryLimits, SNAPSHOT_LIMITS } from '../../../src/bluesky/repository/limits.ts'
import type { ReadRecord } from '../../../src/bluesky/repository/record-list.ts'
import { type Refusal, RepositoryError } from '../../../src/bluesky/repository/repository-error.ts'
import { readSnapshot, type Snapshot } from '../../../src/bluesky/repository/snapshot.ts'
import { NO_FACTS } from '../../../src/game/rules/rule.ts'
import {
  type Block,
  Blocks,
  carOf,
  KEY,
  keyed,
  LIKE,
  madeRepository,
  OWNER,
  POST,
  pathsOf,
  piecesOf,
  shuffled,
  signed,
} from './made-repository.ts'

const REPOST: Nsid = 'app.bsky.feed.repost'
const FOLLOW: Nsid = 'app.bsky.graph.follow'
const TODAY = Math.floor(Date.parse('2026-11-01') / 86_400_000)
const dayOf = (date: string) => Math.floor(Date.parse(date) / 86_400_000)
const SUBJECT = { did: OWNER, collection: POST as Nsid, rkey: '3kaaaaaaaaa2a' }
const subject = { uri: `at://${OWNER}/${POST}/3kaaaaaaaaa2a`, cid: 'x' }
const createdAt = '2024-05-06T07:08:09Z'
const image = (alt: string) => ({ $type: 'app.bsky.embed.images', images: [{ alt }] })

type Reading = { limits?: Partial<RepositoryLimits>; size?: number; key?: SigningKey; collections?: string[] }

function read(car: Uint8Array, reading: Reading = {}): Promise<Snapshot> {
  const { limits = {}, size = 1_000, key = KEY, collections = [POST, LIKE, REPOST] } = reading
  return readSnapshot(piecesOf(car, size), {
    did: OWNER,
    key,
    collections: new Set(collections),
    records: { today: TODAY },
    limits: { ...SNAPSHOT_LIMITS, ...limits },
  })
}

const recordsOf = ({ records }: Snapshot): ReadRecord[] =>
  records?.slice(0, Number.POSITIVE_INFINITY) ?? assert.fail('no records were read')

async function assertRefused(car: Uint8Array, refusal: Refusal, reading: Reading = {}): Promise<void> {
  await assert.rejects(read(car, reading), (error) => {
    assert.ok(error instanceof RepositoryError, String(error))
    assert.equal(error.refusal, refusal, error.message)
    return true
  })
}

/** A repository of these records by path. */
function carWith(
  records: Record<string, unknown>,
  order: (blocks: Block[]) => Block[] = (all) => all,
): Buffer {
  const { commit, blocks } = madeRepository(Object.keys(records), (path) => records[path])
  return carOf(commit, order(blocks))
}

suite('the records of a repository', () => {
  test('are what their rules read, oldest key first', async () => {
    const car = carWith({
      [`${POST}/3kaaaaaaaac2a`]: { $type: POST, text: 'x', createdAt },
      [`${POST}/3kaaaaaaaaa2a`]: { $type: POST, embed: image('a cat'), createdAt },
      [`${POST}/self`]: { $type: POST, embed: image(''), createdAt },
      [`${LIKE}/3kaaaaaaaab2a`]: { $type: LIKE, subject, createdAt: '1999-01-01' },
      [`${LIKE}/mine`]: { $type: LIKE, subject: 7 },
      [`${REPOST}/3kaaaaaaaaa2a`]: { $type: REPOST, subject, createdAt },
      [`${FOLLOW}/3kaaaaaaaaa2a`]: { $type: FOLLOW, subject: OWNER, createdAt },
    })
    const ofKey = dayOf('2023-09-25')
    const day = dayOf('2024-05-06')
    const snapshot = await read(car)
    assert.deepEqual(recordsOf(snapshot), [
      { path: `${POST}/3kaaaaaaaaa2a`, facts: { ...NO_FACTS, media: 'alt' }, claimed: ofKey },
      { path: `${REPOST}/3kaaaaaaaaa2a`, facts: { ...NO_FACTS, subject: SUBJECT }, claimed: ofKey },
      { path: `${LIKE}/3kaaaaaaaab2a`, facts: NO_FACTS, claimed: ofKey },
      { path: `${POST}/3kaaaaaaaac2a`, facts: { ...NO_FACTS, media: 'text' }, claimed: ofKey },
      { path: `${LIKE}/mine`, facts: undefined, claimed: TODAY },
      { path: `${POST}/self`, facts: { ...NO_FACTS, media: 'media' }, claimed: day },
    ])
    assert.deepEqual([...snapshot.paths].length, 6)
    assert.deepEqual(snapshot.records?.slice(1, 3), recordsOf(snapshot).slice(1, 3))
  })

  test('are the same in any order of the blocks, and in pieces of any size', async () => {
    const order = fc.record({
      count: fc.nat({ max: 40 }),
      seed: fc.nat(),
      size: fc.integer({ min: 1, max: 400 }),
    })
    await fc.assert(
      fc.asyncProperty(order, async ({ count, seed, size }) => {
        const records = Object.fromEntries(
          pathsOf(count).map((path, n) => [
            path,
            { $type: path.split('/')[0], n: n % 7, subject, createdAt },
          ]),
        )
        const car = carWith(records, (blocks) =>
          seed % 5 === 0 ? blocks.toReversed() : shuffled(blocks, seed),
        )
        const snapshot = await read(car, { size })
        const found = recordsOf(snapshot)
        assert.deepEqual(found.map(({ path }) => path).sort(), [...snapshot.paths])
        assert.equal(found.length, count)
        for (const { path, facts } of found)
          assert.deepEqual(facts, path.startsWith(POST) ? { ...NO_FACTS, media: 'text' } : NO_FACTS)
      }),
      { numRuns: 60 },
    )
  })

  test('that are equal are one block', async () => {
    const like = { $type: LIKE, subject, createdAt }
    const records = { [`${LIKE}/a`]: like, [`${LIKE}/b`]: like, [`${LIKE}/c`]: like }
    const { commit, blocks } = madeRepository(Object.keys(records), () => like)
    const once = [...new Map(blocks.map((block) => [Buffer.from(block.cid).toString('hex'), block])).values()]
    assert.equal(once.length, blocks.length - 2)
    for (const list of [once, once.toReversed()])
      assert.equal(
        recordsOf(await read(carOf(commit, list))).filter(({ facts }) => facts === NO_FACTS || facts).length,
        3,
      )
  })

  test('that lie in another collection than their type are unreadable, and those without a type are read', async () => {
    const car = carWith({
      [`${POST}/a`]: { $type: LIKE, subject, createdAt },
      [`${POST}/b`]: { text: 'x', createdAt },
      [`${LIKE}/c`]: { $type: FOLLOW, subject },
      [`${LIKE}/d`]: { subject, createdAt },
      [`${LIKE}/e`]: 'no record',
      [`${FOLLOW}/f`]: { $type: LIKE, subject },
      [`${FOLLOW}/g`]: 7,
    })
    const found = recordsOf(await read(car, { collections: [POST, LIKE, FOLLOW] }))
    assert.deepEqual(
      found.map(({ facts }) => facts),
      [undefined, { ...NO_FACTS, media: 'text' }, undefined, NO_FACTS, undefined, NO_FACTS, undefined],
    )
  })

  test('come with what the profile says about showing its owner', async () => {
    const PROFILE = 'app.bsky.actor.profile'
    const labels = { values: [{ val: '!no-unauthenticated' }] }
    const profiles: [object | undefined, boolean | undefined][] = [
      [undefined, undefined],
      [{ $type: PROFILE, labels }, true],
      [{ $type: PROFILE, displayName: 'anybody' }, false],
      // Not what the protocol takes for a profile.
      [{ $type: LIKE, labels }, false],
    ]
    for (const [profile, optedOut] of profiles) {
      const records = {
        [`${LIKE}/a`]: { $type: LIKE, subject },
        [`${PROFILE}/other`]: { $type: PROFILE, labels },
      }
      const own = profile === undefined ? {} : { [`${PROFILE}/self`]: profile }
      for (const order of [(all: Block[]) => all, (all: Block[]) => all.toReversed()]) {
        const snapshot = await read(carWith({ ...records, ...own }, order))
        assert.equal(snapshot.profile?.optedOut, optedOut)
        assert.equal(snapshot.records?.size, 1)
      }
    }
  })

  test('are read where one looks like a node of the tree', async () => {
    const record = { e: [], $type: LIKE, subject }
    const { commit, blocks } = madeRepository([`${LIKE}/a`], () => record)
    assert.ok(blocks.some(({ data }) => Buffer.from(data).subarray(1, 3).equals(Buffer.from('ae'))))
    for (const list of [blocks, blocks.toReversed()])
      assert.deepEqual(recordsOf(await read(carOf(commit, list))).length, 1)
  })

  test('are unreadable where their CID is that of a blob, or the block is no CBOR', async () => {
    const blocks = new Blocks()
    const raw = toCidLink(fromDigest(CODEC_RAW, new Uint8Array(32)))
    const found = recordsOf(await read(blocks.car(blocks.add({ l: null, e: [keyed(`${LIKE}/a`, raw)] }))))
    assert.deepEqual(found, [{ path: `${LIKE}/a`, facts: undefined, claimed: TODAY }])
  })

  test('are listed however many there are, in no more memory than is allowed', async () => {
    const paths = pathsOf(50_000)
    const { commit, blocks } = madeRepository(paths, (path) => ({ $type: LIKE, path, subject, createdAt }))
    for (const list of [blocks, shuffled(blocks, 7)]) {
      const car = carOf(commit, list)
      const limits = { maxRecordBytes: 10 * 2 ** 20 }
      assert.equal((await read(car, { size: 65_536, limits })).records?.size, paths.length)
      await assertRefused(car, 'too-large', { size: 65_536, limits: { maxRecordBytes: 2 ** 20 } })
    }
  })
})

suite('a repository whose records are read', () => {
  const records = Object.fromEntries(
    pathsOf(20).map((path) => [path, { $type: LIKE, path, subject, createdAt }]),
  )

  test('is refused where it was cut off, wherever', async () => {
    const car = carWith(records)
    for (let end = 0; end < car.length; end += 7) await assertRefused(car.subarray(0, end), 'incomplete')
    await assertRefused(car.subarray(0, -1), 'incomplete')
  })

  test('is refused where a byte of it was changed', async () => {
    const car = carWith(records)
    for (let at = 0; at < car.length; at++) {
      const changed = Uint8Array.from(car)
      changed[at] = (changed[at] ?? 0) ^ 0x11
      await assert.rejects(read(changed), RepositoryError, `byte ${at}`)
    }
  })

  test('is refused where one of its records is missing', async () => {
    const { commit, blocks } = madeRepository(Object.keys(records), (path) => records[path])
    const isRecord = ({ data }: Block): boolean => Buffer.from(data).includes(LIKE) && data[0] === 0xa4
    const gone = blocks.findIndex(isRecord)
    assert.ok(gone > 0)
    await assertRefused(carOf(commit, blocks.toSpliced(gone, 1)), 'incomplete')
  })
})

suite('the signature of a repository', () => {
  const records = { [`${LIKE}/a`]: { $type: LIKE, subject } }

  test('is checked for paths alone, too', async () => {
    const key = parsePublicMultikey(
      await (await Secp256k1PrivateKeyExportable.createKeypair()).exportPublicKey('multikey'),
    )
    const wanted = { did: OWNER, collections: new Set([LIKE]), limits: SNAPSHOT_LIMITS, key }
    await assert.rejects(readSnapshot([carWith(records)], { ...wanted, records: undefined }), {
      refusal: 'forged',
    })
    await assertRefused(carWith(records), 'forged', { key })
  })

  test('is refused before anything else of the file is read', async () => {
    const blocks = new Blocks()
    const data = new Blocks().add({ l: null, e: [] })
    const commit = { version: 3, did: OWNER, data, rev: '3kaaaaaaaaa2a', prev: null }
    const root = blocks.add({ ...commit, sig: toBytes(new Uint8Array(64)) })
    const endless = async function* () {
      yield carOf(root, blocks.list)
      assert.fail('read on behind a forged commit')
    }
    const wanted = { did: OWNER, key: KEY, collections: new Set([LIKE]), records: { today: TODAY } }
    await assert.rejects(readSnapshot(endless(), { ...wanted, limits: SNAPSHOT_LIMITS }), {
      refusal: 'forged',
    })
  })

  test('has one form only: the other one, which anybody can make of it, is refused', async () => {
    const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const blocks = new Blocks()
    const data = blocks.add({ l: null, e: [] })
    const unsigned = { version: 3, did: OWNER, data, rev: '3kaaaaaaaaa2a', prev: null }
    const low = Buffer.from(signed(encode(unsigned)))
    const high = Buffer.from(low)
    const s = BigInt(`0x${low.subarray(32).toString('hex')}`)
    high.write((N - s).toString(16).padStart(64, '0'), 32, 'hex')
    for (const [sig, isTaken] of [
      [low, true],
      [high, false],
    ] as const) {
      const root = blocks.add({ ...unsigned, sig: toBytes(sig) })
      const reading = read(carOf(root, blocks.list))
      if (isTaken) assert.equal((await reading).paths.size, 0)
      else await assert.rejects(reading, { refusal: 'forged' })
    }
  })

  test('that is none is refused', async () => {
    for (const sig of [new Uint8Array(64), new Uint8Array(0), new Uint8Array(63), new Uint8Array(500)]) {
      const blocks = new Blocks()
      const unsigned = {
        version: 3,
        did: OWNER,
        data: blocks.add({ l: null, e: [] }),
        rev: '3kaaaaaaaaa2a',
        prev: null,
      }
      const root = blocks.add({ ...unsigned, sig: toBytes(sig) })
      await assertRefused(carOf(root, blocks.list), 'forged')
    }
  })
})
