import type { Game } from '../game/game.ts'
import { fulfilWishes } from '../ingest/chores.ts'
import { Ledger } from '../ingest/ledger.ts'
import { openingGame } from '../ingest/rules-in-force.ts'
import { type Store, StoreBusyError } from '../store/store.ts'

/**
 * Fulfils the wishes in the inbox, unless an ingest is running, which does so within seconds.
 * @returns whether they were fulfilled here
 */
export async function fulfil(store: Store, game: Game): Promise<boolean> {
  try {
    const opening = await openingGame(store, game)
    const { fingerprint } = opening.rules
    await using writer = await store.write({ fingerprint, purpose: 'keep' })
    await fulfilWishes(new Ledger({ game: opening, writer, folded: () => {} }))
    return true
  } catch (error) {
    if (!(error instanceof StoreBusyError)) throw error
    return false
  }
}
