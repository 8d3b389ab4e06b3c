import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Did } from '../../../src/atproto/event.ts'
import { decide } from '../../../src/game/decide.ts'
import type { Operation } from '../../../src/game/operation.ts'
import { touched } from '../../../src/game/touched.ts'
import { Random } from '../../../src/simulator/random.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { folder } from '../../e2e/harness.ts'
import { game, LIKE, REPOST, START, tid } from '../../game/arbitrary.ts'

const PEOPLE = 10_000
/** Events in one batch at the network's pace. */
const BATCH = 100
const BATCHES = 20
/** A little more than the active person's page. A board of everybody took two pages a move; pages of 8 KB took 26 KB. */
const MAX_BYTES_AN_EVENT = 2_000

test('at the pace of the network an event writes no more of the log than a person and a part of what is shared', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  await using writer = await store.write({ fingerprint: 'rules', purpose: 'keep' })
  const random = new Random(1)
  const did = (n: number): Did => `did:plc:${String(n).padStart(24, 'a')}`
  let at = 0
  const record = (who: number): Operation => {
    const n = ++at
    const base = { kind: 'commit', did: did(who), at: START + n * 1000, rev: tid(n), op: 'create' } as const
    const uri = `at://${did(random.below(PEOPLE))}/app.bsky.feed.post/${tid(n)}`
    const collection = random.chance(0.12) ? REPOST : LIKE
    return { ...base, collection, rkey: tid(n), record: { subject: { uri } } }
  }
  const fold = async (operations: Operation[]) =>
    writer.commit(decide(game, await writer.load(touched(game, operations)), operations), {
      host: 'a.test',
      wire: 'v2',
      value: at,
      at: START,
    })
  for (let round = 0; round < 3; round++) {
    await fold(Array.from({ length: PEOPLE }, (_, who) => record(who)))
  }
  const other = new DatabaseSync(path)
  other.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  other.close()
  assert.equal(statSync(`${path}-wal`).size, 0)
  for (let batch = 0; batch < BATCHES; batch++) {
    await fold(Array.from({ length: BATCH }, () => record(random.below(PEOPLE))))
  }
  const written = statSync(`${path}-wal`).size / (BATCH * BATCHES)
  assert.ok(written <= MAX_BYTES_AN_EVENT, `${written.toFixed(0)} bytes of log an event`)
})
