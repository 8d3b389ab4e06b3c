import type { Did, Nsid } from '@atcute/lexicons/syntax'
import { uriOf } from '../atproto/uri.ts'
import type { LedgerEvent } from '../game/state.ts'
import { iso } from '../game/time.ts'
import type { Page, Reader } from '../store/store.ts'

/** Older entries in which a look-up searches at most, and how many it reads at a time. */
const MAX_SEARCHED = 300
const AT_ONCE = 100

/**
 * When the records that the entries of `page` take back had been earned, as ISO times by URI. Searches the page itself and a bounded
 * number of entries after it; what is older stays unknown.
 * @param type the collection that the page is limited to
 */
export async function earnedBefore(
  reader: Pick<Reader, 'events'>,
  did: Did,
  page: Page<LedgerEvent>,
  type: Nsid | undefined,
): Promise<Map<string, string>> {
  const open = new Set<string>()
  const earned = new Map<string, string>()
  // Newest first: what a record earned stands after its loss.
  const search = (events: readonly LedgerEvent[]): void => {
    for (const event of events) {
      const uri = uriOf(event)
      if (isTakenBack(event)) open.add(uri)
      else if (event.cause === 'create' && open.delete(uri)) earned.set(uri, iso(event.at))
    }
  }
  search(page.items)
  let { cursor } = page
  for (let read = 0; open.size > 0 && cursor !== undefined && read < MAX_SEARCHED; read += AT_ONCE) {
    const older: Page<LedgerEvent> | undefined = await reader.events(did, { type, cursor, limit: AT_ONCE })
    // What they take back is not of this page.
    search((older?.items ?? []).filter((event) => !isTakenBack(event)))
    cursor = older?.cursor
  }
  return earned
}

function isTakenBack({ cause, delta }: LedgerEvent): boolean {
  return (cause === 'delete' || cause === 'sync') && delta < 0
}
