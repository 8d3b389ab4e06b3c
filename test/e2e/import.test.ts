import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { flagsFor, folder, Program, servedAt, until } from './harness.ts'

/** How many of these records count. */
function followed(records: ReadonlyMap<string, unknown>): number {
  return [...records.keys()].filter((path) => /feed\.(post|like|repost)\//.test(path)).length
}

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
test('an import that is asked for over HTTP and killed twice goes on where it stopped, and is exact', async () => {
  using place = folder()
  const file = place.path('ledger.db')
  const start = Date.now() * 1000 - 1_000_000_000
  const network = new Network({
    seed: 7,
    actors: 12,
    start,
    step: 10_000,
    mix: 'feed',
    lasting: true,
    quiet: 1,
  })
  const owner = network.people.at(-1)
  assert.ok(owner !== undefined)
  while (owner.records.size < 12_000) network.act(owner)
  await using simulator = await startSimulator({ network, seed: 7 })
  await using store = openSqlite({ path: file, reserve: 0 })
  const flags = ['start', ...flagsFor(simulator, file)]
  const live = (): void => {
    for (let n = 0; n < 20; n++) simulator.add([...network.act(owner), ...network.next()])
  }
  const askFor = async (program: Program) => {
    const address = `${await servedAt(program)}/v1/characters/${owner.did}/import`
    return async (method: 'GET' | 'POST') =>
      (await fetch(address, { method })).json() as Promise<{ state: string; records: number }>
  }
  for (const records of [500, 4_000]) {
    await using program = new Program(flags)
    const ask = await askFor(program)
    if (records === 500) {
      await until(
        'ingest is connected',
        async () => (await store.reader.status()).heartbeat?.host !== undefined,
      )
      assert.equal((await ask('POST')).state, 'queued')
    }
    await until(
      `it has counted ${records} records`,
      async () => ((await store.reader.importStatus(owner.did))?.records ?? 0) >= records,
    )
    assert.equal(await program.kill('SIGKILL'), 'SIGKILL')
    const status = await store.reader.importStatus(owner.did)
    assert.deepEqual([status?.isOpen, status?.head], [true, undefined], 'it was killed in the middle')
    live()
  }
  await using program = new Program(flags)
  const ask = await askFor(program)
  await until('it is done', async () => (await ask('GET')).state === 'done')
  live()
  await until(
    'it has all',
    async () => (await store.reader.importStatus(owner.did))?.records === followed(owner.records),
  )
  assert.ok(followed(owner.records) > 11_000)
  assert.equal(await program.kill('SIGTERM'), 0, program.output)
  await using verify = new Program(['verify', '--database-url', `sqlite:${file}`])
  assert.equal(await verify.ended, 0, verify.output)
})

test('those in DIDS are imported at the first start, once, and nobody else', async () => {
  using place = folder()
  const file = place.path('ledger.db')
  const start = Date.now() * 1000 - 600_000_000
  const network = new Network({ seed: 8, actors: 6, start, step: 100_000, mix: 'feed', lasting: true })
  for (let n = 0; n < 600; n++) network.next()
  await using simulator = await startSimulator({ network, seed: 8 })
  const [first, second, other] = [...network.people].sort((a, b) => b.records.size - a.records.size)
  assert.ok(first !== undefined && second !== undefined && other !== undefined && second.records.size > 20)
  await using store = openSqlite({ path: file, reserve: 0 })
  const flags = ['start', ...flagsFor(simulator, file), '--dids', `${first.did},${second.did}`]
  const imports = (output: string): number => output.match(/imported a history/g)?.length ?? 0
  {
    await using program = new Program(flags)
    await until('both are imported', () => imports(program.output) === 2)
    for (const { did, records } of [first, second]) {
      assert.equal((await store.reader.importStatus(did))?.records, followed(records))
    }
    assert.equal(await store.reader.importStatus(other.did), undefined)
    assert.equal(await program.kill('SIGTERM'), 0, program.output)
  }
  await using again = new Program(flags)
  await until('ingest is connected', () => again.output.includes('listening to'))
  simulator.emit(200)
  await until('it has folded what came since', async () => {
    const status = await store.reader.importStatus(first.did)
    return status?.records === followed(first.records)
  })
  assert.equal(await again.kill('SIGTERM'), 0, again.output)
  assert.equal(imports(again.output), 0)
})
