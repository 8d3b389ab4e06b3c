import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { suite, test } from 'node:test'
import { encode } from '@atcute/cbor'
import { type CidLink, CODEC_DCBOR, fromDigest, toCidLink } from '@atcute/cid'
import { parsePublicMultikey } from '@atcute/crypto'
import { createRaw } from '@atcute/tid'
import fc from 'fast-check'
import type { SigningKey } from '../../../src/bluesky/identity.ts'
import { type RepositoryLimits, SNAPSHOT_LIMITS } from '../../../src/bluesky/repository/limits.ts'
import { type Refusal, RepositoryError } from '../../../src/bluesky/repository/repository-error.ts'
import { readSnapshot, type Snapshot } from '../../../src/bluesky/repository/snapshot.ts'
import type { RecordPath } from '../../../src/game/state.ts'
import { Network } from '../../../src/simulator/network.ts'
import type { Person } from '../../../src/simulator/people.ts'
import { repositoryOf } from '../../../src/simulator/repository.ts'
import { signingKeyOf } from '../../../src/simulator/signing-key.ts'
import {
  Blocks,
  BOTH,
  carOf,
  KEY,
  keyed,
  LIKE,
  madeRepository,
  OWNER,
  pathsOf,
  piecesOf,
  REV,
  recordOf,
  shuffled,
  varint,
} from './made-repository.ts'

const START = 1_770_000_000_000_000

type Reading = { limits?: Partial<RepositoryLimits>; size?: number; collections?: ReadonlySet<string> }

function read(
  car: Uint8Array,
  { limits = {}, size = 1_000, collections = BOTH }: Reading = {},
): Promise<Snapshot> {
  const wanted = { did: OWNER, key: KEY, collections, records: undefined }
  return readSnapshot(piecesOf(car, size), { ...wanted, limits: { ...SNAPSHOT_LIMITS, ...limits } })
}

async function assertRefused(car: Uint8Array, refusal: Refusal, reading: Reading = {}): Promise<void> {
  await assert.rejects(read(car, reading), (error) => {
    assert.ok(error instanceof RepositoryError, String(error))
    assert.equal(error.refusal, refusal, error.message)
    return true
  })
}

/** The key that the document of a simulated person names. */
async function keyOf(person: Person): Promise<SigningKey> {
  return parsePublicMultikey(await (await signingKeyOf(person)).exportPublicKey('multikey'))
}

/** A repository of one made node. */
const carOfNode = (node: unknown): Buffer => {
  const blocks = new Blocks()
  return blocks.car(blocks.add(node))
}

