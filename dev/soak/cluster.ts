// Workers on a real Cassandra that are killed, ended, paused and started by a seed, and SQLite beside them.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { happenings, soakCluster } from '../../test/cassandra/soak.ts'
import { Cluster } from '../cassandra/cluster.ts'

export type SoakOnCassandraOptions = { minutes: number; seed: number; say: (line: string) => void }

/** Of each round, and events a second. */
const POINTS = 30
const RATE = 100

/**
 * Goes on in rounds of thirty points, each with a seed and a keyspace of its own, until the time is over.
 * @returns whether both ledgers held the same after each
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
