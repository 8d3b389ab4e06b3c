// What `verify` finds of versions of the rules that somebody has tampered with.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { ENTRIES_AMISS, RECORDS_AMISS } from '../../../src/store/version-audit.ts'
import { generous, moveSteps } from '../../conformance/half-moved.ts'
import { folder } from '../../e2e/harness.ts'
import { person } from '../../game/arbitrary.ts'

const [alice, bob, carol, dave] = [0, 1, 2, 3].map(person)

/** What the audit finds after `steps` of a move, and again once `sql` has tampered with the file. */
async function found(steps: number, sql: string): Promise<unknown[]> {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  await moveSteps(store, steps)
  const findings = async () => {
    const { findings } = await store.auditor.audit(generous, () => {})
    return findings.map(({ did, what, expected, actual }) => [did, what, expected, actual])
  }
  assert.deepEqual(await findings(), [])
  const db = new DatabaseSync(path)
  db.exec(sql)
  db.close()
  return await findings()
}

test('a move that is said to have come less far, or further, than it has is found', async () => {
  assert.deepEqual(await found(2, 'DELETE FROM moves WHERE up_to = 2'), [[bob, RECORDS_AMISS, 0, 2]])
  assert.deepEqual(await found(2, 'UPDATE moves SET up_to = 3 WHERE up_to = 2'), [
    [carol, RECORDS_AMISS, 0, 2],
    [carol, ENTRIES_AMISS, 0, 1],
  ])
  assert.deepEqual(await found(2, 'UPDATE rulebooks SET ended_event = 1000 WHERE version = 2'), [
    [carol, RECORDS_AMISS, 0, 2],
    [dave, RECORDS_AMISS, 0, 2],
  ])
})

test('rules that are not those that awarded the people of a version are found', async () => {
  const other = `UPDATE rulebooks SET fingerprint = replace(fingerprint, '"post.text",80', '"post.text",90') WHERE version = 2`
  assert.deepEqual(await found(6, other), [
    [alice, RECORDS_AMISS, 0, 2],
    [alice, ENTRIES_AMISS, 0, 1],
    [bob, RECORDS_AMISS, 0, 2],
    [bob, ENTRIES_AMISS, 0, 1],
    [carol, RECORDS_AMISS, 0, 2],
    [carol, ENTRIES_AMISS, 0, 1],
    [dave, RECORDS_AMISS, 0, 2],
    [dave, ENTRIES_AMISS, 0, 1],
  ])
})

test('entries from before a step of a move that are said to be from after it are found', async () => {
  const earlier =
    'UPDATE rulebooks SET first_event = 1 WHERE version = 2; UPDATE moves SET first_event = 1 WHERE up_to = 2'
  assert.deepEqual(await found(6, earlier), [[bob, ENTRIES_AMISS, 0, 1]])
})
