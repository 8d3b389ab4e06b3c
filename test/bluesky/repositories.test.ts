import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { writeCarStream } from '@atcute/car'
import { encode, toBytes } from '@atcute/cbor'
import { type Cid, CODEC_DCBOR, create, toCidLink } from '@atcute/cid'
import type { Did, Nsid } from '@atcute/lexicons/syntax'
import { openRepositories, readSnapshot } from '../../src/bluesky/repositories.ts'
import { RequestError } from '../../src/bluesky/request.ts'
import { Network } from '../../src/simulator/network.ts'
import type { Person } from '../../src/simulator/people.ts'
import { repositoryOf } from '../../src/simulator/repository.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { never, type Reply, serve } from './local-server.ts'

const START = 1_770_000_000_000_000
const POST: Nsid = 'app.bsky.feed.post'
const LIKE: Nsid = 'app.bsky.feed.like'
const BOTH: ReadonlySet<Nsid> = new Set([POST, LIKE])
const NOTHING: ReadonlySet<Nsid> = new Set()
const REAL = new URL('../../../shared/fixtures/repo-real-23.car', import.meta.url)

/** A network in which enough has happened for the first people to hold some records. */
function network(happenings = 400): Network {
  const made = new Network({ seed: 7, actors: 20, start: START, step: 1_000_000, mix: 'feed' })
  for (let n = 0; n < happenings; n++) made.next()
  return made
}

function busiest({ people }: Network): Person {
  return people.toSorted((a, b) => b.records.size - a.records.size)[0] ?? assert.fail()
}

const pathsIn = ({ records }: Person, collections: ReadonlySet<string>) =>
  [...records.keys()].filter((path) => collections.has(path.slice(0, path.indexOf('/')))).sort()

type Block = { cid: Uint8Array; data: Uint8Array }

/** Blocks for a CAR file by hand. */
class Blocks {
  readonly list: Block[] = []

  async add(value: unknown): Promise<Cid> {
    const data = encode(value)
    const cid = await create(CODEC_DCBOR, data)
    this.list.push({ cid: cid.bytes, data })
    return cid
  }

