import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '../../../src/atproto/event.ts'
import type { Piece } from './received.ts'

/** What a client saw that reads `/v1/events` page by page. */
export type PageReport = { pieces: Omit<Piece, 'sum'>[]; missed: number; refused: string[] }

type Page = { items: { did: Did }[]; cursor: string; missed: boolean }

const PAGE = 500
const PAUSE_MS = 1_000

/** A client that asks now and then for what has happened since, by `after=`. */
export class PageFollower {
  readonly #url: string
  readonly #address: string
  readonly #steady: ReadonlyMap<Did, number>
  readonly #pieces: PageReport['pieces'] = []
  readonly #refused: string[] = []
  #missed = 0

  constructor(options: { url: string; address: string; steady: ReadonlyMap<Did, number> }) {
    this.#url = options.url
    this.#address = options.address
    this.#steady = options.steady
  }

  get last(): number {
    return this.#pieces.at(-1)?.to ?? 0
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isFull = await this.#read()
      if (!isFull) await sleep(PAUSE_MS, undefined, { signal }).catch(() => {})
    }
  }

  get report(): PageReport {
    return { pieces: this.#pieces, missed: this.#missed, refused: this.#refused }
  }

  /** Reads the next page; true if there is more at once. */
  async #read(): Promise<boolean> {
    const piece = this.#pieces.at(-1)
    const query = piece === undefined ? '' : `?after=${piece.to}&limit=${PAGE}`
    const response = await fetch(`${this.#url}/v1/events${query}`, {
      headers: { 'x-forwarded-for': this.#address },
    }).catch((error: unknown) => new Response(String(error), { status: 599 }))
    if (!response.ok) {
      this.#refused.push(`${response.status} ${(await response.text()).slice(0, 200)}`)
      return false
    }
    const { items, cursor, missed } = (await response.json()) as Page
    const to = Number(cursor)
    if (missed) this.#missed += 1
    if (piece === undefined || missed) {
      this.#pieces.push({ from: to, to, events: 0 })
      return false
    }
    piece.to = to
    piece.events += items.filter(({ did }) => this.#steady.has(did)).length
    return items.length > PAGE / 2
  }
}
