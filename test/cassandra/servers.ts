// Gives tests a cluster: the one that CQL_CONTACT_POINTS names, or a real Cassandra that it starts. If neither is possible, the
// tests are reported as skipped; in CI they fail.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Cluster, type ClusterOptions } from '../../dev/cassandra/cluster.ts'
import { missing } from '../../dev/cassandra/jars.ts'
import type { Where } from './places.ts'

/** Calls `register` with a cluster that runs until all its tests have ended. */
export async function withServers(nodes: 1 | 3, register: (cluster: Where) => void): Promise<void> {
  const given = process.env.CQL_CONTACT_POINTS
  if (given !== undefined) {
    register({
      contactPoints: given.split(','),
      localDataCenter: process.env.CQL_DATA_CENTER ?? 'datacenter1',
    })
    return
  }
  await withCassandra(nodes, register)
}

/** The same with nodes that tests may kill and stop, and that may require a password. */
export async function withCassandra(
  nodes: 1 | 3,
  register: (cluster: Cluster) => void,
  options: Pick<ClusterOptions, 'password' | 'tls' | 'hints'> = {},
): Promise<void> {
  const why = await missing()
  if (why !== undefined) {
    if (process.env.CI !== undefined) throw new Error(`the store for clusters cannot be tested here: ${why}`)
    test('the store for clusters', { skip: why }, () => {})
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-cassandra-'))
  const cluster = await Cluster.start({ nodes, folder, ...options })
  register(cluster)
  after(async () => {
    await cluster[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
}
