import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { errors } from 'cassandra-driver'
import { MIGRATIONS } from '../../../src/store/cql/rows/migrations.ts'
import { creation } from '../../../src/store/cql/rows/new-keyspace.ts'
import { StoreError } from '../../../src/store/store.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

test('a keyspace of a layout from before the first release is refused, and never half-read', async () => {
  const cluster = new MemoryCluster()
  await (await openOn(cluster))[Symbol.asyncDispose]()
  cluster.dropColumn('books', 'board_above')
  await assert.rejects(openOn(cluster), (error) => {
    assert.ok(error instanceof StoreError)
    assert.match(error.message, /table books has no board_above\): name a new keyspace/)
    return true
  })
})

test('a keyspace with copies in several data centres is used at a quorum of all of them only', async () => {
  const cluster = new MemoryCluster()
  await (await openOn(cluster))[Symbol.asyncDispose]()
  cluster.replication = { class: 'NetworkTopologyStrategy', datacenter1: '3', elsewhere: '3' }
  await assert.rejects(openOn(cluster), /copies in datacenter1, elsewhere.*consistency=quorum/)
  await (await openOn(cluster, { consistency: 'quorum' }))[Symbol.asyncDispose]()
  cluster.replication = { class: 'NetworkTopologyStrategy', elsewhere: '3' }
  await assert.rejects(openOn(cluster), /no copies in data centre datacenter1, only in elsewhere/)
})

test('the lock of the schema is held for as long as its holder changes anything', async (t) => {
  const cluster = new MemoryCluster()
  t.mock.timers.enable({ apis: ['setInterval'] })
  let changes = 0
  const holders = new Set<unknown>()
  cluster.carriedOut = (cql) => {
    if (!/^\s*(CREATE TABLE|ALTER)/.test(cql) || /\.meta/.test(cql)) return
    changes += 1
    // Each takes half of the lock's time.
    cluster.nowMs += 30_000
    t.mock.timers.tick(30_000)
    const [lock] = cluster.rows('meta').filter(({ name }) => name === 'lock')
    holders.add(lock?.value)
  }
  await (await openOn(cluster))[Symbol.asyncDispose]()
  assert.ok(changes > 20)
  assert.ok(!holders.has(undefined))
  assert.deepEqual(
    cluster.rows('meta').filter(({ name }) => name === 'lock'),
    [],
  )
})

