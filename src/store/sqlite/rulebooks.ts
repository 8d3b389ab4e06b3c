import type { DatabaseSync } from 'node:sqlite'
import { assertRules, RECOMPUTING } from '../bound-rules.ts'
import type { WriteOptions } from '../store.ts'

/** Stores that these rules award from the next event on. */
export function bindRules(db: DatabaseSync, fingerprint: string): void {
  db.prepare('INSERT INTO rulebooks (fingerprint, first_event) SELECT ?, next_event FROM totals').run(
    fingerprint,
  )
}

/** Binds a new ledger to its rules, and refuses one that other rules awarded. */
export function checkRules(db: DatabaseSync, file: string, { fingerprint, purpose }: WriteOptions): void {
  const stored = db
    .prepare('SELECT fingerprint FROM rulebooks ORDER BY version DESC LIMIT 1')
    .get()?.fingerprint
  if (purpose === 'recompute') bindRules(db, RECOMPUTING)
  else if (stored === undefined) bindRules(db, fingerprint)
  else assertRules(String(stored), fingerprint, file)
}
