import { InvalidCursorError, type Reader, type RecentEvent } from '../store/store.ts'
import type { HeavyReads } from './heavy-reads.ts'
import type { Listener } from './listener.ts'
import type { RecentEvents } from './recent-events.ts'
import type { ShownPeople } from './shown-people.ts'

/** Events read at a time: some milliseconds of this thread. */
const PAGE = 200
/** How far back the ledger itself is read for one client; whoever missed more reads `/v1/events`. */
const MAX_READ = 10_000

export type CatchUpOptions = {
  reader: Reader
  recent: RecentEvents
  shown: ShownPeople
  heavy: HeavyReads
  /** Those of `events` that the listener wants, as they are sent. */
  text: (events: readonly RecentEvent[]) => string
  signal: AbortSignal
}

/** Why a listener cannot be sent all that it missed. */
export type Missed = 'the position is not one of this ledger' | 'too much has happened since'

/**
 * Sends `listener` what it has missed, page by page, until it has seen all that is held in `recent`.
 * @returns why something was left out; `undefined` where nothing was
 */
export async function catchUp(listener: Listener, options: CatchUpOptions): Promise<Missed | undefined> {
  const { reader, recent, shown, heavy, text, signal } = options
  let read = 0
  while (listener.behind !== undefined && !listener.response.destroyed) {
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
      const sent = held.filter(({ did }) => mayBeSeen(did))
      listener.behind = held.at(-1)?.position
      if (!listener.write(text(sent))) return undefined
      continue
    }
    if (read >= MAX_READ) return 'too much has happened since'
    try {
      const batch = await heavy.run(() => reader.recent(position, PAGE))
      if (batch.missed) return 'too much has happened since'
      const mayBeSeen = await shown.among(batch.events.map(({ did }) => did))
      if (!listener.write(text(batch.events.filter(({ did }) => mayBeSeen(did))))) return undefined
      listener.behind = batch.position
      read += PAGE
      // Up to date with the ledger, of which `recent` may not hold the end yet.
      if (batch.events.length === 0 && batch.position === position) return undefined
    } catch (error) {
      if (error instanceof InvalidCursorError) return 'the position is not one of this ledger'
      throw error
    }
  }
  return undefined
}
