// What the background needs of one server: its answers about people, and what of them survives the background's end.
import { type CacheEntry, CharacterCache } from '../client/character-cache.ts'
import { Lookups } from '../client/lookups.ts'
import { Pace, type PaceState } from '../client/pace.ts'
import type { RequestOptions } from '../client/request.ts'
import { Server } from '../client/server.ts'

/** Where it survives the background, which browsers end after half a minute: in memory, never on the disk. */
export type SessionArea = {
  get(key: string): Promise<Record<string, unknown>>
  set(items: Record<string, unknown>): Promise<void>
}

export type Service = { server: Server; lookups: Lookups }

type Kept = { address: string; entries: readonly CacheEntry[]; pace: PaceState }

const KEY = 'server'
const STORE_AFTER_MS = 1_000

/** The server in use: one at a time. */
export class Services {
  readonly #area: SessionArea
  readonly #fetch: RequestOptions['fetch']
  #current: { address: string; made: Promise<Service> } | undefined
  /** Services that were made. */
  #count = 0

  constructor(area: SessionArea, fetch: RequestOptions['fetch']) {
    this.#area = area
    this.#fetch = fetch
  }

  /** @param address an origin, as `serverAddress` returns it */
  async at(address: string): Promise<Service> {
    if (this.#current?.address !== address) this.#current = { address, made: this.#make(address) }
    const current = this.#current
    try {
      return await current.made
    } catch (error) {
      // The next question tries again.
      if (this.#current === current) this.#current = undefined
      throw error
    }
  }

  async #make(address: string): Promise<Service> {
    const number = ++this.#count
    const server = new Server(address, { fetch: this.#fetch })
    const kept = await this.#kept(address)
    const cache = new CharacterCache(kept?.entries)
    const pace = new Pace(kept?.pace, Date.now())
    let due = false
    const changed = (): void => {
      if (due) return
      due = true
      setTimeout(() => {
        due = false
        // An answer of a server that is not used any more has come late.
        if (number !== this.#count) return
        const now: Kept = { address, entries: cache.entries(), pace: pace.state }
        // A full storage only costs questions.
        void this.#area.set({ [KEY]: now }).catch(() => {})
      }, STORE_AFTER_MS)
    }
    const ask = (names: readonly string[], sending: () => void) => server.characters(names, sending)
    return { server, lookups: new Lookups({ ask, cache, pace, changed }) }
  }

  /** What was kept of the server at `address`; this class wrote it, in this session of the browser. */
  async #kept(address: string): Promise<Kept | undefined> {
    const { [KEY]: kept } = await this.#area.get(KEY)
    return isKept(kept) && kept.address === address ? kept : undefined
  }
}

function isKept(value: unknown): value is Kept {
  return (
    typeof value === 'object' && value !== null && 'address' in value && 'entries' in value && 'pace' in value
  )
}
