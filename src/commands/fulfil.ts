import type { Game } from '../game/game.ts'
import { fulfilWishes } from '../ingest/chores.ts'
import { Ledger } from '../ingest/ledger.ts'
import { type Store, StoreBusyError } from '../store/store.ts'

/**
 * Does what was left in the inbox, unless an ingest is running, which sees to it within seconds.
 * @returns whether it was done here
 */
export async function fulfil(store: Store, game: Game): Promise<boolean> {
  try {
    await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
    await fulfilWishes(new Ledger({ game, writer, folded: () => {} }))
    return true
  } catch (error) {
    if (!(error instanceof StoreBusyError)) throw error
    return false
  }
}
