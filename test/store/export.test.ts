import { test } from 'node:test'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Place } from '../conformance/check.ts'
import { copyChecks } from '../conformance/copies.ts'
import { folder } from '../e2e/harness.ts'
import { MemoryCluster } from './cql/memory-cluster.ts'
import { openOn } from './cql/memory-store.ts'

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  'a file': async () => {
    const here = folder()
    return {
      open: async () => openSqlite({ path: here.path('ledger.db'), reserve: 0 }),
      [Symbol.asyncDispose]: async () => here[Symbol.dispose](),
    }
  },
  'a cluster': async () => {
    const cluster = new MemoryCluster()
    return { open: () => openOn(cluster, { pageRows: 2 }), [Symbol.asyncDispose]: async () => {} }
  },
}

for (const [from, source] of Object.entries(PLACES)) {
  for (const [to, target] of Object.entries(PLACES)) {
    for (const { title, run } of copyChecks)
      test(`from ${from} to ${to}: ${title}`, () => run(source, target))
  }
}
