// A cluster of one server in this process' memory, which speaks as much CQL as the store does and keeps to the rules that
// the store builds on: cells by time, deletions that win ties, conditional writes by the server's own clock. It stands in
// for the driver's client, so that random orders of faults can be tried by the thousand; a real Cassandra is asked the
// same in test/cassandra.
import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { errors, types } from 'cassandra-driver'
import { type Condition, parse, type Statement, type Term } from './statement.ts'

type Cell = { value: unknown; time: number; expiresMs: number }
type StoredRow = { key: Record<string, unknown>; cells: Map<string, Cell>; inserted: Cell | undefined }
type Deletion = { matches: (key: Record<string, unknown>) => boolean; time: number }
type Table = {
  columns: string[]
  partition: string[]
  clustering: { column: string; descending: boolean }[]
  rows: Map<string, StoredRow>
  deletions: Deletion[]
}
type Row = Record<string, unknown>
type Answer = { rows: Row[]; rowLength: number; pageState: string | undefined; wasApplied: () => boolean }
type Options =
  | { timestamp?: number; fetchSize?: number; pageState?: string; consistency?: number }
  | undefined

/** The fate of a request: answered, not executed, executed without an answer, or executed when `carryOut` is called. */
export type Fate = 'fine' | 'lost' | 'unanswered' | 'late'

const BOUND: Term = { kind: 'bound' }
const MOVED = Symbol('the row is not as the condition says')

export class MemoryCluster {
  /** Decides the fate of each request. */
  fate: (cql: string, params: readonly unknown[]) => Fate = () => 'fine'
  /** Called after each executed request, before its answer is sent. */
  carriedOut: (cql: string, params: readonly unknown[]) => void = () => {}
  /** A copy that was away for a while: it answers reads at a consistency of one copy. */
  behind: MemoryCluster | undefined
  /** The keyspace's replication, as the server reports it. */
  replication: Record<string, string> = { class: 'NetworkTopologyStrategy', datacenter1: '1' }
  /** Whether the server says that it is ScyllaDB. */
  isScylla = false
  /** The most rows that the server takes in one batch. */
  maxBatch = Number.POSITIVE_INFINITY
  /** The server's clock, in milliseconds. */
  nowMs = 1_800_000_000_000
  #tables = new Map<string, Table>()
  #late: (() => void)[] = []
  #tick = 0
  readonly #clients = new Set<MemoryClient>()

  /** A connection of its own; see `cutAll`. */
  client(): MemoryClient {
    const client = new MemoryClient(this)
    this.#clients.add(client)
    return client
  }

  async execute(cql: string, params: readonly unknown[] = [], options?: Options): Promise<Answer> {
    // Answers never come at once.
    await undefined
    if (this.behind !== undefined && isOfOneCopy(options)) return this.behind.execute(cql, params, options)
    switch (this.fate(cql, params)) {
      case 'lost':
        throw timedOut()
      case 'late':
        this.#late.push(() => this.run(cql, params, options))
        throw timedOut()
      case 'unanswered':
        this.run(cql, params, options)
        this.carriedOut(cql, params)
        throw timedOut()
      case 'fine': {
        const answer = this.run(cql, params, options)
        this.carriedOut(cql, params)
        return answer
      }
    }
  }

  /** Executes one late request; returns whether there was one. */
  carryOut(which: number): boolean {
    const [late] = this.#late.splice(which % Math.max(1, this.#late.length), 1)
    late?.()
    return late !== undefined
  }

