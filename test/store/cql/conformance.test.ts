import { test } from 'node:test'
import { storeConformance } from '../../conformance/index.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

storeConformance({
  test,
  name: 'cql in memory',
  place: async () => {
    const cluster = new MemoryCluster()
    return { open: () => openOn(cluster, { pageRows: 2 }), [Symbol.asyncDispose]: async () => {} }
  },
})
