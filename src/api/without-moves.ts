import type { Reader, RecentEvent } from '../store/store.ts'

/** Pages read in one call at most. A move of everybody to other rules enters some ten thousand entries a second. */
const MAX_PAGES = 40

/**
 * `recent` without the entries of moves and recomputes: they are no news, and would be more than all news together. Pages of the
 * ledger and exports have them.
 */
export function withoutMoves<R extends Pick<Reader, 'recent'>>(
  reader: R,
): Omit<R, 'recent'> & Pick<Reader, 'recent'> {
  return {
    ...reader,
    recent: async (after, limit) => {
      const events: RecentEvent[] = []
      let position = after
      for (let page = 0; ; page++) {
        const read = await reader.recent(position, limit)
        if (after === undefined || read.missed) return read
        for (const event of read.events) {
          if (event.cause === 'recompute') continue
          events.push(event)
          if (events.length === limit) return { events, position: event.position, missed: false, more: true }
        }
        position = read.position
        if (!read.more || page === MAX_PAGES) return { ...read, events }
      }
    },
  }
}