  /** A copy of all tables, for `restore`. */
  snapshot(): Map<string, Table> {
    return copyOf(this.#tables)
  }

  /** Puts the tables back, as after a server's crash: cuts all connections and drops late requests. */
  restore(snapshot: Map<string, Table>): void {
    this.#tables = copyOf(snapshot)
    this.#late = []
    this.cutAll()
  }

  /** Cuts every connection; each is made again at once. */
  cutAll(): void {
    for (const client of this.#clients) client.cut()
  }

  /** Removes rows without a deletion, as if never written: their server lost writes that it had acknowledged. */
  lose(table: string, which: (key: Record<string, unknown>) => boolean = () => true): void {
    const { rows } = this.#table(table)
    for (const [name, { key }] of rows) if (which(key)) rows.delete(name)
  }

  /** Puts the rows for which `which` is true back to `snapshot`, except in the tables `except`: later writes are lost. */
  goBack(
    snapshot: Map<string, Table>,
    which: (key: Record<string, unknown>) => boolean,
    except: readonly string[] = [],
  ): void {
    const before = copyOf(snapshot)
    for (const [table, { rows }] of this.#tables) {
      if (except.includes(table)) continue
      this.lose(table, which)
      for (const [name, row] of before.get(table)?.rows ?? []) if (which(row.key)) rows.set(name, row)
    }
  }

  dropColumn(table: string, column: string): void {
    const { columns } = this.#table(table)
    columns.splice(columns.indexOf(column), 1)
  }

  /** The primary key of each table, as in its definition. */
  primaryKeys(): Map<string, string> {
    return new Map(
      [...this.#tables].map(([name, { partition, clustering }]) => {
        const first = partition.length === 1 ? partition[0] : `(${partition.join(', ')})`
        return [name, `(${[first, ...clustering.map(({ column }) => column)].join(', ')})`]
      }),
    )
  }

  rows(table: string): Row[] {
    return this.run(`SELECT * FROM ${table}`, []).rows
  }

  run(cql: string, params: readonly unknown[], options?: Options): Answer {
    const schema = this.#define(cql)
    if (schema) return answerOf([])
    if (/system_schema|system\.local/.test(cql)) return answerOf(this.#system(cql, params))
    return this.#carry(parse(cql), [...params], options)
  }

  /** Executes `cql` if it is a definition; returns whether it was one. */
  #define(cql: string): boolean {
    const text = cql.replace(/\s+/g, ' ').trim()
    if (/^(CREATE (KEYSPACE|TYPE)|USE|ALTER TABLE [\w.]+ WITH|DROP|TRUNCATE)/i.test(text)) return true
    const [, altered, added] = /^ALTER TABLE ([\w.]+) ADD (\w+) /i.exec(text) ?? []
    if (altered !== undefined && added !== undefined) {
      this.#table(altered).columns.push(added)
      return true
    }
    const [, name, body] =
      /^CREATE TABLE IF NOT EXISTS ([\w.]+) \((.+)\)$/i.exec(text.split(' WITH ')[0] ?? '') ?? []
    if (name === undefined || body === undefined) return false
    const table = tableName(name)
    if (!this.#tables.has(table)) this.#tables.set(table, tableOf(body, text))
    return true
  }

  #system(cql: string, params: readonly unknown[]): Row[] {
    if (cql.includes('system_schema.columns')) {
      return [...this.#tables].flatMap(([table_name, { columns }]) =>
        columns.map((column_name) => ({ table_name, column_name })),
      )
    }
    if (cql.includes('toUnixTimestamp(now())')) return [{ now: this.nowMs }]
    if (cql.includes('scylla_local')) return this.isScylla ? [{ table_name: 'scylla_local' }] : []
    if (cql.includes('system_schema.keyspaces') && this.#tables.size > 0) {
      return [{ keyspace_name: params[0], replication: this.replication }]
    }
    return []
  }

  #carry(statement: Statement, params: unknown[], options: Options): Answer {
    const table = this.#table(statement.table)
    const take = (term: Term): unknown => (term.kind === 'bound' ? params.shift() : term.value)
    // A server's conditional writes are later than each other, and than whatever it was told before.
    this.#tick += 1
    const now = this.nowMs * 1000 + this.#tick
    if (statement.kind === 'select') return this.#select(table, statement, take, options)
    let time = options?.timestamp ?? now
    let expiresMs = Number.POSITIVE_INFINITY
    const using = (): void => {
      for (const { what, term } of statement.using) {
        const value = Number(take(term))
        if (what === 'TTL') expiresMs = this.nowMs + value * 1000
        else time = value
      }
    }
    if (statement.kind === 'insert') {
      const values = Object.fromEntries(statement.set.map(({ column, term }) => [column, take(term)]))
      using()
      const key = keyOf(table, values)
      const present = this.#visible(table, key)
      if (statement.ifNotExists && present !== undefined) return refused(present)
      const row = this.#stored(table, key)
      write(row, 'inserted', { value: true, time, expiresMs })
      for (const [column, value] of Object.entries(values)) {
        if (!(column in key)) write(row, column, { value, time, expiresMs })
      }
      return answerOf([{ '[applied]': true }])
    }
    if (statement.kind === 'update') {
      using()
      const values = statement.set.map(({ column, counter, term }) => ({
        column,
        counter,
        value: take(term),
      }))
      const key = keyOf(table, valuesOf(statement.where, take))
      const present = this.#visible(table, key)
      if (this.#meets(statement.if, present, take) === MOVED) return refused(present)
      const row = this.#stored(table, key)
      for (const { column, counter, value } of values) {
        const before = counter ? Number(present?.[column] ?? 0) : 0
        write(row, column, { value: counter ? before + Number(value) : value, time, expiresMs })
      }
      return answerOf([{ '[applied]': true }])
    }
    using()
    const matches = matcher(statement.where, take)
    if (statement.if !== undefined) {
      const present = this.#all(table).find(matches)
      if (this.#meets(statement.if, present, take) === MOVED) return refused(present)
    }
    table.deletions.push({ matches, time })
    return answerOf([{ '[applied]': true }])
  }

  #select(
    table: Table,
    statement: Statement & { kind: 'select' },
    take: (term: Term) => unknown,
    options: Options,
  ): Answer {
    const matches = matcher(statement.where, take)
    const limit = statement.limit === undefined ? undefined : Number(take(statement.limit))
    const found: Row[] = this.#all(table).filter(matches)
    found.sort((a, b) => order(table, statement.ascending, a, b))
    const rows = found.slice(0, limit)
    const begin = Number(options?.pageState ?? 0)
    const size = options?.fetchSize ?? rows.length
    const page = rows.slice(begin, begin + size)
    const more = begin + size < rows.length ? String(begin + size) : undefined
    const shown = page.map((row): Row => {
      if (statement.columns === undefined) return row
      const stored = table.rows.get(nameOf(keyOf(table, row)))
      return Object.fromEntries(
        statement.columns.map(({ column, name, writetime }): [string, unknown] => [
          name,
          writetime ? (stored?.cells.get(column)?.time ?? null) : (row[column] ?? null),
        ]),
      )
    })
    return { ...answerOf(shown), pageState: more }
  }

  #meets(
    condition: 'exists' | Condition[] | undefined,
    present: Row | undefined,
    take: (term: Term) => unknown,
  ) {
    if (condition === undefined) return
    if (condition === 'exists') return present === undefined ? MOVED : undefined
    const wanted = condition.flatMap(({ columns, terms }) =>
      columns.map((column, at): [string, unknown] => [column, take(terms[at] ?? BOUND)]),
    )
    if (wanted.every(([column, value]) => (present?.[column] ?? null) === (value ?? null))) return
    return MOVED
  }