suite('a repository', () => {
  test('holds every record of the collections asked for, at its revision', async () => {
    const paths = pathsOf(500)
    const { commit, blocks } = madeRepository(paths, recordOf)
    for (const collections of [BOTH, new Set([LIKE]), new Set(['app.bsky.graph.block']), new Set<string>()]) {
      const { rev, paths: found } = await read(carOf(commit, blocks), { collections })
      assert.equal(rev, REV)
      const expected = paths.filter((path) => collections.has(path.split('/')[0] ?? '')).sort()
      assert.deepEqual([...found], expected)
      assert.equal(found.size, expected.length)
      for (const path of paths) assert.equal(found.has(path as never), expected.includes(path))
    }
  })

  test('is the same in any order of its blocks, and in pieces of any size', async () => {
    const order = fc.record({
      count: fc.nat({ max: 60 }),
      seed: fc.nat(),
      size: fc.integer({ min: 1, max: 400 }),
    })
    await fc.assert(
      fc.asyncProperty(order, async ({ count, seed, size }) => {
        const paths = pathsOf(count)
        const { commit, blocks } = madeRepository(paths, recordOf)
        const list = seed % 5 === 0 ? blocks.toReversed() : shuffled(blocks, seed)
        assert.deepEqual([...(await read(carOf(commit, list), { size })).paths], [...paths].sort())
      }),
      { numRuns: 60 },
    )
  })

  test('of the simulated network is read, and may be empty', async () => {
    const network = new Network({
      seed: 7,
      actors: 20,
      start: START,
      step: 1_000_000,
      mix: 'feed',
    })
    for (let n = 0; n < 400; n++) network.next()
    for (const person of network.people) {
      for (const records of [person.records, new Map()]) {
        const { car, rev } = await repositoryOf({ ...person, records })
        const wanted = { did: person.did, key: await keyOf(person), collections: BOTH, records: undefined }
        const snapshot = await readSnapshot([car], { ...wanted, limits: SNAPSHOT_LIMITS })
        const expected = [...records.keys()].filter((path) => BOTH.has(path.split('/')[0] ?? '')).sort()
        assert.deepEqual([snapshot.rev, [...snapshot.paths]], [rev, expected])
      }
    }
  })

  test('of the collections that people have is read the same way', async () => {
    const [person] = new Network({ seed: 7, actors: 2, start: START, step: 1_000_000, mix: 'feed' }).people
    assert.ok(person)
    const ofOthers = ['app.bsky.graph.follow', 'app.bsky.graph.block', 'chat.bsky.actor.declaration']
    const paths = [
      'app.bsky.actor.profile/self',
      ...pathsOf(14),
      ...Array.from({ length: 8 }, (_, n) => `${ofOthers[n % 3]}/${createRaw(START + n, n)}`),
    ]
    const records = new Map(paths.map((path) => [path as RecordPath, { path }]))
    const { car, rev } = await repositoryOf({ ...person, records })
    const collections = new Set([...BOTH, 'app.bsky.actor.profile'])
    const wanted = { did: person.did, key: await keyOf(person), collections, records: undefined }
    const snapshot = await readSnapshot([car], { ...wanted, limits: SNAPSHOT_LIMITS })
    assert.deepEqual([snapshot.rev, [...snapshot.paths]], [rev, paths.slice(0, 15).sort()])
  })

  test('of 300,000 records is read in any order, within the memory that it says', async () => {
    const paths = pathsOf(300_000).sort()
    const { commit, blocks } = madeRepository(paths, recordOf)
    for (const list of [blocks, shuffled(blocks, 7)]) {
      const car = carOf(commit, list)
      assert.ok(car.length > 100 * 2 ** 20)
      // A fourth of what is allowed is enough for it.
      const { paths: found } = await read(car, { size: 65_536, limits: { maxCachedBytes: 96 * 2 ** 20 } })
      assert.equal(found.size, paths.length)
      let at = 0
      for (const path of found) if (path !== paths[at++]) assert.fail(path)
    }
  })

  test('is known before what comes behind its last node has come', async () => {
    const { commit, blocks } = madeRepository(pathsOf(50), recordOf)
    const car = carOf(commit, blocks)
    let asked = 0
    const endless = async function* () {
      yield car
      for (;;) {
        asked += 1
        yield Buffer.alloc(1_000)
      }
    }
    const options = { did: OWNER, key: KEY, collections: BOTH, records: undefined, limits: SNAPSHOT_LIMITS }
    assert.equal((await readSnapshot(endless(), options)).paths.size, 50)
    assert.equal(asked, 0)
  })
})

