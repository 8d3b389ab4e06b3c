// Turns a file back into an older version's, one version at a time.
import type { DatabaseSync } from 'node:sqlite'

/** Back to the version before rules had facts of their own, which no record has here. */
export function undoOwnFacts(db: DatabaseSync): void {
  db.exec('DROP TABLE own_facts')
}

/** Back to the version before followed people, grants and the facts of tombstones were stored. */
export function undoGrants(db: DatabaseSync): void {
  undoOwnFacts(db)
  undoBoards(db)
  db.exec('DROP TABLE followed; DROP TABLE grants; ALTER TABLE actors ADD COLUMN capped TEXT')
  db.exec('UPDATE records SET state = 5 WHERE state >= 16')
}

/** Back to the version before there were boards of periods. */
function undoBoards(db: DatabaseSync): void {
  db.exec('DROP TABLE boards; DROP TABLE running; DROP TABLE places')
}
