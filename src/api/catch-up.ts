import { InvalidCursorError } from '../store/store.ts'
import type { HeavyReads } from './heavy-reads.ts'
import type { Listener } from './listener.ts'
import type { RecentEvents, SentEvent } from './recent-events.ts'
import type { SharedPages } from './shared-pages.ts'
import type { ShownPeople } from './shown-people.ts'

/** Cached events sent at a time. */
const PAGE = 200
/** Pages that one client is sent from the ledger: 10,000 events. Clients that missed more read `/v1/events`. */
const MAX_PAGES = 50
/** A page of the ledger counts as this many requests, as in `/v1/events`. */
const PAGE_COST = 2

export type CatchUpOptions = {
  pages: SharedPages
  recent: RecentEvents
  shown: ShownPeople
  heavy: HeavyReads
  signal: AbortSignal
}

/** Why a listener cannot be sent everything that it missed. */
export type Missed =
  | 'the position is not one of this ledger'
  | 'too much has happened since'
  | 'the rate limit is used up'

/**
 * Sends `listener` the events that it missed, page by page, up to the newest in `recent`.
 * @returns why some were left out; `undefined` if none were
 */
export async function catchUp(listener: Listener, options: CatchUpOptions): Promise<Missed | undefined> {
  const { pages, recent, shown, heavy, signal } = options
  for (let read = 0; listener.behind !== undefined && !listener.response.destroyed; ) {
    await listener.drained(signal)
    const position: string = listener.behind
    const cached = recent.after(position, PAGE)
    if (cached?.length === 0) {
      // No await until here, so no event is missed: from now on Broadcast sends it new ones.
      listener.behind = undefined
      return undefined
    }
    if (cached !== undefined) {
      const mayBeSeen = await heavy.run(() => shown.among(cached.map(({ did }) => did)))
      listener.behind = cached.at(-1)?.position
      if (!listener.write(textFor(listener, cached, mayBeSeen))) return undefined
      continue
    }
    if (read >= MAX_PAGES) return 'too much has happened since'
    read += 1
    if (!listener.charge(PAGE_COST)) return 'the rate limit is used up'
    try {
      const batch = await heavy.run(async () => pages.cached(position) ?? (await pages.read(position)))
      if (batch.missed) return 'too much has happened since'
      const mayBeSeen = await shown.among(batch.events.map(({ did }) => did))
      if (!listener.write(textFor(listener, batch.events, mayBeSeen))) return undefined
      listener.behind = batch.position
      // Up to date with the ledger; `recent` may not have its end yet, so the next poll goes on.
      if (batch.events.length === 0 && batch.position === position) return undefined
    } catch (error) {
      if (error instanceof InvalidCursorError) return 'the position is not one of this ledger'
      throw error
    }
  }
  return undefined
}

function textFor(
  listener: Listener,
  events: readonly SentEvent[],
  mayBeSeen: (did: SentEvent['did']) => boolean,
): string {
  return events
    .filter((event) => listener.wants(event) && mayBeSeen(event.did))
    .map(({ text }) => text)
    .join('')
}
