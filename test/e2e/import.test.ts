import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { flagsFor, folder, Program, until } from './harness.ts'

test('the histories of some people are imported, with an ingest beside it and without, and exact against the stream', async () => {
  using place = folder()
  const file = place.path('ledger.db')
  const start = Date.now() * 1000 - 600_000_000
  const network = new Network({ seed: 5, actors: 12, start, step: 100_000, mix: 'feed', lasting: true })
  for (let n = 0; n < 2_000; n++) network.next()
  await using simulator = await startSimulator({ network, seed: 5 })
  const [first, second] = [...network.people].sort((a, b) => b.records.size - a.records.size)
  assert.ok(first !== undefined && second !== undefined && first.records.size > 100)
  await using store = openSqlite({ path: file, reserve: 0 })
  const followed = (records: ReadonlyMap<string, unknown>): number =>
    [...records.keys()].filter((path) => /feed\.(post|like|repost)\//.test(path)).length
  const flags = flagsFor(simulator, file)

  await using alone = new Program(['import', first.handle, ...flags])
  assert.equal(await alone.ended, 0, alone.output)
  assert.match(alone.output, /imported 1 of 1/)
  const status = await store.reader.importStatus(first.did)
  assert.deepEqual([status?.records, status?.isOpen], [followed(first.records), false])

  await using ingest = new Program(['ingest', ...flags])
  await until('ingest is connected', async () => (await store.reader.status()).heartbeat?.host !== undefined)
  await using beside = new Program(['import', second.did, 'did:plc:zzzzzzzzzzzzzzzzzzzzzzzz', ...flags])
  assert.equal(await beside.ended, 1, beside.output)
  assert.match(beside.output, /imported 1 of 2/)
  simulator.emit(400)
  await until('both are as the network has them', async () => {
    const counts = await Promise.all([first, second].map(({ did }) => store.reader.importStatus(did)))
    return [first, second].every(({ records }, n) => counts[n]?.records === followed(records))
  })
  assert.equal(await ingest.kill('SIGTERM'), 0, ingest.output)
  await using verify = new Program(['verify', '--database-url', `sqlite:${file}`])
  assert.equal(await verify.ended, 0, verify.output)
})
