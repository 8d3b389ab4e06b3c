import { openSqlite } from '../../src/store/sqlite/open.ts'
import { folder } from '../e2e/harness.ts'
import type { Place } from './play.ts'

/** An empty ledger in a file of its own, deleted with the place. */
export async function sqlitePlace(): Promise<Place & AsyncDisposable> {
  const here = folder()
  return {
    readsLater: false,
    open: async () => openSqlite({ path: here.path('ledger.db'), reserve: 0 }),
    [Symbol.asyncDispose]: async () => here[Symbol.dispose](),
  }
}
