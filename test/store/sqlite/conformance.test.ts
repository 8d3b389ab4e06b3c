import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { storeConformance } from '../../conformance/suite.ts'
import { folder } from '../../e2e/harness.ts'

storeConformance({
  name: 'sqlite',
  place: async () => {
    const here = folder()
    return {
      open: async () => openSqlite({ path: here.path('ledger.db'), reserve: 0 }),
      [Symbol.asyncDispose]: async () => here[Symbol.dispose](),
    }
  },
})
