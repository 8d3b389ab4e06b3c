// Makes of a file what an older program would have left, one version at a time.
import type { DatabaseSync } from 'node:sqlite'

/** Back to before what is followed was remembered, what caps grant had a table, and tombstones told what their record showed. */
export function undoGrants(db: DatabaseSync): void {
  db.exec('DROP TABLE followed; DROP TABLE grants; ALTER TABLE actors ADD COLUMN capped TEXT')
  db.exec('UPDATE records SET state = 5 WHERE state >= 16')
}
