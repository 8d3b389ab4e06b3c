import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Cluster } from '../../dev/cassandra/cluster.ts'
import type { Did } from '../../src/atproto/event.ts'
import { Ledger } from '../../src/ingest/ledger.ts'
import { cursorOf, like } from '../conformance/operations.ts'
import { game } from '../game/arbitrary.ts'
import type { Places } from './places.ts'

const NODES = [1, 2, 3]
/** The number of people, and of those among them who are active in each batch. */
const PEOPLE = 2_000
const BATCH = 200
/** How long each node hangs. After a longer time the other nodes notice it, which is the easier case. */
const HANGS_MS = 8_000
const WARM_MS = 3_000
/** The most that a commit may take. */
const MAX_COMMIT_MS = 1_500
/** Where a commit took a third of that with all nodes, the machine is too busy to tell. */
const BUSY_MS = 500
/** How often to look, before each node hangs, whether the machine is free enough. */
const MAX_LOOKS = 3

/** Registers the test: commits go on whichever of three nodes hangs, and the first ones after it are not slow either. */
export function testHungNode(cluster: Cluster, places: Places): void {
  test('no commit takes longer than a second and a half while a node hangs', async (t) => {
    await using here = await places.place()
    await using store = await here.open()
    await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
    const ledger = new Ledger({ game, writer, folded: () => {} })
    let n = 0
    const commit = async (): Promise<number> => {
      const batch = Array.from({ length: BATCH }, () => like(somebody(++n), n))
      const began = performance.now()
      await ledger.fold(batch, cursorOf(n))
      return performance.now() - began
    }
    const commits = async (ms: number): Promise<number[]> => {
      const took: number[] = []
      for (const end = performance.now() + ms; performance.now() < end; ) took.push(await commit())
      return took
    }
    // Each statement is prepared when it is first used: also those by which a lease is renewed while nothing happens.
    await commits(WARM_MS)
    for (const end = performance.now() + WARM_MS; performance.now() < end; ) {
      await ledger.fold([], cursorOf(++n))
      await turn()
    }
    /** Whether no commit is slow with all nodes, by the last of `MAX_LOOKS` looks at the latest. */
    const isFree = async (): Promise<boolean> => {
      for (let look = 0; look < MAX_LOOKS; look++) {
        const took = await commits(WARM_MS)
        t.diagnostic(`all nodes: ${described(took)}`)
        if (Math.max(...took) <= BUSY_MS) return true
      }
      return false
    }
    for (const node of NODES) {
      if (!(await isFree())) {
        t.skip(`machine too busy: with all nodes, commits took longer than ${BUSY_MS} ms ${MAX_LOOKS} times`)
        return
      }
      cluster.pause(node)
      try {
        const took = await commits(HANGS_MS)
        t.diagnostic(`node ${node} hangs: ${described(took)}`)
        assert.ok(Math.max(...took) <= MAX_COMMIT_MS, `a commit took longer than ${MAX_COMMIT_MS} ms`)
      } finally {
        cluster.resume(node)
      }
    }
  })
}

function described(took: readonly number[]): string {
  const sorted = [...took].sort((a, b) => a - b)
  const median = Math.round(sorted[sorted.length >> 1] ?? 0)
  return `${took.length} commits, median ${median} ms, longest ${Math.round(sorted.at(-1) ?? 0)} ms, the first ${took.slice(0, 6).map(Math.round).join(', ')}`
}

/** The person who acts in event number `n`. */
function somebody(n: number): Did {
  return `did:plc:${((n * 7_919) % PEOPLE)
    .toString(32)
    .padStart(24, 'a')
    .replace(/[0189]/g, 'z')}`
}
