import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Did, Nsid } from '@atcute/lexicons/syntax'
import { openRepositories, type RepositoriesOptions } from '../../src/bluesky/repositories.ts'
import { type RepositoryLimits, SNAPSHOT_LIMITS } from '../../src/bluesky/repository/limits.ts'
import { type Refusal, RepositoryError } from '../../src/bluesky/repository/repository-error.ts'
import { RequestError } from '../../src/bluesky/request.ts'
import { Network } from '../../src/simulator/network.ts'
import { repositoryOf } from '../../src/simulator/repository.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { never, type Reply, serve } from './local-server.ts'
import {
  carOf,
  KEY,
  madeRepository,
  OWNER,
  pathsOf,
  recordOf,
  VERIFICATION_METHOD,
} from './repository/made-repository.ts'

const START = 1_770_000_000_000_000
const BOTH: ReadonlySet<Nsid> = new Set(['app.bsky.feed.post', 'app.bsky.feed.like'] as const)

const made = madeRepository(pathsOf(200), recordOf)
const CAR = carOf(made.commit, made.blocks)

type Asking = {
  did?: Did
  limits?: Partial<RepositoryLimits>
  maxHeapMb?: number
  signal?: AbortSignal
  received?: RepositoriesOptions['received']
}

/** Reads a repository from the server at `url`, which a directory on this machine names. */
async function snapshotFrom(url: string, asking: Asking = {}) {
  const { did = OWNER, limits = {}, maxHeapMb = 512, signal = never(), received = () => {} } = asking
  await using directory = await serve(() => ({
    json: {
      verificationMethod: VERIFICATION_METHOD,
      service: [{ id: '#atproto_pds', serviceEndpoint: url }],
    },
  }))
  const repositories = openRepositories({
    plcUrl: directory.url,
    received,
    limits: { ...SNAPSHOT_LIMITS, ...limits },
    maxHeapMb,
  })
  const found = await repositories.find(did, signal)
  return await repositories.snapshot(did, { ...found, collections: BOTH, records: undefined, signal })
}

async function snapshotOf(reply: (url: URL) => Reply, asking: Asking = {}) {
  await using server = await serve(reply)
  return await snapshotFrom(server.url, asking)
}

const refusedAs = (refusal: Refusal) => (error: unknown) => {
  assert.ok(error instanceof RepositoryError, String(error))
  assert.equal(error.refusal, refusal, error.message)
  return true
}

