import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Did, StreamEvent } from '../../src/atproto/event.ts'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { carOf, madeRepository, recordOf, varint } from '../bluesky/repository/made-repository.ts'
import { flagsFor, folder, newestSent, Program, until } from './harness.ts'

/** A CAR file of 24 MiB of the smallest blocks, without its commit. */
function tinyBlocks(): Buffer {
  const block = Buffer.concat([
    varint(37),
    Uint8Array.of(1, 0x71, 0x12, 0x20),
    Buffer.alloc(32),
    Uint8Array.of(0xa0),
  ])
  const count = Math.floor((24 * 2 ** 20) / block.length)
  const blocks = Buffer.alloc(count * block.length)
  for (let n = 0; n < count; n++) {
    block.copy(blocks, n * block.length)
    blocks.writeUInt32LE(n, n * block.length + 5)
  }
  return Buffer.concat([carOf(madeRepository([], recordOf).commit, []), blocks])
}

const BOMB = gzipSync(Buffer.concat([tinyBlocks(), Buffer.alloc(2 ** 24)]))

const HOSTILE: ((response: ServerResponse) => void)[] = [
  (response) => response.end(tinyBlocks()),
  (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(BOMB),
  // Says nothing, ever.
  () => {},
  (response) => response.destroy(),
  (response) => response.end('<html>'.repeat(1_000)),
  (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
]

test('ingest goes on whatever the repositories of some people are, and reads those of others', async () => {
  using place = folder()
  const file = place.path('ledger.db')
  const network = new Network({
    seed: 11,
    actors: 60,
    start: Date.now() * 1000 - 60_000_000,
    step: 10_000,
    mix: 'feed',
  })
  await using simulator = await startSimulator({ network, seed: 11 })
  const asked: string[] = []
  const servers = await Promise.all(
    HOSTILE.map((answer, n) =>
      listening((_request, response) => {
        asked.push(`hostile ${n}`)
        answer(response)
      }),
    ),
  )
  const hosts = new Map(servers.map(({ url }, n) => [network.people[n]?.did as string, url]))
  // A directory that leads some people elsewhere, and everybody else to the simulator.
  const directory = await listening(async ({ url = '/' }, response) => {
    const document = (await (await fetch(`${simulator.httpUrl}${url}`)).json()) as object
    const hostile = hosts.get(decodeURIComponent(url.slice(1)))
    const service = [{ id: '#atproto_pds', serviceEndpoint: hostile ?? simulator.httpUrl }]
    response.end(JSON.stringify({ ...document, service }))
  })
  try {
    await using store = openSqlite({ path: file, reserve: 0 })
    await using program = new Program(['ingest', ...flagsFor(simulator, file, directory.url)])
    await until(
      'ingest is connected',
      async () => (await store.reader.status()).heartbeat?.host !== undefined,
    )
    simulator.emit(600)
    const good = network.people[HOSTILE.length]
    assert.ok(good)
    // Everybody's repository is replaced, the hostile ones first; the good one has lost all but a few of its records.
    const at = network.now
    const syncs = network.people.slice(0, HOSTILE.length + 1).map(({ did }, n): StreamEvent => {
      return { kind: 'sync', did, at, rev: `3zzzzzzzzzz${'abcdefghij'[n]}2` }
    })
    const [kept] = good.records.keys()
    for (const path of [...good.records.keys()]) if (path !== kept) good.records.delete(path)
    good.revMicros += 60_000_000
    const seen = async (did: Did) => (await store.reader.character(did))?.counts
    await until('the good one is known', async () => (await seen(good.did)) !== undefined)
    simulator.add(syncs)
    await until(`all were asked (${program.output})`, () => new Set(asked).size === HOSTILE.length)
    await until('what the good one no longer holds is gone', async () => {
      const counts = await seen(good.did)
      return [...(counts?.values() ?? [])].reduce((sum, n) => sum + n, 0) <= 1
    })
    // And the stream has gone on meanwhile, and goes on.
    simulator.emit(400)
    const reached = async () => (await store.reader.status()).cursor?.value ?? 0
    await until('everything has arrived', async () => (await reached()) >= newestSent(simulator))
    assert.equal(await program.kill('SIGTERM'), 0, program.output)
    assert.ok(program.output.includes('could not read a repository'), program.output)
  } finally {
    for (const server of [...servers, directory]) server.close()
  }
  await using verify = new Program(['verify', '--database-url', `sqlite:${file}`])
  assert.equal(await verify.ended, 0, verify.output)
})

async function listening(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; close(): void }> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
