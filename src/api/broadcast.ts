import type { ServerResponse } from 'node:http'
import type { Did } from '@atcute/lexicons/syntax'
import type { LedgerEvent } from '../game/state.ts'
import { InvalidCursorError, type Reader } from '../store/store.ts'

export type BroadcastOptions = {
  reader: Reader
  /** An event as the API says it; `leveling` tells level-ups apart. */
  present: (event: LedgerEvent) => { leveling: { levelsGained: number } }
  onError: (error: unknown) => void
  pollMs?: number
  keepAliveMs?: number
}

type Client = { response: ServerResponse; dids: ReadonlySet<Did> | undefined }

/** Events looked at in one poll; more than that at once are too many to follow anyway. */
const MOST_AT_ONCE = 2_000
/** Whoever has that much waiting, in bytes, does not listen. */
const MOST_WAITING = 256 * 1024
/** How far back a client that was away is brought up to date. */
const MOST_CAUGHT_UP = 500

/** One look at the ledger's newest for all who listen, and none while nobody does. */
export class Broadcast {
  readonly #options: BroadcastOptions
  readonly #clients = new Set<Client>()
  #position: string | undefined
  #timer: NodeJS.Timeout | undefined
  #quietMs = 0
  #closed = false

  constructor(options: BroadcastOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#clients.size
  }

  /** Sends to `response` what concerns `dids`, or everybody, until it closes; from the event named `last` on, if it is not long gone. */
  add(response: ServerResponse, dids: ReadonlySet<Did> | undefined, last: string | undefined): void {
    const client = { response, dids }
    this.#clients.add(client)
    response.on('close', () => this.#clients.delete(client))
    if (last !== undefined)
      this.#catchUp(client, last).catch((error: unknown) => {
        // A place that this ledger never gave out: the client begins with what comes next.
        if (!(error instanceof InvalidCursorError)) this.#options.onError(error)
      })
    this.#timer ??= setTimeout(() => this.#poll(), 0)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const { response } of this.#clients) response.end()
    this.#clients.clear()
  }

  async #poll(): Promise<void> {
    const { reader, onError, pollMs = 250, keepAliveMs = 15_000 } = this.#options
    try {
      const { events, position } = await reader.recent(this.#position, MOST_AT_ONCE)
      this.#position = position
      for (const event of events) this.#send(event, position)
      this.#quietMs = events.length === 0 ? this.#quietMs + pollMs : 0
      if (this.#quietMs >= keepAliveMs) {
        this.#quietMs = 0
        for (const client of this.#clients) write(client, ': still here\n\n')
      }
    } catch (error) {
      onError(error)
    }
    if (this.#clients.size > 0 && !this.#closed) {
      this.#timer = setTimeout(() => this.#poll(), pollMs)
    } else {
      this.#timer = undefined
      this.#position = undefined
    }
  }

  async #catchUp(client: Client, last: string): Promise<void> {
    const { reader } = this.#options
    const { events, position } = await reader.recent(last, MOST_CAUGHT_UP)
    for (const event of events) if (concerns(client, event)) write(client, this.#text(event, position))
  }

  #send(event: LedgerEvent, position: string): void {
    let text: string | undefined
    for (const client of this.#clients) {
      if (!concerns(client, event)) continue
      text ??= this.#text(event, position)
      write(client, text)
    }
  }

  #text(event: LedgerEvent, position: string): string {
    const shown = this.#options.present(event)
    const name = shown.leveling.levelsGained > 0 ? 'level-up' : 'award'
    return `event: ${name}\nid: ${position}\ndata: ${JSON.stringify({ did: event.did, ...shown })}\n\n`
  }
}

function concerns({ dids }: Client, { did }: LedgerEvent): boolean {
  return dids === undefined || dids.has(did)
}

function write({ response }: Client, text: string): void {
  if (response.writableLength > MOST_WAITING) response.destroy()
  else response.write(text)
}