  /** The file of a commit whose tree begins at `root`. */
  async car(root: Cid, fields: object = {}): Promise<Uint8Array> {
    const commit = { version: 3, did: 'did:plc:a', data: toCidLink(root), rev: '3kaaaaaaaaa2a', prev: null }
    const head = await this.add({ ...commit, sig: toBytes(new Uint8Array(64)), ...fields })
    const chunks: Uint8Array[] = []
    for await (const chunk of writeCarStream([toCidLink(head)], this.list)) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
}

const keyed = (key: string, value: Cid, right: Cid | null = null) => ({
  k: toBytes(new TextEncoder().encode(key)),
  p: 0,
  t: right === null ? null : toCidLink(right),
  v: toCidLink(value),
})

suite('a repository', () => {
  test('holds every record of the collections asked for, at its revision', async () => {
    const person = busiest(network())
    const { car, rev } = await repositoryOf(person)
    assert.ok(pathsIn(person, BOTH).length > 50)
    for (const collections of [BOTH, new Set([LIKE]), new Set<Nsid>(['app.bsky.graph.block']), NOTHING]) {
      const snapshot = readSnapshot(car, collections)
      assert.equal(snapshot.rev, rev)
      assert.deepEqual([...snapshot.paths].sort(), pathsIn(person, collections))
    }
  })

  test('may be empty', async () => {
    const person = { ...busiest(network(20)), records: new Map() }
    const { car, rev } = await repositoryOf(person)
    assert.deepEqual(readSnapshot(car, BOTH), { rev, paths: new Set() })
  })

  test('of the real network is read the same way', { skip: !existsSync(REAL) && 'no such file' }, () => {
    const car = readFileSync(REAL)
    const { rev, paths } = readSnapshot(car, new Set<Nsid>([POST, LIKE, 'app.bsky.actor.profile']))
    assert.match(rev, /^3[2-7a-z]{12}$/)
    assert.ok(paths.size > 0 && paths.size <= 23, String(paths.size))
    for (const path of paths) assert.match(path, /^app\.bsky\.(feed\.(post|like)|actor\.profile)\/[^/]+$/)
    assert.throws(() => readSnapshot(car.subarray(0, -100), BOTH), RequestError)
  })

  test('that was cut off anywhere is none', async () => {
    const { car } = await repositoryOf(busiest(network(60)))
    for (let end = 0; end < car.length; end += 1 + Math.floor(car.length / 400)) {
      assert.throws(() => readSnapshot(car.subarray(0, end), BOTH), RequestError, `after ${end} bytes`)
    }
  })

  test('with any byte of it changed is read or is none, and nothing else', async () => {
    const { car } = await repositoryOf(busiest(network(40)))
    let refused = 0
    for (let at = 0; at < car.length; at += 3) {
      const changed = Uint8Array.from(car)
      changed[at] = (changed[at] ?? 0) ^ 0xff
      try {
        readSnapshot(changed, BOTH)
      } catch (error) {
        assert.ok(error instanceof RequestError, `byte ${at}: ${error}`)
        refused += 1
      }
    }
    assert.ok(refused > 0)
  })

  test('whose revision is no revision is none', async () => {
    for (const rev of ['yesterday', '', 7, undefined]) {
      const blocks = new Blocks()
      const root = await blocks.add({ l: null, e: [] })
      const fields = rev === undefined ? { rev: null } : { rev }
      const car = await blocks.car(root, fields)
      assert.throws(() => readSnapshot(car, BOTH), RequestError, String(rev))
    }
  })

  test('is read in the order of its names, and is none in any other', async () => {
    const [like, other] = [`${LIKE}/3kaaaaaaaaa2a`, 'none/3kaaaaaaaaa2b']
    const carOf = async (left: string, right: string) => {
      const blocks = new Blocks()
      const record = await blocks.add({})
      const below = await blocks.add({ l: null, e: [keyed(right, record)] })
      return blocks.car(await blocks.add({ l: null, e: [keyed(left, record, below)] }))
    }
    assert.deepEqual([...readSnapshot(await carOf(like, other), BOTH).paths], [like])
    for (const right of [like, other]) {
      const disordered = await carOf(other, right)
      assert.throws(() => readSnapshot(disordered, BOTH), { name: 'RequestError', message: /not in order/ })
    }
  })

  test('whose nodes name each other again and again is not walked to its end, which never comes', async () => {
    const blocks = new Blocks()
    const record = await blocks.add({})
    let node = await blocks.add({ l: null, e: [keyed(`${LIKE}/z`, record)] })
    // Twenty levels are a million steps. 250 are as easily made, and would last for ever.
    for (let depth = 0; depth < 20; depth++) {
      node = await blocks.add({ l: toCidLink(node), e: [keyed(`${LIKE}/z`, record, node)] })
    }
    const car = await blocks.car(node)
    assert.ok(car.length < 10_000)
    assert.throws(() => readSnapshot(car, BOTH), { name: 'RequestError', message: /not in order/ })
  })

  test('whose tree is missing a part is none', async () => {
    const elsewhere = await new Blocks().add({ l: null, e: [] })
    const blocks = new Blocks()
    const record = await blocks.add({})
    for (const node of [
      { l: toCidLink(elsewhere), e: [] },
      { l: null, e: [keyed(`${LIKE}/a`, elsewhere)] },
      { l: null, e: [keyed(`${LIKE}/a`, record, elsewhere)] },
      { l: null, e: 'none' },
    ]) {
      const root = await blocks.add(node)
      const car = await blocks.car(root)
      assert.throws(() => readSnapshot(car, BOTH), RequestError)
    }
  })
})

suite('asking for a repository', () => {
  test('finds it where the directory says', async () => {
    const made = network()
    await using simulator = await startSimulator({ network: made, seed: 7 })
    const repositories = openRepositories({ plcUrl: simulator.httpUrl })
    for (const person of made.people.slice(0, 5)) {
      const snapshot = await repositories.snapshot(person.did, BOTH, never())
      assert.deepEqual([...(snapshot?.paths ?? [])].sort(), pathsIn(person, BOTH))
      assert.equal(snapshot?.rev, (await repositoryOf(person)).rev)
    }
  })

  /** A directory and a repository server in one. */
  async function snapshotOf(reply: (url: URL) => Reply, did: Did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa') {
    await using server = await serve((url) => {
      if (url.pathname.startsWith('/xrpc/')) return reply(url)
      return { json: { service: [{ id: '#atproto_pds', serviceEndpoint: `http://${url.host}` }] } }
    })
    return await openRepositories({ plcUrl: server.url }).snapshot(did, BOTH, never())
  }

  test('names whose it is to be', async () => {
    const { car } = await repositoryOf(busiest(network(20)))
    const asked: URL[] = []
    const did = 'did:web:alice.example%3A8443'
    await snapshotOf((url) => {
      asked.push(url)
      return { body: car }
    }, did)
    assert.equal(asked[0]?.pathname, '/xrpc/com.atproto.sync.getRepo')
    assert.deepEqual([...(asked[0]?.searchParams ?? [])], [['did', did]])
  })

  for (const error of ['RepoNotFound', 'RepoDeactivated', 'RepoTakendown', 'RepoSuspended']) {
    test(`is told that it is gone by ${error}`, async () => {
      assert.equal(await snapshotOf(() => ({ status: 400, json: { error } })), undefined)
    })
  }

  const failures: [string, Reply][] = [
    ['another error', { status: 400, json: { error: 'InvalidRequest' } }],
    ['an error of no name', { status: 404, body: 'not found' }],
    ['a server that is overwhelmed', { status: 429, headers: { 'retry-after': '3' } }],
    ['a server that is broken', { status: 500, json: { error: 'InternalServerError' } }],
    ['a page', { body: '<html>' }],
    ['nothing', { body: '' }],
    ['a redirect', { status: 302, headers: { location: '/xrpc/elsewhere' } }],
    ['a cut line', (response) => response.destroy()],
  ]
  for (const [name, reply] of failures) {
    test(`fails by ${name}, and may be tried again`, async () => {
      await assert.rejects(
        snapshotOf(() => reply),
        RequestError,
      )
    })
  }

  test('fails like everything else where the document names an address that is none', async (t) => {
    // Addresses read with a blank behind them, and do not with a path behind that.
    const serviceEndpoint = 'https://203.0.113.7 '
    const asked = t.mock.method(globalThis, 'fetch', async () =>
      Response.json({ service: [{ id: '#atproto_pds', serviceEndpoint }] }),
    )
    const repositories = openRepositories({ plcUrl: 'https://plc.example' })
    await assert.rejects(
      repositories.snapshot('did:plc:aaaaaaaaaaaaaaaaaaaaaaaa', BOTH, never()),
      RequestError,
    )
    assert.equal(asked.mock.callCount(), 1)
  })

  test('ends when nobody wants to know any more', async () => {
    const end = new AbortController()
    await using server = await serve(() => () => end.abort())
    const asking = openRepositories({ plcUrl: server.url }).snapshot('did:plc:abc', BOTH, end.signal)
    await assert.rejects(asking, { name: 'AbortError' })
  })
})
