import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryCluster } from '../store/cql/memory-cluster.ts'
import { openOn } from '../store/cql/memory-store.ts'
import { KEPT_COURSES, showsWhatTheModelHas } from './property.ts'

test('whatever happens, in whatever order, a ledger on a cluster shows what the naive model has', async () => {
  const place = async () => {
    const cluster = new MemoryCluster()
    return {
      readsLater: true,
      open: () => openOn(cluster, { pageRows: 2 }),
      [Symbol.asyncDispose]: async () => {},
    }
  }
  await fc.assert(showsWhatTheModelHas(place), { numRuns: 20, examples: KEPT_COURSES })
})