  #all(table: Table): Row[] {
    return [...table.rows.values()].flatMap(({ key }): Row[] => {
      const row = this.#visible(table, key)
      return row === undefined ? [] : [row]
    })
  }

  /** The row as a read returns it, without cells that were deleted later or at the same time, or have expired. */
  #visible(table: Table, key: Record<string, unknown>): Row | undefined {
    const stored = table.rows.get(nameOf(key))
    if (stored === undefined) return undefined
    const gone = Math.max(
      -1,
      ...table.deletions.filter(({ matches }) => matches(key)).map(({ time }) => time),
    )
    const lives = (cell: Cell | undefined): boolean =>
      cell !== undefined && cell.time > gone && cell.expiresMs > this.nowMs && cell.value !== null
    const row: Row = { ...key }
    let any = lives(stored.inserted)
    for (const column of table.columns) {
      if (column in key) continue
      const cell = stored.cells.get(column)
      any ||= lives(cell)
      row[column] = lives(cell) ? cell?.value : null
    }
    return any ? row : undefined
  }

  #stored(table: Table, key: Record<string, unknown>): StoredRow {
    return table.rows.getOrInsertComputed(nameOf(key), () => ({ key, cells: new Map(), inserted: undefined }))
  }

  #table(name: string): Table {
    const table = this.#tables.get(tableName(name))
    if (table === undefined) throw new Error(`there is no table ${name}`)
    return table
  }
}

