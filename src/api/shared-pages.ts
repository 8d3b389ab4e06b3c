import type { Reader, RecentEvent } from '../store/store.ts'
import type { SentEvent } from './recent-events.ts'

/** What comes after a place, and where to read on; nothing where that is `missed`, since it is not kept any more. */
export type SharedPage = { events: readonly SentEvent[]; position: string; missed: boolean }

/** Events in one page: some milliseconds of this thread. */
const PAGE = 200
/** Pages held: twice as many as one client is sent of the ledger itself; some ten megabytes. */
const MAX_CACHED = 100

/**
 * Pages of the ledger that are read for clients who were away. Many of them want the same: what comes after a place does not
 * change, so a page that was read for one is another's as well, wherever the two began.
 */
export class SharedPages {
  readonly #reader: Pick<Reader, 'recent'>
  readonly #present: (event: RecentEvent) => SentEvent
  /** By the place that they come after, oldest first. */
  readonly #pages = new Map<string, SharedPage>()

  constructor(reader: Pick<Reader, 'recent'>, present: (event: RecentEvent) => SentEvent) {
    this.#reader = reader
    this.#present = present
  }

  /** The page after `position`, where it is held. */
  held(position: string): SharedPage | undefined {
    return this.#pages.get(position)
  }

  /**
   * Reads the page after `position`.
   * @throws {InvalidCursorError}
   */
  async read(position: string): Promise<SharedPage> {
    const recent = await this.#reader.recent(position, PAGE)
    const read = { ...recent, events: recent.events.map(this.#present) }
    const page = this.#upToHeld(read)
    // Pieces that lead to a page that is held are not: every place where anybody began would make the pages shorter.
    if (page !== read || page.missed || page.position === position) return page
    this.#pages.set(position, page)
    const [oldest] = this.#pages.keys()
    if (this.#pages.size > MAX_CACHED && oldest !== undefined) this.#pages.delete(oldest)
    return page
  }

  clear(): void {
    this.#pages.clear()
  }

  /** Ends where a page that is held begins, so that those who began between two places go on with the same pages. */
  #upToHeld(page: SharedPage): SharedPage {
    const meets = page.events.findIndex(({ position }) => this.#pages.has(position))
    if (meets === -1) return page
    const events = page.events.slice(0, meets + 1)
    return { events, position: events.at(-1)?.position ?? page.position, missed: false }
  }
}
