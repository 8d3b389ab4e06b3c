// The keyspace and its tables. Several processes may start at once: one of them changes the schema, by a lock in the
// table `meta`, and the others wait for it.
import type { Client } from 'cassandra-driver'
import { StoreError } from '../../store.ts'
import type { Consistency } from '../driver/address.ts'
import type { Retries } from '../driver/retries.ts'
import { assertLayout, isAdded, isNew } from './layout.ts'
import { CHANGE_TIMEOUT_MS, Meta } from './meta.ts'
import { MIGRATIONS } from './migrations.ts'
import { creation } from './new-keyspace.ts'

export type SchemaOptions = {
  keyspace: string
  /** Copies of each row; `undefined`: three, or as many as there are nodes. */
  replication: number | undefined
  localDataCenter: string
  consistency: Consistency
  /** Fixed when the keyspace is made. */
  shards: number
  /** Repeats what a passing outage has interrupted. */
  retries: Pick<Retries, 'run' | 'isEnding'>
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
      // What a process left that died at this, maybe of an older version, goes the way of all older keyspaces.
      const isMadeAtOnce = version === 0 && (await step(() => isNew(client, keyspace)))
      const statements = isMadeAtOnce
        ? creation(server)
        : (MIGRATIONS[version] ?? []).map((each) => (typeof each === 'string' ? each : each[server]))
      for (const statement of statements) {
        assertHeld()
        await step(async () => {
          // Another process may have died in the middle of it, or the answer to our own attempt was lost.
          if (await isAdded(client, keyspace, statement)) return
          await client.execute(inKeyspace(statement, keyspace), [], { readTimeout: CHANGE_TIMEOUT_MS })
        })
      }
      assertHeld()
      if (version === 0) await meta.setOnce('shards', String(shards))
      await meta.set('version', String(isMadeAtOnce ? MIGRATIONS.length : version + 1))
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