/** The part of the driver's client that the store uses. */
export class MemoryClient extends EventEmitter {
  keyspace = ''
  #gate: PromiseWithResolvers<void> | undefined
  readonly hosts = { length: 1, values: () => [{ datacenter: 'datacenter1' }] }
  readonly #cluster: MemoryCluster
  #connected = 1

  constructor(cluster: MemoryCluster) {
    super()
    this.#cluster = cluster
  }

  async execute(cql: string, params?: readonly unknown[], options?: Options): Promise<Answer> {
    await this.#gate?.promise
    const answer = await this.#cluster.execute(cql, params, options)
    // A process that stands still neither sends nor hears.
    await this.#gate?.promise
    return answer
  }

  /** Pauses its process: requests from now on arrive after `wake`, or never. */
  pause(): void {
    this.#gate ??= Promise.withResolvers()
  }

  get paused(): boolean {
    return this.#gate !== undefined
  }

  wake(): void {
    this.#gate?.resolve()
    this.#gate = undefined
  }

  async batch(queries: readonly { query: string; params: unknown[] }[], options?: Options): Promise<void> {
    if (queries.length > this.#cluster.maxBatch) {
      throw new errors.ResponseError(types.responseErrorCodes.invalid, 'Batch too large')
    }
    // Each may fare differently, as the parts of an unlogged batch do.
    const all = await Promise.allSettled(
      queries.map(({ query, params }) => this.execute(query, params, options)),
    )
    const failed = all.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  getReplicas(): null {
    return null
  }

  getState() {
    return { getConnectedHosts: () => Array.from({ length: this.#connected }) }
  }

  cut(): void {
    this.#connected = 0
    this.emit('hostDown', {})
    this.#connected = 1
    this.emit('hostUp', {})
  }

  async shutdown(): Promise<void> {}
}

function isOfOneCopy(options: Options): boolean {
  const { one, localOne } = types.consistencies
  return [one, localOne].includes(options?.consistency ?? one)
}

function timedOut(): Error {
  return new errors.OperationTimedOutError('the server does not answer')
}

function answerOf(rows: Row[]): Answer {
  const [first] = rows
  return {
    rows,
    rowLength: rows.length,
    pageState: undefined,
    wasApplied: () => first?.['[applied]'] !== false,
  }
}

function refused(present: Row | undefined): Answer {
  return answerOf([{ ...present, '[applied]': false }])
}

function write(row: StoredRow, column: string, cell: Cell): void {
  const present = column === 'inserted' ? row.inserted : row.cells.get(column)
  if (present !== undefined && present.time > cell.time) return
  // A tie goes to the greater value.
  if (present?.time === cell.time && String(present.value) > String(cell.value)) return
  if (column === 'inserted') row.inserted = cell
  else row.cells.set(column, cell)
}

function matcher(where: readonly Condition[], take: (term: Term) => unknown): (row: Row) => boolean {
  const wanted = where.map((condition) => ({ ...condition, values: condition.terms.map(take) }))
  const isOfNone = ({ operator, values }: (typeof wanted)[number]): boolean =>
    operator === 'IN' && (values[0] as unknown[]).length === 0
  // As servers answer to a list of none.
  if (wanted.some(isOfNone))
    throw new errors.ResponseError(types.responseErrorCodes.invalid, 'Invalid null value')
  return (row) =>
    wanted.every(({ columns, operator, token, values }) => {
      const [column = ''] = columns
      if (operator === 'IN') return (values[0] as unknown[]).includes(row[column])
      if (token) return compares(operator, tokenOf(row[column]), tokenOf(values[0]))
      const differs = columns.findIndex((name, at) => row[name] !== values[at])
      const at = differs === -1 ? columns.length - 1 : differs
      return compares(operator, row[columns[at] ?? ''], values[at])
    })
}

function compares(operator: string, a: unknown, b: unknown): boolean {
  const [x, y] = [a as number, b as number]
  switch (operator) {
    case '=':
      return x === y
    case '>':
      return x > y
    case '>=':
      return x >= y
    case '<':
      return x < y
    default:
      return x <= y
  }
}

function tokenOf(value: unknown): bigint {
  const text = String(value)
  if (/^-?\d+$/.test(text)) return BigInt(text)
  return createHash('sha256').update(text).digest().readBigInt64BE()
}

function valuesOf(where: readonly Condition[], take: (term: Term) => unknown): Row {
  return Object.fromEntries(
    where.flatMap(({ columns, terms }) => columns.map((column, at) => [column, take(terms[at] ?? BOUND)])),
  )
}

function keyOf({ partition, clustering }: Table, values: Row): Record<string, unknown> {
  const columns = [...partition, ...clustering.map(({ column }) => column)]
  return Object.fromEntries(columns.map((column) => [column, values[column]]))
}

function nameOf(key: Record<string, unknown>): string {
  return JSON.stringify(Object.values(key))
}

/** Partitions by token, rows in them as the table says or the other way round. */
function order(table: Table, ascending: boolean | undefined, a: Row, b: Row): number {
  const [one, other] = [a, b].map((row) => tokenOf(table.partition.map((column) => row[column]).join()))
  if (one !== undefined && other !== undefined && one !== other) return one < other ? -1 : 1
  for (const { column, descending } of table.clustering) {
    const [x, y] = [a[column] as number, b[column] as number]
    if (x === y) continue
    const up = ascending ?? !descending
    return x < y === up ? -1 : 1
  }
  return 0
}

function tableOf(body: string, text: string): Table {
  const key = /PRIMARY KEY \((.+)\)$/i.exec(body.trim())?.[1]
  const columns = body
    .replace(/, PRIMARY KEY .*$/i, '')
    .replaceAll(/<[^()]*?>+/g, '')
    .split(',')
    .map((part) => part.trim().split(' ')[0] ?? '')
  if (key === undefined) return { ...EMPTY(), columns, partition: [columns[0] ?? ''] }
  const several = /^\((.+?)\)(?:, (.+))?$/.exec(key)
  const [first = '', ...others] = key.split(', ')
  const partition = several === null ? [first] : (several[1] ?? '').split(', ')
  const rest = several === null ? others : (several[2]?.split(', ') ?? [])
  const orders = /CLUSTERING ORDER BY \(([^)]+)\)/i.exec(text)?.[1] ?? ''
  const clustering = rest.map((column) => ({ column, descending: orders.includes(`${column} DESC`) }))
  return { ...EMPTY(), columns, partition, clustering }
}

const EMPTY = (): Table => ({ columns: [], partition: [], clustering: [], rows: new Map(), deletions: [] })

function tableName(name: string): string {
  return name.split('.').at(-1) ?? name
}

function copyOf(tables: Map<string, Table>): Map<string, Table> {
  return new Map(
    [...tables].map(([name, table]) => [
      name,
      {
        ...table,
        columns: [...table.columns],
        deletions: [...table.deletions],
        rows: new Map([...table.rows].map(([key, row]) => [key, { ...row, cells: new Map(row.cells) }])),
      },
    ]),
  )
}
