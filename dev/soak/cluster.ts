// The soak on a cluster: a seed decides when workers on a real Cassandra are killed, ended, paused and started, and SQLite
// follows the same stream for comparison.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { happenings, soakCluster } from '../../test/cassandra/soak.ts'
import { Cluster } from '../cassandra/cluster.ts'

export type SoakOnCassandraOptions = { minutes: number; seed: number; say: (line: string) => void }

/** Moments in each round at which something goes wrong. */
const POINTS = 30
/** Events a second. */
const RATE = 100

/**
 * Runs rounds of thirty points, each with a seed and a keyspace of its own, until `minutes` are over.
 * @returns whether both ledgers were the same after each round
 */
export async function soakOnCassandra({ minutes, seed, say }: SoakOnCassandraOptions): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-soak-'))
  let wrong = 0
  try {
    await using cluster = await Cluster.start({ nodes: 1, folder })
    const end = performance.now() + minutes * 60_000
    for (let round = seed; performance.now() < end; round++) {
      say(`round with seed ${round}`)
      const result = await soakCluster({
        cluster,
        seed: round,
        points: happenings(round, POINTS),
        rate: RATE,
        say,
      })
      const { records, missing, surplus, findings, examples } = result
      say(`${records} records, missing: ${missing}, surplus: ${surplus}, findings: ${findings}`)
      for (const example of examples) say(example)
      wrong += missing + surplus + findings
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return wrong === 0
}
