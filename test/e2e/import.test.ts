import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
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

test('a repository in a file is imported if its owner has signed it, and while nobody else writes', async () => {
  using place = folder()
  const ledger = place.path('ledger.db')
  const start = Date.now() * 1000 - 600_000_000
  const network = new Network({ seed: 6, actors: 6, start, step: 100_000, mix: 'feed', lasting: true })
  for (let n = 0; n < 500; n++) network.next()
  await using simulator = await startSimulator({ network, seed: 6 })
  const [owner] = [...network.people].sort((a, b) => b.records.size - a.records.size)
  assert.ok(owner !== undefined)
  const fetched = await fetch(`${simulator.httpUrl}/xrpc/com.atproto.sync.getRepo?did=${owner.did}`)
  const car = Buffer.from(await fetched.arrayBuffer())
  const [whole, forged, cut] = ['whole.car', 'forged.car', 'cut.car'].map((name) => place.path(name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(whole, car)
  writeFileSync(cut, car.subarray(0, car.length / 2))
  const altered = Buffer.from(car)
  const middle = altered.length >> 1
  altered[middle] = (altered[middle] ?? 0) ^ 1
  writeFileSync(forged, altered)
  const flags = flagsFor(simulator, ledger)
  await using refused = new Program(['import', forged, ...flags])
  assert.equal(await refused.ended, 1, refused.output)
  assert.match(refused.output, /imported 0 of 1/)
  for (const file of [cut, place.path('none.car')]) {
    await using unread = new Program(['import', file, ...flags])
    assert.equal(await unread.ended, 1, unread.output)
    assert.match(unread.output, /\.car cannot be imported: the file (lacks the commit|cannot be read)/)
  }
  await using store = openSqlite({ path: ledger, reserve: 0 })
  assert.equal((await store.reader.importStatus(owner.did))?.records ?? 0, 0)
  {
    await using writer = await store.write({ fingerprint: rulebook(NO_CHANGES).fingerprint, purpose: 'keep' })
    assert.ok(writer.owns(owner.did))
    await using busy = new Program(['import', whole, ...flags])
    assert.equal(await busy.ended, 1, busy.output)
    assert.match(busy.output, /can only be read while nothing else writes/)
  }
  await using imported = new Program(['import', whole, ...flags])
  assert.equal(await imported.ended, 0, imported.output)
  assert.match(imported.output, /imported 1 of 1/)
  await using verify = new Program(['verify', '--database-url', `sqlite:${ledger}`])
  assert.equal(await verify.ended, 0, verify.output)
})
