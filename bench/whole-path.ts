import type { StreamEvent } from '../src/atproto/event.ts'
import type { Game } from '../src/game/game.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { Ledger } from '../src/ingest/ledger.ts'
import { silentObserver, subscribe } from '../src/jetstream/subscribe.ts'
import type { Store } from '../src/store/store.ts'
import { startFeed } from './feed.ts'

/** What has come by now of `all` events, the last of them in `batch`. */
export type Progress = { batch: readonly StreamEvent[]; seen: number; all: number }

/**
 * Has a feeder send so many events of so many people, and folds them from the socket on into `store`, as ingest does.
 * @returns how many came, and the times in milliseconds at which the first was there and the last was durable
 */
export async function foldFeed(
  store: Store,
  { events, actors }: { events: number; actors: number },
  folded: (progress: Progress) => void,
): Promise<{ seen: number; began: number; ended: number }> {
  await using feed = await startFeed({ events, actors, kinds: ['v1'] })
  const rules = rulebook(NO_CHANGES)
  const game: Game = { rules, followed: new Set(rules.collections), baseline: 'off', appview: 'none' }
  await using writer = await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
  const ledger = new Ledger({ game, writer, folded: () => {} })
  const stream = subscribe({
    hosts: [`${feed.url}/subscribe`],
    cursor: undefined,
    collections: [],
    dids: undefined,
    compression: 'off',
    userDictionary: undefined,
    observer: silentObserver,
    signal: new AbortController().signal,
  })
  let seen = 0
  let began = 0
  for await (const { events: batch, cursor } of stream) {
    if (began === 0) began = performance.now()
    await ledger.fold(batch, cursor)
    seen += batch.length
    folded({ batch, seen, all: feed.events })
    if (seen >= feed.events) break
  }
  return { seen, began, ended: performance.now() }
}
