import { randomBytes } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import { Client, types } from 'cassandra-driver'
import type { CqlAddress } from '../../src/store/cql/driver/address.ts'
import { closeHostsAtShutdown } from '../../src/store/cql/driver/close-hosts.ts'
import { openCql } from '../../src/store/cql/open.ts'
import type { Store } from '../../src/store/store.ts'

/** Copies of each row, and rows on a page of a result; `undefined`: the program's defaults. */
export type PlacesOptions = { replication?: number; pageRows?: number }

/** What `meta` says of the schema. */
const SCHEMA: ReadonlySet<string> = new Set(['version', 'shards', 'lock'])

export type Where = { contactPoints: string[]; localDataCenter: string }

/** The address of a keyspace on `cluster`. */
export function addressOn({ contactPoints, localDataCenter }: Where, keyspace: string): CqlAddress {
  return {
    driver: 'cql',
    contactPoints,
    localDataCenter,
    keyspace,
    username: undefined,
    password: undefined,
    tls: false,
    authority: undefined,
    consistency: 'local_quorum',
  }
}

/** `address` as a URL. */
export function urlOf({ contactPoints, keyspace, localDataCenter = '' }: CqlAddress): string {
  return `cql://${contactPoints.join(',')}/${keyspace}?dc=${localDataCenter}`
}

/** One keyspace for many tests, emptied before each: creating a keyspace takes seconds, emptying it much less. */
export class Places implements AsyncDisposable {
  readonly address: CqlAddress
  readonly shards: number
  readonly #replication: number | undefined
  readonly #pageRows: number | undefined
  #client: Client | undefined

  constructor(cluster: Where, shards: number, { replication, pageRows }: PlacesOptions = {}) {
    this.#replication = replication
    this.#pageRows = pageRows
    this.address = addressOn(cluster, `test_${randomBytes(4).toString('hex')}`)
    this.shards = shards
  }

  open(): Promise<Store> {
    return openCql({
      address: this.address,
      shards: this.shards,
      replication: this.#replication,
      boardMs: 0,
      // Who looks through the books waits for counters that follow.
      countersMs: 100,
      ...(this.#pageRows === undefined ? {} : { pageRows: this.#pageRows }),
    })
  }

  async place(): Promise<AsyncDisposable & { open(): Promise<Store> }> {
    await (await this.open())[Symbol.asyncDispose]()
    const client = await this.connected()
    const { keyspace } = this.address
    for (const table of (await this.#tables()).filter((name) => name !== 'shards')) {
      const { rowLength } = await client.execute(`SELECT * FROM ${keyspace}.${table} LIMIT 1`)
      if (rowLength > 0) await client.execute(`TRUNCATE ${keyspace}.${table}`)
    }
    // What looks empty may still hold deletions, which the times of later owners are above.
    const { rows } = await client.execute(`SELECT shard, epoch FROM ${keyspace}.shards`)
    for (const { shard, epoch } of rows) {
      await client.execute(
        `UPDATE ${keyspace}.shards SET epoch = ?, owner = '', until = 0, seq = 0, chunks = 0, host = null, rules = null
           WHERE shard = ? IF epoch = ?`,
        [Number(epoch) + 1, shard, epoch],
        { prepare: true },
      )
    }
    // All that the keyspace remembers but what its schema is.
    const { rows: meta } = await client.execute(`SELECT name FROM ${keyspace}.meta`)
    for (const { name } of meta.filter(({ name }) => !SCHEMA.has(String(name)))) {
      await client.execute(`DELETE FROM ${keyspace}.meta WHERE name = '${name}' IF EXISTS`)
    }
    return { open: () => this.open(), [Symbol.asyncDispose]: async () => {} }
  }

  /** The tables that contain any of `texts`, in rows or in blocks of the journal. */
  async naming(...texts: string[]): Promise<string[]> {
    const client = await this.connected()
    const found: string[] = []
    for (const table of await this.#tables()) {
      const { rows } = await client.execute(`SELECT * FROM ${this.address.keyspace}.${table}`)
      const all = rows.map((row) =>
        table === 'journal' ? zstdDecompressSync(row.data).toString() : JSON.stringify(row),
      )
      if (all.some((row) => texts.some((text) => row.includes(text)))) found.push(table)
    }
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      const client = await this.connected()
      await client.execute(`DROP KEYSPACE IF EXISTS ${this.address.keyspace}`)
    } finally {
      // However that went: a client that is left alone goes on looking for its servers, and the process with it.
      await this.#client?.shutdown()
    }
  }

  /** All tables of the keyspace but `meta`, which says of what version they are. */
  async #tables(): Promise<string[]> {
    const client = await this.connected()
    const { rows } = await client.execute(
      'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?',
      [this.address.keyspace],
    )
    return rows.map(({ table_name }) => String(table_name)).filter((name) => name !== 'meta')
  }

  /** A connection for queries that only tests make. */
  async connected(): Promise<Client> {
    if (this.#client === undefined) {
      const { contactPoints, localDataCenter } = this.address
      this.#client = new Client({
        contactPoints,
        ...(localDataCenter === undefined ? {} : { localDataCenter }),
        socketOptions: { readTimeout: 60_000 },
        // A node that was away may not know yet what the others do.
        queryOptions: { consistency: types.consistencies.quorum },
      })
      closeHostsAtShutdown(this.#client)
      await this.#client.connect()
    }
    return this.#client
  }
}
