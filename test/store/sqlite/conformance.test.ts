import { test } from 'node:test'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { storeConformance } from '../../conformance/index.ts'
import { folder } from '../../e2e/harness.ts'

storeConformance({
  test,
  name: 'sqlite',
  place: async () => {
    const here = folder()
    return {
      open: async () => openSqlite({ path: here.path('ledger.db'), reserve: 0 }),
      [Symbol.asyncDispose]: async () => here[Symbol.dispose](),
    }
  },
})
