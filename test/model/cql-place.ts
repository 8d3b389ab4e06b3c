import { MemoryCluster } from '../store/cql/memory-cluster.ts'
import { openOn } from '../store/cql/memory-store.ts'
import type { Place } from './play.ts'

/** An empty ledger on a cluster in memory, read in small pages. */
export async function cqlPlace(): Promise<Place & AsyncDisposable> {
  const cluster = new MemoryCluster()
  const begun = cluster.nowMs - performance.now()
  // The servers' clock goes on, as this process' does.
  cluster.carriedOut = () => {
    cluster.nowMs = begun + performance.now()
  }
  return {
    readsLater: true,
    open: () => openOn(cluster, { pageRows: 2 }),
    [Symbol.asyncDispose]: async () => {},
  }
}
