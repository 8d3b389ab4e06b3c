import { storeConformance } from '../../conformance/suite.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

storeConformance({
  name: 'cql in memory',
  place: async () => {
    const cluster = new MemoryCluster()
    return { open: () => openOn(cluster, { pageRows: 2 }), [Symbol.asyncDispose]: async () => {} }
  },
})
