// The keyspace and its tables. Several processes may start at once: one of them changes the schema, by a lock in the
// table `meta`, and the others wait for it.
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'cassandra-driver'
import { StoreError } from '../store.ts'
import type { Consistency } from './address.ts'
import type { Retries } from './retries.ts'

/** Longer than other nodes keep what one that is away has missed (three hours). */
const GC_GRACE_SECONDS = 6 * 3_600

/** Each brings a keyspace from the version that is its index to the next; they are never edited, only added to. */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TYPE IF NOT EXISTS leveling (
       level int, experience bigint, experience_to_next_level bigint, levels_gained int, progress_percentage int)`,
    // Of one person and collection: live records; numbers of the newest and the oldest event; the greatest TID among the keys.
    'CREATE TYPE IF NOT EXISTS kind (live bigint, last_seq bigint, first_seq bigint, greatest text)',
    `CREATE TABLE IF NOT EXISTS characters (
       did text PRIMARY KEY, leveling frozen<leveling>, experience bigint, last_delta bigint, updated_at timestamp,
       period_day int, week_experience bigint, month_experience bigint,
       standing int, status_time bigint, rev text, floor text, capped text,
       kinds frozen<map<text, frozen<kind>>>, records bigint, last_seq bigint, first_seq bigint,
       handle text, display_name text, avatar text, asked bigint, version bigint)`,
    'CREATE TABLE IF NOT EXISTS characters_experience (did text PRIMARY KEY, experience counter)',
    `CREATE TABLE IF NOT EXISTS records (
       did text, bucket int, collection text, rkey text,
       rev text, live boolean, xp bigint, readable boolean, media text, subject text, at bigint, capped boolean,
       PRIMARY KEY ((did, bucket), collection, rkey))`,
    `CREATE TABLE IF NOT EXISTS events (
       did text, bucket bigint, seq bigint,
       event_at timestamp, type text, rkey text, cause text, reason text, delta bigint, leveling frozen<leveling>,
       type_seq bigint,
       PRIMARY KEY ((did, bucket), seq)) WITH CLUSTERING ORDER BY (seq DESC)`,
    `CREATE TABLE IF NOT EXISTS events_by_type (
       did text, type text, bucket bigint, seq bigint,
       event_at timestamp, rkey text, cause text, reason text, delta bigint, leveling frozen<leveling>,
       PRIMARY KEY ((did, type, bucket), seq)) WITH CLUSTERING ORDER BY (seq DESC)`,
    // Who had events on a day, so that old ones are found without looking at everybody.
    'CREATE TABLE IF NOT EXISTS event_days (shard int, day int, did text, PRIMARY KEY ((shard, day), did))',
    // Whose records name a person.
    `CREATE TABLE IF NOT EXISTS mentions (
       subject text, bucket int, did text, collection text, rkey text,
       PRIMARY KEY ((subject, bucket), did, collection, rkey))`,
    'CREATE TABLE IF NOT EXISTS handles (handle text PRIMARY KEY, did text)',
    // Leases and cursors, changed only on condition; see leases.ts.
    `CREATE TABLE IF NOT EXISTS shards (
       shard int PRIMARY KEY, owner text, epoch bigint, until bigint, seq bigint, chunks int,
       host text, wire text, value bigint, at bigint)`,
    'CREATE TABLE IF NOT EXISTS workers (worker text PRIMARY KEY, wants int)',
    `CREATE TABLE IF NOT EXISTS journal (
       shard int, seq bigint, chunk int, data blob, PRIMARY KEY (shard, seq, chunk))
       WITH CLUSTERING ORDER BY (seq DESC, chunk ASC)`,
    // As of batch `seq`, which brought the stream to that place: what is written out, while `shards` tells what counts.
    `CREATE TABLE IF NOT EXISTS books (
       shard int PRIMARY KEY, seq bigint, host text, wire text, value bigint, at bigint, characters bigint, records bigint, events bigint, experience bigint,
       next_question bigint, oldest_day int, board_above bigint, waiting frozen<map<text, bigint>>, oldest frozen<map<text, bigint>>)`,
    'CREATE TABLE IF NOT EXISTS standings (shard int, experience bigint, characters bigint, PRIMARY KEY (shard, experience))',
    'CREATE TABLE IF NOT EXISTS board (shard int, did text, experience bigint, PRIMARY KEY (shard, did))',
    `CREATE TABLE IF NOT EXISTS questions (
       shard int, kind text, id bigint, did text, collection text, rkey text, rev text, subject text,
       PRIMARY KEY ((shard, kind), id))`,
    'CREATE TABLE IF NOT EXISTS inbox (shard int, id text, kind text, did text, at bigint, note text, PRIMARY KEY (shard, id))',
    `CREATE TABLE IF NOT EXISTS gaps (
       part int, at bigint, host text, began bigint, ended bigint, reason text, PRIMARY KEY (part, at, host, began))
       WITH CLUSTERING ORDER BY (at DESC, host ASC, began ASC)`,
    'CREATE TABLE IF NOT EXISTS pulses (part int, shard int, at bigint, lag bigint, host text, PRIMARY KEY (part, shard))',
    `CREATE TABLE IF NOT EXISTS samples (
       part int, worker text, at bigint, events bigint, network_bytes bigint, PRIMARY KEY (part, worker, at))`,
  ],
  ['ALTER TABLE characters ADD purged_time bigint'],
  [
    // In place of `questions`, which owners empty into it: due is 0 before a question was asked at all, then the second
    // from which on it is asked again.
    `CREATE TABLE IF NOT EXISTS open_questions (
       shard int, kind text, due bigint, id bigint, did text, collection text, rkey text, rev text, subject text, tries int,
       PRIMARY KEY ((shard, kind), due, id))`,
    // Of each kind of question about a person, the one that is open.
    'ALTER TABLE characters ADD open_questions text',
  ],
  // By which rules a shard is awarded, so that no worker of others takes it.
  ['ALTER TABLE shards ADD rules text'],
  // What is deleted, or expires, in great numbers from partitions that are read all the time. What could come back of it, from
  // a node that was away for longer, is asked, wished or noted once more at worst.
  ['inbox', 'questions', 'open_questions', 'samples', 'workers'].map(
    (table) => `ALTER TABLE ${table} WITH gc_grace_seconds = ${GC_GRACE_SECONDS}`,
  ),
  // XP that caps have granted to the records first witnessed on a day, by collection; none while there are no caps.
  [
    'CREATE TABLE IF NOT EXISTS grants (did text, day int, granted frozen<map<text, bigint>>, PRIMARY KEY (did, day))',
  ],
  [
    // The revision of the person's own profile record; when the stream last said who they are, and by which handle.
    'ALTER TABLE characters ADD profile_rev text',
    'ALTER TABLE characters ADD named_at bigint',
    'ALTER TABLE characters ADD stream_handle text',
    // How many are not shown because nobody has said yet whether they want to be.
    'ALTER TABLE books ADD introductions bigint',
    // How many of the questions that are open were asked before.
    'ALTER TABLE books ADD postponed frozen<map<text, bigint>>',
  ],
]

/** Emptied by tests and by nobody else. */
export const TABLES: readonly string[] = MIGRATIONS.flat().flatMap(
  (statement) => /CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement)?.[1] ?? [],
)

/** The columns of each table after all migrations. */
const LAYOUT: ReadonlyMap<string, readonly string[]> = layoutOf(MIGRATIONS.flat())

const LOCK_SECONDS = 60
const LOOK_AGAIN_MS = 250

export type SchemaOptions = {
  keyspace: string
  /** Copies of each row; `undefined`: three, or as many as there are nodes. */
  replication: number | undefined
  localDataCenter: string
  consistency: Consistency
  /** Fixed when the keyspace is made. */
  shards: number
}

/**
 * Makes the keyspace or brings it up to date; `client` uses none yet.
 * @returns into how many shards its people are divided
 */
export async function migrate(client: Client, options: SchemaOptions): Promise<number> {
  const { keyspace, replication, localDataCenter, shards } = options
  const scylla = await isScylla(client)
  const known = await client.execute(
    'SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?',
    [keyspace],
    { prepare: true },
  )
  const [made] = known.rows
  if (made !== undefined) assertReplication(made.replication as Replication, options)
  else {
    const nodes = client.hosts.values().filter(({ datacenter }) => datacenter === localDataCenter).length
    const copies = replication ?? Math.max(1, Math.min(3, nodes))
    const tablets = scylla ? " AND tablets = {'enabled': false}" : ''
    await client.execute(
      `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication =
         {'class': 'NetworkTopologyStrategy', '${localDataCenter}': ${copies}}${tablets}`,
    )
  }
  const meta = new Meta(client, keyspace)
  await meta.create(scylla)
  for (;;) {
    const version = Number((await meta.get('version')) ?? 0)
    if (version > MIGRATIONS.length) {
      throw new StoreError(
        `keyspace ${keyspace} was made by a newer bsky-rpg (schema ${version}, this one knows ${MIGRATIONS.length}): upgrade this program.`,
      )
    }
    if (version === MIGRATIONS.length) {
      await assertLayout(client, keyspace)
      return Number(await meta.get('shards'))
    }
    await meta.locked(async () => {
      // Somebody else may have done it while we waited.
      if (Number((await meta.get('version')) ?? 0) !== version) return
      for (const statement of MIGRATIONS[version] ?? []) {
        // Somebody may have died in the middle of it.
        if (await isAdded(client, keyspace, statement)) continue
        await client.execute(inKeyspace(statement, keyspace))
      }
      if (version === 0) await meta.setOnce('shards', String(shards))
      await meta.set('version', String(version + 1))
    })
  }
}

type Replication = Readonly<Record<string, string>>

/**
 * A quorum of one data centre sees what was written by a quorum of the same one. Where a keyspace has copies in several,
 * a worker in another would decide on rows that have not arrived there.
 */
function assertReplication(
  replication: Replication,
  { keyspace, localDataCenter, consistency }: SchemaOptions,
): void {
  const { class: strategy = '', ...copies } = replication
  if (!strategy.endsWith('NetworkTopologyStrategy')) return
  const centres = Object.keys(copies)
  if (!centres.includes(localDataCenter)) {
    throw new StoreError(
      `keyspace ${keyspace} has no copies in data centre ${localDataCenter}, only in ${centres.join(', ')}: name one of those as dc= in DATABASE_URL.`,
    )
  }
  if (centres.length > 1 && consistency === 'local_quorum') {
    throw new StoreError(
      `keyspace ${keyspace} has copies in ${centres.join(', ')}, and what one of them has taken the others may not have yet: set consistency=quorum in DATABASE_URL, for every process.`,
    )
  }
}

/**
 * The first version of the layout was changed while nobody else used it: a keyspace from before has its number, and not its
 * columns.
 */
async function assertLayout(client: Client, keyspace: string): Promise<void> {
  const found = await columnsOf(client, keyspace)
  for (const [table, columns] of LAYOUT) {
    const missing = columns.filter((column) => !found.get(table)?.has(column))
    if (missing.length === 0) continue
    throw new StoreError(
      `keyspace ${keyspace} is of a layout that no release had (table ${table} has no ${missing.join(', ')}): name a new keyspace in DATABASE_URL, which the stream fills.`,
    )
  }
}

/** ScyllaDB has a table that nobody else has. */
async function isScylla(client: Client): Promise<boolean> {
  const found = await client.execute(
    "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'system' AND table_name = 'scylla_local'",
  )
  return found.rowLength > 0
}

/** Names in the statements are without the keyspace: types and tables get it here. */
function inKeyspace(statement: string, keyspace: string): string {
  return statement.replace(/^(CREATE (?:TYPE|TABLE) IF NOT EXISTS |ALTER TABLE )/, `$1${keyspace}.`)
}

/** Whether `statement` adds a column that is there already: not every server knows IF NOT EXISTS for it. */
async function isAdded(client: Client, keyspace: string, statement: string): Promise<boolean> {
  const [, table, column] = /^ALTER TABLE (\w+) ADD (\w+) /.exec(statement) ?? []
  if (table === undefined || column === undefined) return false
  return (await columnsOf(client, keyspace)).get(table)?.has(column) ?? false
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

/** The table `meta`: a few settings by name. */
export class Meta {
  readonly #client: Client
  readonly #table: string
  readonly #retries: Pick<Retries, 'run'> | undefined

  /** With `retries`, `get`, `set` and `setOnce` go on while the cluster is out of reach; without, they fail. */
  constructor(client: Client, keyspace: string, retries?: Pick<Retries, 'run'>) {
    this.#client = client
    this.#table = `${keyspace}.meta`
    this.#retries = retries
  }

  async create(scylla: boolean): Promise<void> {
    // Where servers do not agree on changes of the schema by themselves, two who create it at once create one table.
    const id = scylla ? '' : ` WITH id = ${idOf(this.#table)}`
    await this.#client.execute(
      `CREATE TABLE IF NOT EXISTS ${this.#table} (name text PRIMARY KEY, value text)${id}`,
    )
  }

  async get(name: string): Promise<string | undefined> {
    const query = `SELECT value FROM ${this.#table} WHERE name = ?`
    const { rows } = await this.#persist(() => this.#run(query, [name], 'serial'))
    return (rows[0]?.value as string | null | undefined) ?? undefined
  }

  async set(name: string, value: string): Promise<void> {
    // On condition, as whatever else is written here: the two kinds of writes do not see each other's order.
    const query = `UPDATE ${this.#table} SET value = ? WHERE name = ? IF EXISTS`
    await this.#persist(() => this.#run(query, [value, name]))
    await this.setOnce(name, value)
  }

  /** Leaves what is there already. */
  async setOnce(name: string, value: string): Promise<void> {
    const query = `INSERT INTO ${this.#table} (name, value) VALUES (?, ?) IF NOT EXISTS`
    await this.#persist(() => this.#run(query, [name, value]))
  }

  /** Runs `work` while nobody else does; a lock whose holder died goes after a minute. */
  async locked(work: () => Promise<void>): Promise<void> {
    const holder = randomUUID()
    const take = `INSERT INTO ${this.#table} (name, value) VALUES ('lock', ?) IF NOT EXISTS USING TTL ${LOCK_SECONDS}`
    while (!(await this.#run(take, [holder])).wasApplied()) await sleep(LOOK_AGAIN_MS)
    try {
      await work()
    } finally {
      await this.#run(`DELETE FROM ${this.#table} WHERE name = 'lock' IF value = ?`, [holder])
    }
  }

  /** For what may safely arrive twice. */
  #persist<T>(attempt: () => Promise<T>): Promise<T> {
    return this.#retries === undefined ? attempt() : this.#retries.run('a setting', undefined, attempt)
  }

  #run(query: string, params: unknown[], consistency?: 'serial') {
    return this.#client.execute(query, params, {
      prepare: true,
      ...(consistency === undefined ? {} : { consistency: SERIAL }),
    })
  }
}

/** A UUID made of a name, in the form of those made of a time, as ids of tables are. */
function idOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-1${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Sees what conditional writes have agreed on, even where their outcome was not told. */
const SERIAL = 0x0008
