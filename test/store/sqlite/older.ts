// Turns a file back into an older version's, one version at a time.
import type { DatabaseSync } from 'node:sqlite'
import { MIGRATIONS } from '../../../src/store/sqlite/migrations.ts'

/** Back to the version before people were reconciled after gaps. */
export function undoReconciliation(db: DatabaseSync): void {
  db.exec('DROP TABLE reconciliation')
  const last = MIGRATIONS.findIndex((sql) => sql.includes('CREATE TABLE reconciliation'))
  db.exec(`PRAGMA user_version = ${last}`)
}

/** Back to the version before people were moved from rules to rules one by one. */
export function undoMoves(db: DatabaseSync): void {
  undoReconciliation(db)
  db.exec('DROP TABLE moves; DROP TABLE wanted_rules')
  for (const column of ['titles', 'at', 'first_actor', 'part', 'ended_event'])
    db.exec(`ALTER TABLE rulebooks DROP COLUMN ${column}`)
  const last = MIGRATIONS.findIndex((sql) => sql.includes('CREATE TABLE moves'))
  db.exec(`PRAGMA user_version = ${last}`)
}

/** Back to the version before days were stored. */
export function undoDays(db: DatabaseSync): void {
  undoMoves(db)
  db.exec('DROP TABLE days; DROP TABLE reasons')
  for (const column of ['day', 'xp', 'claimed', 'counts'])
    db.exec(`ALTER TABLE actors DROP COLUMN running_${column}`)
  for (const column of ['earlier_counts', 'described', 'head'])
    db.exec(`ALTER TABLE actors DROP COLUMN ${column}`)
  db.exec('ALTER TABLE totals DROP COLUMN day; ALTER TABLE totals DROP COLUMN day_counts')
  const last = MIGRATIONS.findIndex((sql) => sql.includes('CREATE TABLE days'))
  db.exec(`PRAGMA user_version = ${last}`)
}

/** Back to the version before rules had facts of their own, which no record has here. */
export function undoOwnFacts(db: DatabaseSync): void {
  db.exec('DROP TABLE own_facts')
}

/** Back to the version before followed people, grants and the facts of tombstones were stored. */
export function undoGrants(db: DatabaseSync): void {
  undoDays(db)
  undoOwnFacts(db)
  undoBoards(db)
  db.exec('DROP TABLE followed; DROP TABLE grants; ALTER TABLE actors ADD COLUMN capped TEXT')
  db.exec('UPDATE records SET state = 5 WHERE state >= 16')
}

/** Back to the version before there were boards of periods. */
function undoBoards(db: DatabaseSync): void {
  db.exec('DROP TABLE boards; DROP TABLE running; DROP TABLE places')
}