/** A server that writes `answer` to the bare socket, again and again if it is a function. */
async function rawServer(t: TestContext, speak: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    socket.once('data', () => speak(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `http://127.0.0.1:${address.port}`
}

suite('asking for a repository', () => {
  test('finds it where the directory says', async () => {
    const network = new Network({ seed: 7, actors: 20, start: START, step: 1_000_000, mix: 'feed' })
    for (let n = 0; n < 400; n++) network.next()
    await using simulator = await startSimulator({ network, seed: 7 })
    const repositories = openRepositories({ plcUrl: simulator.httpUrl, received: () => {} })
    for (const person of network.people.slice(0, 3)) {
      const found = await repositories.find(person.did, never())
      const wanted = { collections: BOTH, records: undefined, signal: never() }
      const snapshot = await repositories.snapshot(person.did, { ...found, ...wanted })
      const expected = [...person.records.keys()].filter((path) => BOTH.has(path.split('/')[0] as Nsid))
      assert.deepEqual([...(snapshot?.paths ?? [])], expected.sort())
      assert.equal(snapshot?.rev, (await repositoryOf(person)).rev)
      assert.equal(await repositories.latestRev(person.did, { ...found, signal: never() }), snapshot.rev)
    }
  })

  test('names whose it is to be, and that it may come compressed', async () => {
    await using server = await serve(() => ({ body: CAR }))
    await snapshotFrom(server.url)
    const [asked] = server.asked
    assert.equal(asked?.pathname, '/xrpc/com.atproto.sync.getRepo')
    assert.deepEqual([...(asked?.searchParams ?? [])], [['did', OWNER]])
    assert.equal(server.headers[0]?.['accept-encoding'], 'gzip')
  })

  test('takes it compressed, and counts what came over the wire', async () => {
    const body = gzipSync(CAR)
    const counted: number[] = []
    const received = (bytes: number) => counted.push(bytes)
    const snapshot = await snapshotOf(() => ({ headers: { 'content-encoding': 'gzip' }, body }), { received })
    assert.equal(snapshot?.paths.size, 200)
    await snapshotOf(() => ({ body: CAR }), { received })
    await assert.rejects(snapshotOf(() => ({ body: 'nothing' }), { received }))
    const [compressed = 0, plain = 0, nothing] = counted
    assert.ok(compressed > 0 && compressed <= body.length, String(compressed))
    assert.ok(plain > CAR.length / 2 && plain <= CAR.length, String(plain))
    assert.equal(nothing, 'nothing'.length)
  })

  for (const error of ['RepoDeactivated', 'RepoTakendown', 'RepoSuspended']) {
    test(`is told that nobody gets it by ${error}`, async () => {
      assert.equal(await snapshotOf(() => ({ status: 400, json: { error } })), undefined)
    })
  }

  const failures: [string, Reply, Refusal][] = [
    ['one that is not there', { status: 400, json: { error: 'RepoNotFound' } }, 'status'],
    ['another error', { status: 400, json: { error: 'InvalidRequest' } }, 'status'],
    ['an error of no name', { status: 404, body: 'not found' }, 'status'],
    ['a server that is overwhelmed', { status: 429, headers: { 'retry-after': '3' } }, 'status'],
    ['a server that is broken', { status: 500, json: { error: 'InternalServerError' } }, 'status'],
    ['a page', { body: '<html>'.repeat(99) }, 'malformed'],
    ['nothing', { body: '' }, 'incomplete'],
    ['a redirect', { status: 302, headers: { location: '/xrpc/elsewhere' } }, 'status'],
    ['a cut line', (response) => response.destroy(), 'unreachable'],
    ['half of it', { body: CAR.subarray(0, 5_000) }, 'incomplete'],
    [
      'a line that is cut half way',
      (response) => {
        response.writeHead(200, { 'content-length': CAR.length })
        response.write(CAR.subarray(0, 5_000), () => response.destroy())
      },
      'unreachable',
    ],
    ['no gzip', { headers: { 'content-encoding': 'gzip' }, body: CAR }, 'malformed'],
    ['another compression', { headers: { 'content-encoding': 'br' }, body: CAR }, 'malformed'],
    ['an endless error', { status: 500, body: ' '.repeat(2 ** 20) }, 'unreachable'],
  ]
  for (const [name, reply, refusal] of failures) {
    test(`fails by ${name}, and may be tried again`, async () => {
      await assert.rejects(
        snapshotOf(() => reply),
        refusedAs(refusal),
      )
    })
  }

  test('fails where nobody listens', async () => {
    await assert.rejects(snapshotFrom('http://127.0.0.1:1'), refusedAs('unreachable'))
  })

  test('fails where a stranger leads it to this machine', async (t) => {
    const serviceEndpoint = 'https://127.0.0.1'
    t.mock.method(globalThis, 'fetch', async () =>
      Response.json({
        verificationMethod: VERIFICATION_METHOD,
        service: [{ id: '#atproto_pds', serviceEndpoint }],
      }),
    )
    const repositories = openRepositories({ plcUrl: 'https://plc.example', received: () => {} })
    await assert.rejects(repositories.find(OWNER, never()), RequestError)
    // The thread looks for itself.
    const pds = new URL(serviceEndpoint)
    await assert.rejects(
      repositories.snapshot(OWNER, { pds, key: KEY, collections: BOTH, records: undefined, signal: never() }),
      refusedAs('address'),
    )
  })

  test('ends when nobody wants to know any more', async () => {
    const end = new AbortController()
    await using server = await serve(() => () => end.abort())
    await assert.rejects(snapshotFrom(server.url, { signal: end.signal }), { name: 'AbortError' })
  })
})

suite('asking for the newest revision of a repository', () => {
  const latestRevOf = async (reply: Reply) => {
    await using server = await serve(() => reply)
    const repositories = openRepositories({ plcUrl: 'http://127.0.0.1:1', received: () => {} })
    const pds = new URL(server.url)
    const rev = await repositories.latestRev(OWNER, { pds, signal: never() })
    const [asked] = server.asked
    assert.equal(asked?.pathname, '/xrpc/com.atproto.sync.getLatestCommit')
    assert.deepEqual([...(asked?.searchParams ?? [])], [['did', OWNER]])
    return rev
  }

  test('names whose it is, and takes the revision of the answer', async () => {
    assert.equal(await latestRevOf({ json: { cid: 'bafy', rev: '3mbx3wf4bb222' } }), '3mbx3wf4bb222')
  })

  test('is told that nobody gets it while the account is not active', async () => {
    assert.equal(await latestRevOf({ status: 400, json: { error: 'RepoTakendown' } }), undefined)
  })

  const failures: [string, Reply, Partial<RequestError>][] = [
    ['one that is not there', { status: 400, json: { error: 'RepoNotFound' } }, { status: 400 }],
    ['a server that is overwhelmed', { status: 429, headers: { 'retry-after': '3' } }, { waitMs: 3_000 }],
    ['a revision that is none', { json: { rev: '2026-01-01' } }, {}],
    ['a page', { body: '<html>' }, {}],
    ['an endless answer', { body: ' '.repeat(2 ** 20) }, {}],
  ]
  for (const [name, reply, details] of failures) {
    test(`fails by ${name}`, async () => {
      await assert.rejects(latestRevOf(reply), { name: 'RequestError', ...details })
    })
  }

  test('fails where a stranger leads it to this machine', async () => {
    const repositories = openRepositories({ plcUrl: 'https://plc.example', received: () => {} })
    const pds = new URL('https://127.0.0.1')
    await assert.rejects(repositories.latestRev(OWNER, { pds, signal: never() }), { name: 'AddressError' })
  })
})

suite('a server with bad intentions', () => {
  const SLOW = { rateWindowMs: 200, minBytesPerSecond: 10_000 }

  test('that says nothing is given up', async (t) => {
    await assert.rejects(snapshotFrom(await rawServer(t, () => {}), { limits: SLOW }), refusedAs('too-slow'))
  })

  test('that says it letter by letter is given up, wherever it is slow', async (t) => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/vnd.ipld.car\r\n\r\n'
    for (const said of ['HTTP/1.1 200 OK\r\nx: ', head]) {
      const url = await rawServer(t, (socket) => {
        socket.write(said)
        const drip = setInterval(() => socket.write('x'), 20)
        socket.on('close', () => clearInterval(drip))
      })
      await assert.rejects(snapshotFrom(url, { limits: SLOW }), refusedAs('too-slow'))
    }
  })

  test('that is quick enough for ever is given up', async (t) => {
    const url = await rawServer(t, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.write(CAR.subarray(0, 1 + (CAR[0] ?? 0)))
      // A block that goes on and on, at ten times the least rate.
      socket.write(Buffer.from([0x80, 0x80, 0x40]))
      const drip = setInterval(() => socket.write(Buffer.alloc(2_000)), 20)
      socket.on('close', () => clearInterval(drip))
    })
    await assert.rejects(snapshotFrom(url, { limits: { ...SLOW, totalMs: 700 } }), refusedAs('too-slow'))
  })

  test('that goes on informing before it answers is given up', async (t) => {
    const url = await rawServer(t, (socket) => {
      const drip = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 20)
      socket.on('close', () => clearInterval(drip))
    })
    await assert.rejects(snapshotFrom(url, { limits: SLOW }), refusedAs('too-slow'))
  })

  test('that wants to speak something else is given up', async (t) => {
    const url = await rawServer(t, (socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
    })
    await assert.rejects(snapshotFrom(url), refusedAs('unreachable'))
  })

  test('that sends a bomb is given up by what it inflates to', async () => {
    const zeros = Buffer.concat([CAR.subarray(0, 1_000), Buffer.alloc(2 ** 26)])
    const body = gzipSync(zeros)
    assert.ok(body.length < 100_000)
    const headers = { 'content-encoding': 'gzip' }
    const limits = { maxBytes: 2 ** 24, maxBlockBytes: 2 ** 27 }
    await assert.rejects(
      snapshotOf(() => ({ headers, body }), { limits }),
      RepositoryError,
    )
  })

  test('that sends more than was asked for is given up by what came over the wire', async () => {
    const junk = Buffer.alloc(2 ** 20, 7)
    await assert.rejects(
      snapshotOf(() => ({ body: Buffer.concat([CAR.subarray(0, 1_000), junk]) }), {
        limits: { maxWireBytes: 9_000 },
      }),
      refusedAs('too-large'),
    )
  })

  test('whose file is too much for its thread ends that thread, and nothing else', {
    timeout: 60_000,
  }, async () => {
    // Names of records that are kept as they are: limits that nobody would set let the heap run over.
    const { commit, blocks } = madeRepository(pathsOf(20_000), () => ({}))
    const body = carOf(commit, blocks)
    const failed = snapshotOf(() => ({ body }), { maxHeapMb: 8 })
    await assert.rejects(failed, refusedAs('crashed'))
    assert.equal((await snapshotOf(() => ({ body: CAR })))?.paths.size, 200)
  })
})
