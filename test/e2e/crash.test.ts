import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALL_FAULTS } from '../../src/simulator/faults.ts'
import { Network } from '../../src/simulator/network.ts'
import { Random } from '../../src/simulator/random.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { flagsFor, folder, isAnswered, newestSent, Program, until } from './harness.ts'
import { assertLedgerIsRight } from './ledger.ts'

const KILLS = 25
const SEED = 7

test('a ledger whose ingest is killed again and again, on a bad network, is the same as an uninterrupted one', async () => {
  using place = folder()
  const file = place.path('ledger.db')
  const network = new Network({
    seed: SEED,
    actors: 400,
    start: Date.now() * 1000 - 3_600_000_000,
    step: 100_000,
    mix: 'everything',
  })
  await using simulator = await startSimulator({ network, seed: SEED, faults: { ...ALL_FAULTS, drop: 0 } })
  const random = new Random(SEED)
  await using store = openSqlite({ path: file, reserve: 0 })
  const flags = flagsFor(simulator, file)

  // A new ledger begins at the live tip, and its place there is saved before anything is emitted that it has to have seen.
  const connected = async () => (await store.reader.status()).heartbeat?.host !== undefined
  const reached = async () => (await store.reader.status()).cursor?.value ?? 0
  let program = new Program(['ingest', ...flags])
  try {
    await until('ingest is connected', connected)
    for (let kill = 0; kill < KILLS; kill++) {
      const before = await reached()
      simulator.emit(200 + random.below(400))
      const target = before + 1 + random.below(300)
      await until(
        `the ledger has reached ${target} (${program.output})`,
        async () => (await reached()) >= target,
      )
      simulator.emit(random.below(500))
      assert.equal(await program.kill('SIGKILL'), 'SIGKILL')
      program = new Program(['ingest', ...flags])
    }
    simulator.faults.drop = ALL_FAULTS.drop
    simulator.emit(2_000)
    await until('everything has arrived', async () => (await reached()) >= newestSent(simulator))
    await until('nothing is asked any more', async () => {
      return isAnswered(await store.reader.status())
    })
    assert.equal(await program.kill('SIGTERM'), 0, program.output)
  } finally {
    await program.kill('SIGKILL')
  }
  await using verify = new Program(['verify', '--database-url', `sqlite:${file}`])
  assert.equal(await verify.ended, 0, verify.output)
  await assertLedgerIsRight(store, simulator)
})