test('a process that was not told that it has the lock of the schema finds out, and goes on', async () => {
  const cluster = new MemoryCluster()
  let lost = 0
  cluster.fate = (cql) => (/VALUES \('lock'/.test(cql) && lost++ === 0 ? 'unanswered' : 'fine')
  await (await openOn(cluster))[Symbol.asyncDispose]()
  assert.ok(lost > 1)
})

test('a process that waits for another to change the schema ends when it is told to', async () => {
  const cluster = new MemoryCluster()
  const end = new AbortController()
  cluster.fate = (cql) => {
    if (/VALUES \('lock'/.test(cql)) {
      // Another process is faster, and takes its time.
      cluster.run('INSERT INTO test.meta (name, value) VALUES (?, ?)', ['lock', 'another'])
      end.abort()
    }
    return 'fine'
  }
  await assert.rejects(
    openOn(cluster, { ending: end.signal }),
    /^StoreError: ended while another process changes the schema/,
  )
})

test('a process whose lock of the schema was lost leaves the rest to the one that has it', async (t) => {
  const cluster = new MemoryCluster()
  t.mock.timers.enable({ apis: ['setInterval'] })
  let stolen = false
  cluster.carriedOut = (cql) => {
    if (stolen || !cql.includes('handles')) return
    stolen = true
    cluster.run("UPDATE test.meta SET value = ? WHERE name = 'lock'", ['another'])
    t.mock.timers.tick(30_000)
  }
  await assert.rejects(openOn(cluster), /another process has begun to change the schema/)
})

test('a deletion stays on ScyllaDB until it was repaired, where there are copies and it may never be undone', async () => {
  const altered = async (replication: number): Promise<string[]> => {
    const cluster = new MemoryCluster()
    cluster.isScylla = true
    const statements: string[] = []
    cluster.carriedOut = (cql) => {
      if (/ WITH .*compaction = /.test(cql)) statements.push(cql)
    }
    await (await openOn(cluster, { replication }))[Symbol.asyncDispose]()
    return statements
  }
  const three = await altered(3)
  const until = (what: string) => three.filter((cql) => cql.includes(`tombstone_gc = {'mode': '${what}'}`))
  assert.deepEqual(
    until('timeout')
      .map((cql) => /test\.(\w+)/.exec(cql)?.[1])
      .sort(),
    ['board', 'inbox', 'journal', 'open_questions', 'period_boards', 'period_places', 'standings'],
  )
  assert.equal(until('repair').length + 7, three.length)
  assert.ok(three.every((cql) => cql.includes("{'class': 'IncrementalCompactionStrategy'}")))
  assert.equal(three.filter((cql) => cql.includes("caching = {'enabled': 'false'}")).length, 3)
  // With one copy there is nothing to repair, and ScyllaDB refuses to wait for it.
  assert.ok((await altered(1)).every((cql) => !cql.includes('repair')))
})

test('docs/schema.md lists each table, with its key', async () => {
  const cluster = new MemoryCluster()
  await (await openOn(cluster))[Symbol.asyncDispose]()
  const page = readFileSync(new URL('../../../docs/schema.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^\| `(\w+)` +\| (\(.+?\)) +\|/gm)].map(([, name, key]) => [name, key])
  assert.deepEqual(listed.sort(), [...cluster.primaryKeys()].sort())
})

test('a keyspace is made by servers that take twenty seconds for each change of the schema', async () => {
  const cluster = new MemoryCluster()
  const client = cluster.client()
  const execute = client.execute.bind(client)
  let changes = 0
  client.execute = async (cql, params, options) => {
    if (!/^(CREATE|ALTER) /.test(cql)) return execute(cql, params, options)
    changes += 1
    const { readTimeout = 5_000 } = (options ?? {}) as { readTimeout?: number }
    if (readTimeout < 20_000) throw new errors.OperationTimedOutError(`${cql} takes longer`)
    return execute(cql, params, options)
  }
  await (await openOn(cluster, {}, client))[Symbol.asyncDispose]()
  assert.ok(changes > 20)
})

test('a connection that breaks off while the keyspace is made does not end the process', async () => {
  for (const change of [
    /CREATE KEYSPACE/,
    /CREATE TABLE IF NOT EXISTS \w+\.meta/,
    /ALTER TABLE/,
    /^USE /,
    /^DELETE/,
  ]) {
    for (const fate of ['lost', 'unanswered'] as const) {
      const cluster = change.source === 'ALTER TABLE' ? ofFirstVersion() : new MemoryCluster()
      let broken = 0
      cluster.fate = (cql) => (change.test(cql) && broken++ === 0 ? fate : 'fine')
      await (await openOn(cluster))[Symbol.asyncDispose]()
      assert.ok(broken > 1, `${change} is sent again when it is ${fate}`)
    }
  }
})

test('a new keyspace has at once what all migrations would have made of it', () => {
  for (const server of ['cassandra', 'scylla', 'scylla-single'] as const) {
    const steps = MIGRATIONS.flat().map((each) => (typeof each === 'string' ? each : each[server]))
    const statements = creation(server)
    assert.ok(statements.length < steps.length / 2)
    const [atOnce, inSteps] = [madeBy(statements), madeBy(steps)]
    assert.deepEqual(columnsOf(atOnce), columnsOf(inSteps))
    assert.deepEqual(atOnce.primaryKeys(), inSteps.primaryKeys())
    assert.deepEqual(optionsIn(statements), optionsIn(steps))
  }
})

test('a keyspace that was left half made is finished, also one that an older version began', async () => {
  for (const made of [3, 20]) {
    const cluster = new MemoryCluster()
    let tables = 0
    cluster.carriedOut = (cql) => {
      if (/^CREATE TABLE/.test(cql) && tables++ === made) throw new StoreError('the process dies')
    }
    await assert.rejects(openOn(cluster), /the process dies/)
    cluster.carriedOut = () => {}
    await (await openOn(cluster))[Symbol.asyncDispose]()
  }
  const cluster = ofFirstVersion()
  cluster.run("DELETE FROM test.meta WHERE name = 'version'", [])
  await (await openOn(cluster))[Symbol.asyncDispose]()
})

/** A cluster with a keyspace as the first version made it. */
function ofFirstVersion(): MemoryCluster {
  const cluster = madeBy([
    'CREATE TABLE IF NOT EXISTS test.meta (name text PRIMARY KEY, value text)',
    ...(MIGRATIONS[0] ?? []).filter((each) => typeof each === 'string'),
  ])
  for (const row of [
    ['version', '1'],
    ['shards', '4'],
  ])
    cluster.run('INSERT INTO test.meta (name, value) VALUES (?, ?)', row)
  return cluster
}

function madeBy(statements: readonly string[]): MemoryCluster {
  const cluster = new MemoryCluster()
  for (const statement of statements) cluster.run(statement, [])
  return cluster
}

/** Each column of each table. */
function columnsOf(cluster: MemoryCluster): string[] {
  const { rows } = cluster.run('SELECT * FROM system_schema.columns', [])
  return rows.map(({ table_name, column_name }) => `${table_name}.${column_name}`).sort()
}

/** Each option that `statements` give a table. */
function optionsIn(statements: readonly string[]): string[] {
  return statements
    .flatMap((statement) => {
      const [, table, options] =
        /^(?:CREATE|ALTER) TABLE (?:IF NOT EXISTS )?(\w+) .*?\bWITH (.*)$/s.exec(statement) ?? []
      return options === undefined ? [] : options.split(' AND ').map((option) => `${table}: ${option}`)
    })
    .sort()
}
