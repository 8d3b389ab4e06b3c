import type { DatabaseSync } from 'node:sqlite'
import { assertRules, assertWhole, RECOMPUTING } from '../bound-rules.ts'
import type { WriteOptions } from '../store.ts'

/** Stores that these rules award from the next event on. */
export function bindRules(db: DatabaseSync, fingerprint: string): void {
  db.prepare('INSERT INTO rulebooks (fingerprint, first_event) SELECT ?, next_event FROM totals').run(
    fingerprint,
  )
}

/** The fingerprint of the rules that award the ledger now; `undefined` where it is new. */
export function rulesOf(db: DatabaseSync): string | undefined {
  const row = db.prepare('SELECT fingerprint FROM rulebooks ORDER BY version DESC LIMIT 1').get()
  return row === undefined ? undefined : String(row.fingerprint)
}

/** Binds a new ledger to its rules, and refuses one that other rules awarded. */
export function checkRules(db: DatabaseSync, file: string, { fingerprint, purpose }: WriteOptions): void {
  const stored = rulesOf(db)
  assertWhole(stored, file)
  if (purpose === 'recompute') bindRules(db, RECOMPUTING)
  else if (stored === undefined) bindRules(db, fingerprint)
  else assertRules(stored, fingerprint, file)
}
