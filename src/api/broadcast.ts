import type { ServerResponse } from 'node:http'
import type { Did } from '@atcute/lexicons/syntax'
import type { LedgerEvent } from '../game/state.ts'
import { InvalidCursorError, type Reader } from '../store/store.ts'

export type BroadcastOptions = {
  reader: Reader
  /** An event as the API says it; `leveling` tells level-ups apart. */
  present: (event: LedgerEvent) => { leveling: { levelsGained: number } }
  onError: (error: unknown) => void
  /** Pause between two looks at the ledger, and after how much silence a comment says that all is well. */
  pollMs: number
  keepAliveMs: number
}

type Client = {
  response: ServerResponse
  dids: ReadonlySet<Did> | undefined
  /** Where a client that was away goes on, until it is where all others are. */
  behind: { position: string; pages: number } | undefined
}

type Batch = { events: LedgerEvent[]; position: string }

/** Events looked at in one poll. Where more happens, such as while a backlog is read, listeners get a part of it. */
const MOST_AT_ONCE = 2_000
/** Whoever has that much waiting, in bytes, does not listen. */
const MOST_WAITING = 256 * 1024
/** How far back a client that was away is brought up to date: pages, and events in each. */
const PAGES = 20
const PAGE = 500

/** One look at the ledger's newest for all who listen, and none while nobody does. */
export class Broadcast {
  readonly #options: BroadcastOptions
  readonly #clients = new Set<Client>()
  #position: string | undefined
  #timer: NodeJS.Timeout | undefined
  #polling = false
  #quietMs = 0
  #closed = false

  constructor(options: BroadcastOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#clients.size
  }

  /**
   * Sends to `response`, whose head is written, what concerns `dids`, or everybody, until it closes.
   * @param last the id that the client saw last, if it was here before
   */
  add(response: ServerResponse, dids: ReadonlySet<Did> | undefined, last: string | undefined): void {
    const behind = last === undefined ? undefined : { position: last, pages: PAGES }
    const client = { response, dids, behind }
    this.#clients.add(client)
    response.on('close', () => this.#clients.delete(client))
    // What is written to someone who has just left is nobody's loss.
    response.on('error', () => this.#clients.delete(client))
    // At once, so that nothing is missed between being let in and the first look.
    if (this.#timer === undefined && !this.#polling) void this.#poll()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const { response } of this.#clients) response.end()
    this.#clients.clear()
  }

  async #poll(): Promise<void> {
    const { onError, pollMs } = this.#options
    this.#polling = true
    try {
      await this.#look()
    } catch (error) {
      onError(error)
    }
    this.#polling = false
    if (this.#clients.size > 0 && !this.#closed) {
      this.#timer = setTimeout(() => this.#poll(), pollMs)
    } else {
      this.#timer = undefined
      this.#position = undefined
    }
  }

  async #look(): Promise<void> {
    const { reader, pollMs, keepAliveMs } = this.#options
    const batch = await reader.recent(this.#position, MOST_AT_ONCE)
    this.#send(batch)
    // Far behind is no place for what shows things as they happen: on with the newest.
    this.#position = batch.events.length < MOST_AT_ONCE ? batch.position : undefined
    for (const client of this.#clients) await this.#catchUp(client)
    this.#quietMs = batch.events.length === 0 ? this.#quietMs + pollMs : 0
    if (this.#quietMs < keepAliveMs) return
    this.#quietMs = 0
    for (const client of this.#clients) this.#write(client, ': still here\n\n')
  }

  /** Whoever was away reads on by themself, page by page, and joins the others where they meet. */
  async #catchUp(client: Client): Promise<void> {
    const { behind } = client
    if (behind === undefined) return
    try {
      const batch = await this.#options.reader.recent(behind.position, PAGE)
      this.#write(client, this.#text(batch, client.dids))
      const met = batch.position === this.#position
      const pages = behind.pages - Number(batch.events.length === PAGE)
      client.behind = met || pages === 0 ? undefined : { position: batch.position, pages }
    } catch (error) {
      // A place that this ledger never gave out: the client begins with what comes next.
      client.behind = undefined
      if (!(error instanceof InvalidCursorError)) throw error
    }
  }

  #send(batch: Batch): void {
    let forAll: string | undefined
    for (const client of this.#clients) {
      if (client.behind !== undefined) continue
      if (client.dids === undefined) forAll ??= this.#text(batch, undefined)
      this.#write(client, client.dids === undefined ? (forAll ?? '') : this.#text(batch, client.dids))
    }
  }

  /** The id stands at the end of a batch: a client that loses the rest of one gets all of it again. */
  #text({ events, position }: Batch, dids: ReadonlySet<Did> | undefined): string {
    let text = ''
    for (const event of events) {
      if (dids !== undefined && !dids.has(event.did)) continue
      const shown = this.#options.present(event)
      const name = shown.leveling.levelsGained > 0 ? 'level-up' : 'award'
      text += `event: ${name}\ndata: ${JSON.stringify({ did: event.did, ...shown })}\n\n`
    }
    return text === '' ? '' : `${text}id: ${position}\n\n`
  }

  #write(client: Client, text: string): void {
    const { response } = client
    if (text === '') return
    if (response.writableLength > MOST_WAITING) {
      this.#clients.delete(client)
      response.destroy()
    } else {
      response.write(text)
    }
  }
}
