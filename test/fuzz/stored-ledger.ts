import assert from 'node:assert/strict'
import { Ledger } from '../../src/ingest/ledger.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Writer } from '../../src/store/store.ts'
import { folder } from '../e2e/harness.ts'
import { game, rules } from '../game/arbitrary.ts'

/** Has `work` fill a ledger in a file, which must balance in the end. */
export async function withStoredLedger(
  work: (ledger: Ledger, writer: Writer) => Promise<void>,
): Promise<void> {
  using here = folder()
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  await using writer = await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
  await work(new Ledger({ game, writer, folded: () => {} }), writer)
  const { findings } = await store.auditor.audit(rules, () => {})
  assert.deepEqual(findings, [])
}
