// The columns that a keyspace has, beside those that it should have.
import type { Client } from 'cassandra-driver'
import { StoreError } from '../../store.ts'
import { MIGRATIONS } from './migrations.ts'

/** The columns of each table after all migrations. */
const LAYOUT: ReadonlyMap<string, readonly string[]> = layoutOf(
  MIGRATIONS.flat().map((statement) => (typeof statement === 'string' ? statement : statement.cassandra)),
)

/**
 * The first version of the layout was changed while nobody else used it: a keyspace from before has its number, and not its
 * columns.
 */
export async function assertLayout(client: Client, keyspace: string): Promise<void> {
  const found = await columnsOf(client, keyspace)
  for (const [table, columns] of LAYOUT) {
    const missing = columns.filter((column) => !found.get(table)?.has(column))
    if (missing.length === 0) continue
    throw new StoreError(
      `keyspace ${keyspace} is of a layout that no release had (table ${table} has no ${missing.join(', ')}): name a new keyspace in DATABASE_URL, which the stream fills.`,
    )
  }
}

/** Whether `statement` adds a column that is there already: not every server knows IF NOT EXISTS for it. */
export async function isAdded(client: Client, keyspace: string, statement: string): Promise<boolean> {
  const [, table, column] = /^ALTER TABLE (\w+) ADD (\w+) /.exec(statement) ?? []
  if (table === undefined || column === undefined) return false
  return (await columnsOf(client, keyspace)).get(table)?.has(column) ?? false
}

/** Whether the keyspace has no table yet but `meta`. */
export async function isNew(client: Client, keyspace: string): Promise<boolean> {
  return [...(await columnsOf(client, keyspace)).keys()].every((table) => table === 'meta')
}

/** The columns of each table that there is. */
async function columnsOf(client: Client, keyspace: string): Promise<Map<string, Set<string>>> {
  const { rows } = await client.execute(
    'SELECT table_name, column_name FROM system_schema.columns WHERE keyspace_name = ?',
    [keyspace],
    { prepare: true, fetchSize: 10_000 },
  )
  const columns = new Map<string, Set<string>>()
  for (const { table_name, column_name } of rows) {
    columns.getOrInsertComputed(String(table_name), () => new Set()).add(String(column_name))
  }
  return columns
}

function layoutOf(statements: readonly string[]): Map<string, string[]> {
  const layout = new Map<string, string[]>()
  for (const statement of statements) {
    const [, table, body] = /^CREATE TABLE IF NOT EXISTS (\w+) \((.*)/s.exec(statement) ?? []
    const [, altered, added] = /^ALTER TABLE (\w+) ADD (\w+) /.exec(statement) ?? []
    if (altered !== undefined && added !== undefined) layout.get(altered)?.push(added)
    if (table === undefined || body === undefined) continue
    const columns = body.replace(/,\s*PRIMARY KEY \(.*/s, '').replaceAll(/<[^(]*?>+(?=[ ,)]|$)/g, '')
    layout.set(
      table,
      columns.split(',').map((column) => column.trim().split(' ')[0] ?? ''),
    )
  }
  return layout
}
