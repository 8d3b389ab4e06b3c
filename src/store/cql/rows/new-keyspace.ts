// The tables of a keyspace that has none yet, each made by one statement. Servers agree on one change of the schema after the
// other, which takes each of them a moment: all migrations in turn would be more than twice as many.
import { MIGRATIONS } from './migrations.ts'
import type { ServerKind } from './table-options.ts'

type Table = { columns: string; options: string[] }

/** Every type and table as all migrations leave them. */
export function creation(server: ServerKind): string[] {
  const types: string[] = []
  const tables = new Map<string, Table>()
  for (const each of MIGRATIONS.flat()) {
    const statement = typeof each === 'string' ? each : each[server]
    if (statement.startsWith('CREATE TYPE')) types.push(statement)
    else if (statement.startsWith('CREATE TABLE')) tables.set(...tableOf(statement))
    else alter(tables, statement)
  }
  return [...types, ...[...tables].map(([name, table]) => textOf(name, table))]
}

function tableOf(statement: string): [name: string, table: Table] {
  const [definition = '', options] = statement.split(/(?<=\))\s+WITH /)
  const [, name, columns] = /^CREATE TABLE IF NOT EXISTS (\w+) \((.*)\)$/s.exec(definition) ?? []
  if (name === undefined || columns === undefined) throw unknown(statement)
  return [name, { columns, options: options === undefined ? [] : [options] }]
}

function alter(tables: ReadonlyMap<string, Table>, statement: string): void {
  const [, name = '', change, what = ''] = /^ALTER TABLE (\w+) (ADD|WITH) (.*)$/s.exec(statement) ?? []
  const table = tables.get(name)
  if (table === undefined) throw unknown(statement)
  if (change === 'WITH') table.options.push(what)
  else table.columns = withColumn(table.columns, what)
}

/** The key comes last where it is not part of a column. */
function withColumn(columns: string, added: string): string {
  const key = columns.search(/,\s*PRIMARY KEY \(/)
  return key === -1 ? `${columns}, ${added}` : `${columns.slice(0, key)}, ${added}${columns.slice(key)}`
}

function textOf(name: string, { columns, options }: Table): string {
  const kept = options.length === 0 ? '' : ` WITH ${options.join(' AND ')}`
  return `CREATE TABLE IF NOT EXISTS ${name} (${columns})${kept}`
}

function unknown(statement: string): Error {
  return new Error(`a new keyspace cannot be made with: ${statement}`)
}
