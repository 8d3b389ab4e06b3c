// Brings a ledger's file to the present schema, which `migrations.ts` lists.
import type { DatabaseSync } from 'node:sqlite'
import { MIGRATIONS } from './migrations.ts'

export const SCHEMA_VERSION = MIGRATIONS.length

/** Marks the file as ours, in its header: "brpg" in ASCII. */
export const APPLICATION_ID = 0x62_72_70_67

/** Migrates a ledger, or an empty file, to the present schema. Each step is one transaction. */
export function migrate(db: DatabaseSync): void {
  const version = schemaVersion(db)
  for (const [step, sql] of MIGRATIONS.entries()) {
    if (step < version) continue
    db.exec('BEGIN IMMEDIATE')
    try {
      // Another process may have done this step while this one waited for the lock.
      if (schemaVersion(db) === step) db.exec(`${sql}; PRAGMA user_version = ${step + 1}`)
      db.exec('COMMIT')
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }
  if (applicationId(db) !== APPLICATION_ID) db.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
}

export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version)
}

export function applicationId(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA application_id').get()?.application_id)
}
