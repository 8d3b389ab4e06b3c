import { InvalidCursorError } from '../store/store.ts'
import type { HeavyReads } from './heavy-reads.ts'
import type { Listener } from './listener.ts'
import type { RecentEvents, SentEvent } from './recent-events.ts'
import type { SharedPages } from './shared-pages.ts'
import type { ShownPeople } from './shown-people.ts'

/** Events of those that are held that are sent at a time. */
const PAGE = 200
/** Pages of the ledger itself that one client is sent: 10,000 events. Whoever missed more reads `/v1/events`. */
const MAX_PAGES = 50
/** Requests that a page of the ledger counts for, as in `/v1/events`. */
const PAGE_COST = 2

export type CatchUpOptions = {
  pages: SharedPages
  recent: RecentEvents
  shown: ShownPeople
  heavy: HeavyReads
  signal: AbortSignal
}

/** Why a listener cannot be sent all that it missed. */
export type Missed =
  | 'the position is not one of this ledger'
  | 'too much has happened since'
  | 'the rate limit is used up'

/**
 * Sends `listener` what it has missed, page by page, until it has seen all that is held in `recent`.
 * @returns why something was left out; `undefined` where nothing was
 */
export async function catchUp(listener: Listener, options: CatchUpOptions): Promise<Missed | undefined> {
  const { pages, recent, shown, heavy, signal } = options
  for (let read = 0; listener.behind !== undefined && !listener.response.destroyed; ) {
    await listener.drained(signal)
    const position: string = listener.behind
    const held = recent.after(position, PAGE)
    if (held?.length === 0) {
      // Nothing can come between: what is added from now on is sent to all who are not behind.
      listener.behind = undefined
      return undefined
    }
    if (held !== undefined) {
      const mayBeSeen = await heavy.run(() => shown.among(held.map(({ did }) => did)))
      listener.behind = held.at(-1)?.position
      if (!listener.write(textFor(listener, held, mayBeSeen))) return undefined
      continue
    }
    if (read >= MAX_PAGES) return 'too much has happened since'
    read += 1
    if (!listener.charge(PAGE_COST)) return 'the rate limit is used up'
    try {
      const batch = await heavy.run(async () => pages.held(position) ?? (await pages.read(position)))
      if (batch.missed) return 'too much has happened since'
      const mayBeSeen = await shown.among(batch.events.map(({ did }) => did))
      if (!listener.write(textFor(listener, batch.events, mayBeSeen))) return undefined
      listener.behind = batch.position
      // Up to date with the ledger, of which `recent` may not hold the end yet.
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
