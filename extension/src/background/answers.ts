// Answers what pages ask, by the server that the person has chosen.
import { browser } from 'wxt/browser'
import { type CacheEntry, CharacterCache } from '../client/character-cache.ts'
import { Lookups } from '../client/lookups.ts'
import { Pace } from '../client/pace.ts'
import { Server } from '../client/server.ts'
import type { Message } from '../messages.ts'
import { readSettings } from '../settings.ts'

/** Where the cache survives the background, which browsers end after half a minute: in memory, never on the disk. */
const KEY = 'characters'
const STORE_AFTER_MS = 1_000
/** No server is chosen yet; the question may come again. */
const NONE = { kind: 'failed', why: 'no server is chosen' } as const
const LATER_MS = 60_000

type Service = { server: Server; lookups: Lookups }

export class Answers {
  #service: { address: string; made: Promise<Service> } | undefined

  async answer(message: Message): Promise<unknown> {
    if (message.kind === 'openSettings') {
      await browser.runtime.openOptionsPage()
      return null
    }
    const { server: address } = await readSettings()
    if (address === '') {
      if (message.kind !== 'characters') return NONE
      return message.actors.map(() => ({ kind: 'later', retryMs: LATER_MS }))
    }
    const { server, lookups } = await this.#serviceAt(address)
    switch (message.kind) {
      case 'characters':
        return lookups.find(message.actors)
      case 'insights':
        return server.insights(message.actor)
      case 'events':
        return server.events(message.actor, {
          type: message.type ?? undefined,
          cursor: message.cursor ?? undefined,
        })
      case 'rules':
        return server.rules()
      case 'levelUps':
        return server.levelUps()
    }
  }

  #serviceAt(address: string): Promise<Service> {
    if (this.#service?.address !== address) this.#service = { address, made: serve(address) }
    return this.#service.made
  }
}

async function serve(address: string): Promise<Service> {
  const server = new Server(address, { fetch: (url, init) => fetch(url, init) })
  const cache = new CharacterCache(await stored(address))
  let due = false
  const changed = (): void => {
    if (due) return
    due = true
    setTimeout(() => {
      due = false
      // A full storage only costs questions.
      void browser.storage.session.set({ [KEY]: { address, entries: cache.entries() } }).catch(() => {})
    }, STORE_AFTER_MS)
  }
  return {
    server,
    lookups: new Lookups({
      ask: (names, sending) => server.characters(names, sending),
      ...{ cache, pace: new Pace(), changed },
    }),
  }
}

/** What was cached of this server; this module wrote it, in this session of the browser. */
async function stored(address: string): Promise<readonly CacheEntry[]> {
  const { [KEY]: kept } = await browser.storage.session.get(KEY)
  const { address: of, entries } = (kept ?? {}) as { address?: string; entries?: readonly CacheEntry[] }
  return of === address && Array.isArray(entries) ? entries : []
}
