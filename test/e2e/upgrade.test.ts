// An upgrade and the way back, as docs/operating.md tells them: by whole processes, on a ledger of an older format.
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { SCHEMA_VERSION } from '../../src/store/sqlite/schema.ts'
import { undoMoves } from '../store/sqlite/older.ts'
import { flagsFor, folder, isAnswered, newestSent, Program, until } from './harness.ts'
import { assertLedgerIsRight } from './ledger.ts'

test('a ledger of an older format goes on in a new version, and its backup after a way back', async () => {
  using here = folder()
  const [file, before] = [here.path('ledger.db'), here.path('before.db')]
  const start = Date.now() * 1000 - 600_000_000
  const network = new Network({ seed: 7, actors: 200, start, step: 10_000, mix: 'everything' })
  await using simulator = await startSimulator({ network, seed: 7, faults: NO_FAULTS })

  await ingests(3_000)
  change((db) => undoMoves(db))
  const older = change(versionOf)
  assert.ok(older < SCHEMA_VERSION)
  copyFileSync(file, before)

  await ingests(1_500)
  assert.equal(change(versionOf), SCHEMA_VERSION)
  await isRight()

  // What an older version says of a file that a newer one has migrated.
  change((db) => db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`))
  await using refused = new Program(['ingest', ...flagsFor(simulator, file)])
  assert.equal(await refused.ended, 1)
  assert.match(refused.output, /it was made by a newer bsky-rpg/)
  assert.equal(change(versionOf), SCHEMA_VERSION + 1)

  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
  copyFileSync(before, file)
  assert.equal(change(versionOf), older)
  await ingests(500)
  await isRight()

  /** Runs ingest until it has counted all that was sent, `more` events that are new included. */
  async function ingests(more: number): Promise<void> {
    await using ingest = new Program(['ingest', ...flagsFor(simulator, file)])
    await until('there is a ledger', () => existsSync(file) && statSync(file).size > 0)
    await until('ingest listens', () => /listening to/.test(ingest.output))
    simulator.emit(more)
    {
      await using store = openSqlite({ path: file, reserve: 0 })
      const status = () => store.reader.status()
      await until('everything has arrived', async () => {
        return ((await status()).cursor?.value ?? 0) >= newestSent(simulator)
      })
      await until('nothing is asked any more', async () => isAnswered(await status()))
    }
    assert.equal(await ingest.kill('SIGTERM'), 0, ingest.output)
  }

  async function isRight(): Promise<void> {
    await using store = openSqlite({ path: file, reserve: 0 })
    await assertLedgerIsRight(store, simulator)
  }

  function change<T>(work: (db: DatabaseSync) => T): T {
    const db = new DatabaseSync(file)
    try {
      return work(db)
    } finally {
      db.close()
    }
  }
})

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version)
}