suite('what is no repository', () => {
  test('is one that was cut off before its last node, wherever', async () => {
    const { commit, blocks } = madeRepository(pathsOf(60), recordOf)
    // Its last block is a node.
    const isNode = ({ data }: { data: Uint8Array }) => data[0] === 0xa2 && data[2] === 0x65
    const car = carOf(commit, [...blocks.filter((block) => !isNode(block)), ...blocks.filter(isNode)])
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: car.length - 1 }),
        fc.integer({ min: 1, max: 999 }),
        async (end, size) => {
          await assertRefused(car.subarray(0, end), 'incomplete', { size })
        },
      ),
      { numRuns: 200 },
    )
  })

  test('is one of which any byte that counts was changed', async () => {
    const paths = pathsOf(20)
    const { commit, blocks } = madeRepository(paths, recordOf)
    const car = carOf(commit, blocks)
    let refused = 0
    for (let at = 0; at < car.length; at++) {
      const changed = Uint8Array.from(car)
      changed[at] = (changed[at] ?? 0) ^ 0x11
      try {
        // What stands in a record is not looked at; what the names are must not have changed.
        assert.deepEqual([...(await read(changed)).paths], [...paths].sort())
      } catch (error) {
        assert.ok(error instanceof RepositoryError, `byte ${at}: ${error}`)
        refused += 1
      }
    }
    assert.ok(refused > 500, String(refused))
  })

  test('is any handful of bytes, and nothing else happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        await assert.rejects(read(bytes), RepositoryError)
      }),
      { numRuns: 500 },
    )
  })

  test("is somebody else's", async () => {
    const { commit, blocks } = madeRepository(pathsOf(3), recordOf, {
      did: 'did:plc:bbbbbbbbbbbbbbbbbbbbbbbb',
    })
    await assertRefused(carOf(commit, blocks), 'malformed')
  })

  test('is one without a revision', async () => {
    for (const rev of ['yesterday', '', 7, null]) {
      const { commit, blocks } = madeRepository([], recordOf, { rev })
      await assertRefused(carOf(commit, blocks), 'malformed')
    }
  })

  test('is one whose header says something else', async () => {
    const { blocks } = madeRepository(pathsOf(3), recordOf)
    for (const header of [
      { version: 2, roots: [] },
      { version: 1, roots: [] },
      { version: 1, roots: ['x'] },
      [],
      7,
    ]) {
      const bytes = encode(header)
      const [first] = blocks
      assert.ok(first)
      await assertRefused(Buffer.concat([varint(bytes.length), bytes]), 'malformed')
    }
  })

  test('is a tree whose names are not in order', async () => {
    const [a, b, c] = [`${LIKE}/a`, `${LIKE}/b`, `${LIKE}/c`]
    const trees: ((blocks: Blocks, record: CidLink) => CidLink)[] = [
      (blocks, record) => blocks.add({ l: null, e: [keyed(b, record), keyed(a, record)] }),
      (blocks, record) => blocks.add({ l: null, e: [keyed(a, record), keyed(a, record)] }),
      (blocks, record) => {
        const below = blocks.add({ l: null, e: [keyed(a, record)] })
        return blocks.add({ l: null, e: [keyed(b, record, below)] })
      },
      (blocks, record) => {
        const below = blocks.add({ l: null, e: [keyed(b, record)] })
        return blocks.add({ l: below, e: [keyed(a, record)] })
      },
      (blocks, record) => {
        const below = blocks.add({ l: null, e: [keyed(c, record)] })
        return blocks.add({ l: null, e: [keyed(a, record, below), keyed(b, record)] })
      },
    ]
    for (const tree of trees) {
      for (const reverse of [false, true]) {
        const blocks = new Blocks()
        const root = blocks.commit(tree(blocks, blocks.add({})))
        await assertRefused(carOf(root, reverse ? blocks.list.toReversed() : blocks.list), 'malformed')
      }
    }
  })

  test('are nodes that name each other again and again', async () => {
    const blocks = new Blocks()
    const record = blocks.add({})
    let node = blocks.add({ l: null, e: [keyed(`${LIKE}/z`, record)] })
    // A walk of 2^250 steps, for who takes it.
    for (let depth = 0; depth < 250; depth++)
      node = blocks.add({ l: node, e: [keyed(`${LIKE}/z`, record, node)] })
    for (const list of [blocks.list, blocks.list.toReversed()]) {
      await assertRefused(carOf(blocks.commit(node), [...list, ...blocks.list]), 'malformed')
    }
  })

  test('is a node that is no node', async () => {
    const record = new Blocks().add({})
    const entry = keyed(`${LIKE}/a`, record)
    for (const node of [
      { l: null, e: 'none' },
      { l: null, e: [7] },
      { l: 'x', e: [] },
      { l: null, e: [{ ...entry, p: 1 }] },
      { l: null, e: [{ ...entry, p: -1 }] },
      { l: null, e: [{ ...entry, p: 0.5 }] },
      { l: null, e: [keyed('no/slash/twice', record)] },
      { l: null, e: [keyed('ä/a', record)] },
      { l: null, e: [keyed(`${LIKE}/${'a'.repeat(1_025)}`, record)] },
    ]) {
      await assertRefused(carOfNode(node), 'malformed')
    }
    const blocks = new Blocks()
    await assertRefused(
      blocks.car(blocks.add({ l: blocks.add({ l: null, e: [] }), e: [entry] })),
      'malformed',
    )
  })

  test('is a tree that lacks a part', async () => {
    const elsewhere = new Blocks().add({ l: null, e: [] })
    await assertRefused(carOfNode({ l: elsewhere, e: [] }), 'incomplete')
    await assertRefused(carOfNode({ l: null, e: [keyed(`${LIKE}/a`, elsewhere, elsewhere)] }), 'incomplete')
    const { blocks } = madeRepository(pathsOf(3), recordOf)
    await assertRefused(carOf(elsewhere, blocks), 'incomplete')
  })
})

