// The keyspace and its tables. Several processes may start at once: one of them changes the schema, by a lock in the
// table `meta`, and the others wait for it.
import type { Client } from 'cassandra-driver'
import { StoreError } from '../../store.ts'
import type { Consistency } from '../driver/address.ts'
import type { Retries } from '../driver/retries.ts'
import { CHANGE_TIMEOUT_MS, Meta } from './meta.ts'
import { type PerServer, type ServerKind, tableOptions } from './table-options.ts'

/** Longer than other nodes keep what one that is away has missed (three hours). */
const GC_GRACE_SECONDS = 6 * 3_600

/** Each brings a keyspace from the version that is its index to the next; they are never edited, only added to. */
const MIGRATIONS: readonly (readonly (string | PerServer)[])[] = [
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
  tableOptions(),
  // Where the owner's next look at the inbox begins, past what was taken out.
  ['ALTER TABLE books ADD inbox_from text'],
  // `standing` has two more bits: who hides and who has left, see visibility.ts. No table changes, but an older program
  // would show these people again, so it must refuse the keyspace.
  [],
]

/** Emptied by tests and by nobody else. */
export const TABLES: readonly string[] = statementsFor('cassandra').flatMap(
  (statement) => /CREATE TABLE IF NOT EXISTS (\w+)/.exec(statement)?.[1] ?? [],
)

/** The columns of each table after all migrations. */
const LAYOUT: ReadonlyMap<string, readonly string[]> = layoutOf(statementsFor('cassandra'))

export type SchemaOptions = {
  keyspace: string
  /** Copies of each row; `undefined`: three, or as many as there are nodes. */
  replication: number | undefined
  localDataCenter: string
  consistency: Consistency
  /** Fixed when the keyspace is made. */
  shards: number
  /** Repeats what a passing outage has interrupted. */
  retries: Pick<Retries, 'run'>
}

/**
 * Makes the keyspace or brings it up to date; `client` uses none yet.
 * @returns into how many shards its people are divided
 */
export async function migrate(client: Client, options: SchemaOptions): Promise<number> {
  const { keyspace, replication, localDataCenter, shards, retries } = options
  // Each step is the same again: a connection that breaks off in the middle of one must not end the process.
  const step = <T>(attempt: () => Promise<T>): Promise<T> =>
    retries.run('the schema of the keyspace', undefined, attempt)
  const scylla = await step(() => isScylla(client))
  const known = await step(() =>
    client.execute('SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?', [keyspace], {
      prepare: true,
    }),
  )
  const [made] = known.rows
  const nodes = client.hosts.values().filter(({ datacenter }) => datacenter === localDataCenter).length
  let copies = replication ?? Math.max(1, Math.min(3, nodes))
  if (made !== undefined) {
    assertReplication(made.replication as Replication, options)
    copies = copiesOf(made.replication as Replication)
  } else {
    const tablets = scylla ? " AND tablets = {'enabled': false}" : ''
    await step(() =>
      client.execute(
        `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication =
         {'class': 'NetworkTopologyStrategy', '${localDataCenter}': ${copies}}${tablets}`,
        [],
        { readTimeout: CHANGE_TIMEOUT_MS },
      ),
    )
  }
  const server = scylla ? (copies === 1 ? 'scylla-single' : 'scylla') : 'cassandra'
  const meta = new Meta(client, keyspace, retries)
  await meta.create(scylla)
  for (;;) {
    const version = Number((await meta.get('version')) ?? 0)
    if (version > MIGRATIONS.length) {
      throw new StoreError(
        `keyspace ${keyspace} was made by a newer bsky-rpg (schema ${version}, this one knows ${MIGRATIONS.length}): upgrade this program.`,
      )
    }
    if (version === MIGRATIONS.length) {
      await step(() => assertLayout(client, keyspace))
      return Number(await meta.get('shards'))
    }
    await meta.locked(async (assertHeld) => {
      // Somebody else may have done it while we waited.
      if (Number((await meta.get('version')) ?? 0) !== version) return
      for (const each of MIGRATIONS[version] ?? []) {
        const statement = typeof each === 'string' ? each : each[server]
        assertHeld()
        await step(async () => {
          // Another process may have died in the middle of it, or the answer to our own attempt was lost.
          if (await isAdded(client, keyspace, statement)) return
          await client.execute(inKeyspace(statement, keyspace), [], { readTimeout: CHANGE_TIMEOUT_MS })
        })
      }
      assertHeld()
      if (version === 0) await meta.setOnce('shards', String(shards))
      await meta.set('version', String(version + 1))
    })
  }
}

type Replication = Readonly<Record<string, string>>

/** Copies of each row, in all data centres. */
function copiesOf({ class: _, ...copies }: Replication): number {
  return Object.values(copies).reduce((sum, each) => sum + Number(each), 0)
}

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

function statementsFor(server: ServerKind): string[] {
  return MIGRATIONS.flat().map((statement) => (typeof statement === 'string' ? statement : statement[server]))
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
