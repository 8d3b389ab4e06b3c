// Brings a ledger's file to the present schema, which `migrations.ts` lists.
import type { DatabaseSync } from 'node:sqlite'
import { MIGRATIONS } from './migrations.ts'

export const SCHEMA_VERSION = MIGRATIONS.length

/** Marks the file as ours, in its header: "brpg" in ASCII. */
export const APPLICATION_ID = 0x62_72_70_67

/** Fills an empty file in one transaction, so that nobody meets half a ledger; migrates one that is older step by step. */
export function migrate(db: DatabaseSync): void {
  while (schemaVersion(db) < SCHEMA_VERSION) {
    db.exec('BEGIN IMMEDIATE')
    try {
      // Another process may have done some while this one waited for the lock.
      const version = schemaVersion(db)
      const upTo = version === 0 ? SCHEMA_VERSION : Math.min(version + 1, SCHEMA_VERSION)
      for (const sql of MIGRATIONS.slice(version, upTo)) db.exec(sql)
      db.exec(`PRAGMA user_version = ${upTo}; PRAGMA application_id = ${APPLICATION_ID}; COMMIT`)
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }
  // The first versions did not say whose a file is.
  if (applicationId(db) !== APPLICATION_ID) db.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
}

export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version)
}

export function applicationId(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA application_id').get()?.application_id)
}