suite('what is too much', () => {
  const { commit, blocks } = madeRepository(pathsOf(300), recordOf)
  const car = carOf(commit, blocks)
  const reverse = carOf(commit, blocks.toReversed())
  for (const [name, limits] of [
    ['bytes', { maxBytes: car.length - 400 }],
    ['blocks', { maxBlocks: blocks.length - 2 }],
    ['bytes of a block', { maxBlockBytes: 200 }],
    ['bytes of a node', { maxNodeBytes: 100 }],
    ['levels', { maxDepth: 2 }],
    ['records', { maxRecords: 299 }],
    ['bytes of names', { maxPathBytes: 300 * 30 }],
    ['bytes that wait', { maxCachedBytes: 10_000 }],
  ] as const) {
    test(`is too many ${name}, and one fewer is not`, async () => {
      // In the other order the first blocks are enough, or nothing has to wait.
      const file = 'maxNodeBytes' in limits ? car : reverse
      await assertRefused(file, 'too-large', { limits })
      await read(file)
    })
  }

  test('is a length of any size, and no memory is taken for it', async () => {
    const head = car.subarray(0, 1 + (car[0] ?? 0))
    const before = process.memoryUsage().arrayBuffers
    for (const length of [2 ** 21 + 37, 2 ** 27, 2 ** 32, 2 ** 50, 2 ** 60]) {
      await assertRefused(Buffer.concat([head, varint(length), Buffer.alloc(100)]), 'too-large')
      await assert.rejects(read(Buffer.concat([varint(length), Buffer.alloc(100)])), RepositoryError)
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 21)
    await assertRefused(Buffer.concat([head, Buffer.alloc(1_000, 0xff)]), 'too-large')
  })

  test('is a heap of tiny nodes that nobody names', { timeout: 30_000 }, async () => {
    const node = Buffer.from(encode({ l: null, e: [] }))
    const parts: Buffer[] = [car.subarray(0, 1 + (car[0] ?? 0))]
    const one = Buffer.concat([Uint8Array.of(36 + node.length, 1, 0x71, 0x12, 0x20), Buffer.alloc(32), node])
    for (let n = 0; n < 50_000; n++) {
      const block = Buffer.from(one)
      block.writeUInt32LE(n, 5)
      parts.push(block)
    }
    await assertRefused(Buffer.concat(parts), 'too-large', { limits: { maxCachedBytes: 2 ** 22 } })
  })

  test('is a chain of nodes that hold nothing', async () => {
    const blocks = new Blocks()
    let node = blocks.add({ l: null, e: [keyed(`${LIKE}/a`, blocks.add({}))] })
    for (let depth = 0; depth < 10_000; depth++) node = blocks.add({ l: node, e: [] })
    const root = blocks.commit(node)
    await assertRefused(carOf(root, blocks.list), 'too-large')
    await assertRefused(carOf(root, blocks.list.toReversed()), 'too-large')
  })

  test('is a node nested without end', async () => {
    const nested = Buffer.concat([Uint8Array.of(0xa2, 0x61, 0x65), Buffer.alloc(2 ** 19 - 3, 0x81)])
    const blocks = new Blocks()
    const cid = fromDigest(CODEC_DCBOR, hash('sha256', nested, 'buffer'))
    blocks.list.push({ cid: cid.bytes, data: nested })
    await assertRefused(blocks.car(toCidLink(cid)), 'malformed', { size: 65_536 })
  })
})
