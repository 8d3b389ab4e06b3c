import type { Reader, RecentEvent } from '../store/store.ts'
import type { SentEvent } from './recent-events.ts'

/** The events after a position, and where to read on; none if `missed`, when they are no longer stored. */
export type SharedPage = { events: readonly SentEvent[]; position: string; missed: boolean }

/** Events in one page: some milliseconds to read. */
const PAGE = 200
/** Twice as many pages as one client is sent from the ledger; some 10 MB. */
const MAX_CACHED = 100

/**
 * Caches pages of the ledger for clients that reconnect. The events after a position never change, so clients share pages,
 * even if they began at different positions.
 */
export class SharedPages {
  readonly #reader: Pick<Reader, 'recent'>
  readonly #present: (event: RecentEvent) => SentEvent
  /** By the position before their first event, oldest first. */
  readonly #pages = new Map<string, SharedPage>()

  constructor(reader: Pick<Reader, 'recent'>, present: (event: RecentEvent) => SentEvent) {
    this.#reader = reader
    this.#present = present
  }

  /** The page after `position`, if it is cached. */
  cached(position: string): SharedPage | undefined {
    return this.#pages.get(position)
  }

  /**
   * Reads the page after `position`.
   * @throws {InvalidCursorError}
   */
  async read(position: string): Promise<SharedPage> {
    const recent = await this.#reader.recent(position, PAGE)
    const read = { ...recent, events: recent.events.map(this.#present) }
    const page = this.#upToCached(read)
    // A page cut short by a cached one is not cached: else every position where a client began would split pages further.
    if (page !== read || page.missed || page.position === position) return page
    this.#pages.set(position, page)
    const [oldest] = this.#pages.keys()
    if (this.#pages.size > MAX_CACHED && oldest !== undefined) this.#pages.delete(oldest)
    return page
  }

  clear(): void {
    this.#pages.clear()
  }

  /** Cuts `page` where a cached page begins, so that a client that began between two pages goes on with shared ones. */
  #upToCached(page: SharedPage): SharedPage {
    const meets = page.events.findIndex(({ position }) => this.#pages.has(position))
    if (meets === -1) return page
    const events = page.events.slice(0, meets + 1)
    return { events, position: events.at(-1)?.position ?? page.position, missed: false }
  }
}
