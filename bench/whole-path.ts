import type { StreamEvent } from '../src/atproto/event.ts'
import type { Game } from '../src/game/game.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { Ledger } from '../src/ingest/ledger.ts'
import { silentObserver, subscribe } from '../src/jetstream/subscribe.ts'
import type { Store } from '../src/store/store.ts'
import { startFeed } from './feed.ts'

/** The number of events `seen` so far, of `all`; `batch` is the newest of them. */
export type Progress = { batch: readonly StreamEvent[]; seen: number; all: number }

/**
 * Starts a feeder that sends `events` events of `actors` people, and folds them from its socket into `store` as ingest does.
 * @returns the number of events, and the times in milliseconds when the first had arrived and the last was committed
 */
export async function foldFeed(
  store: Store,
  { events, actors }: { events: number; actors: number },
  folded: (progress: Progress) => void,
): Promise<{ seen: number; began: number; ended: number }> {
  await using feed = await startFeed({ events, actors, kinds: ['v1'] })
  const rules = rulebook(NO_CHANGES)
  const game: Game = {
    rules,
    former: undefined,
    followed: new Set(rules.collections),
    baseline: 'off',
    appview: 'none',
  }
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
