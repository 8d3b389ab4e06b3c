import { setImmediate as nextTurn } from 'node:timers/promises'
import { isQuiet } from '../game/imports.ts'
import type { LedgerEvent } from '../game/state.ts'
import type { Reader, RecentEvent } from '../store/store.ts'
import { catchUp, type Missed } from './catch-up.ts'
import type { HeavyReads } from './heavy-reads.ts'
import { Listener, type ListenerOptions } from './listener.ts'
import { RecentEvents, type SentEvent } from './recent-events.ts'
import { SharedPages } from './shared-pages.ts'
import { ShownPeople } from './shown-people.ts'

export type BroadcastOptions = {
  reader: Reader
  heavy: HeavyReads
  /** Turns an event into its JSON; `levelsGained` tells level-ups from awards. */
  present: (event: LedgerEvent) => { leveling: { levelsGained: number } }
  onError: (error: unknown) => void
  /** Pause between two polls of the ledger. */
  pollMs: number
  /** A listener that was sent nothing for this long is sent the current position. */
  heartbeatMs: number
}

/** Events in a page, and pages in a poll; the next poll goes on. */
const PAGE = 500
const MAX_PAGES = 4
/**
 * Polls in a row that leave some events for the next, as after some seconds in which the network was away. If a backlog lasts
 * longer, listeners are sent a gap, since they would only fall behind further.
 */
const MAX_FULL_POLLS = 8
/** Listeners written to in one turn of the event loop: some milliseconds. */
const LISTENERS_AT_ONCE = 100
/** Those who want a sample of the level-ups are sent one in this time at most. */
export const SAMPLE_MS = 1_000
/** Events cached for clients that reconnect. */
const MAX_CACHED = 10_000

/** Sends new events to all listeners; polls the ledger only while there are any. */
export class Broadcast {
  readonly #options: BroadcastOptions
  readonly #listeners = new Set<Listener>()
  readonly #recent = new RecentEvents(MAX_CACHED)
  readonly #pages: SharedPages
  readonly #shown: ShownPeople
  readonly #end = new AbortController()
  #position: string | undefined
  #timer: NodeJS.Timeout | undefined
  #polling = false
  #fullPolls = 0

  constructor(options: BroadcastOptions) {
    this.#options = options
    this.#pages = new SharedPages(options.reader, (event) => this.#sent(event))
    this.#shown = new ShownPeople(options.reader)
  }

  get size(): number {
    return this.#listeners.size
  }

  /** Sends new events to a client until its response closes. */
  add(options: ListenerOptions): void {
    const { response, last } = options
    if (response.destroyed || this.#end.signal.aborted) {
      response.destroy()
      return
    }
    const listener = new Listener(options)
    this.#listeners.add(listener)
    const leave = (): void => {
      this.#listeners.delete(listener)
    }
    response.on('close', leave)
    // Writes to a client that has just left may fail; nothing is lost.
    response.on('error', leave)
    if (this.#position !== undefined && last === undefined) listener.write(this.#place(this.#position))
    // At once, so that the listener misses nothing between joining and the first poll.
    if (this.#timer === undefined && !this.#polling) void this.#poll()
    else if (this.#position !== undefined) void this.#catchUp(listener)
  }

  close(): void {
    this.#end.abort()
    clearTimeout(this.#timer)
    for (const { response } of this.#listeners) response.end()
    this.#listeners.clear()
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
    if (this.#listeners.size > 0 && !this.#end.signal.aborted) {
      this.#timer = setTimeout(() => this.#poll(), pollMs)
    } else {
      this.#timer = undefined
      this.#position = undefined
      this.#pages.clear()
    }
  }

  async #look(): Promise<void> {
    const { pollMs, heartbeatMs } = this.#options
    if (this.#position === undefined) {
      await this.#begin()
    } else if (!(await this.#follow(this.#position))) {
      await this.#begin()
      this.#tellAll(this.#gap('too much has happened since'))
    }
    for (const listener of this.#listeners) {
      listener.quietMs += pollMs
      this.#sendSample(listener)
      if (listener.behind !== undefined) void this.#catchUp(listener)
      else if (listener.quietMs >= heartbeatMs) this.#write(listener, this.#place(this.#position ?? ''))
    }
  }

  /** Sends the events since `from`, or the first of them; false if some are no longer stored, or too many polls left some. */
  async #follow(from: string): Promise<boolean> {
    const happened: SentEvent[] = []
    let [after, more] = [from, true]
    for (let page = 0; more && page < MAX_PAGES; page++) {
      if (page > 0) await nextTurn()
      const read = await this.#options.reader.recent(after, PAGE)
      if (read.missed) return false
      // The records of an import are announced by the one entry at its end.
      for (const event of read.events) if (!isQuiet(event)) happened.push(this.#sent(event))
      after = read.position
      more = read.more
    }
    this.#fullPolls = more ? this.#fullPolls + 1 : 0
    if (this.#fullPolls > MAX_FULL_POLLS) return false
    this.#position = after
    this.#recent.add(happened, after)
    // All pages in one write: `write` disconnects a client that has not read the one before yet.
    await this.#send(happened)
    return true
  }

  /** Begins at the newest event. */
  async #begin(): Promise<void> {
    this.#fullPolls = 0
    const { position } = await this.#options.reader.recent(undefined, 0)
    this.#position = position
    this.#recent.restart(position)
    // Each listener is sent the position before any event.
    for (const listener of this.#listeners)
      if (listener.behind === undefined) this.#write(listener, this.#place(position))
  }

  async #send(events: readonly SentEvent[]): Promise<void> {
    if (events.length === 0) return
    const forAll = events.map(({ text }) => text).join('')
    const levelUp = events.findLast(({ isLevelUp }) => isLevelUp)?.text ?? ''
    // Chosen now: a listener that catches up by the next turn is sent these events by catchUp.
    const ready = [...this.#listeners].filter(({ behind }) => behind === undefined)
    for (let at = 0; at < ready.length; at += LISTENERS_AT_ONCE) {
      if (at > 0) await nextTurn()
      for (const listener of ready.slice(at, at + LISTENERS_AT_ONCE)) {
        const own = (): string =>
          events
            .filter((event) => listener.wants(event))
            .map(({ text }) => text)
            .join('')
        if (!listener.sampled) this.#write(listener, listener.dids === undefined ? forAll : own())
        else if (levelUp !== '') listener.sample = levelUp
      }
    }
  }

  /** Sends the newest level-up, unless the one before was sent just now: then it waits for the next poll. */
  #sendSample(listener: Listener): void {
    listener.sinceSampleMs += this.#options.pollMs
    if (listener.sample === '' || listener.sinceSampleMs < SAMPLE_MS) return
    this.#write(listener, listener.sample)
    listener.sample = ''
    listener.sinceSampleMs = 0
  }

  async #catchUp(listener: Listener): Promise<void> {
    if (listener.behind === undefined || listener.catchingUp) return
    listener.catchingUp = true
    const { heavy, onError } = this.#options
    try {
      const missed = await catchUp(listener, {
        heavy,
        pages: this.#pages,
        recent: this.#recent,
        shown: this.#shown,
        signal: this.#end.signal,
      })
      if (missed !== undefined) {
        listener.behind = undefined
        this.#write(listener, this.#gap(missed))
      }
    } catch (error) {
      // The next poll tries again.
      if (!this.#end.signal.aborted) onError(error)
    } finally {
      listener.catchingUp = false
    }
  }

  /** Formats an event once for all listeners. */
  #sent(event: RecentEvent): SentEvent {
    const { did, position } = event
    const shown = this.#options.present(event)
    const isLevelUp = shown.leveling.levelsGained > 0
    const name = isLevelUp ? 'level-up' : 'award'
    const data = JSON.stringify({ did, ...shown })
    return { did, position, isLevelUp, text: `id: ${position}\nevent: ${name}\ndata: ${data}\n\n` }
  }

  /** Moves the last event ID of a client that is sent nothing else. */
  #place(position: string): string {
    return `id: ${position}\nevent: position\ndata: {}\n\n`
  }

  #gap(reason: Missed): string {
    return `id: ${this.#position ?? ''}\nevent: gap\ndata: ${JSON.stringify({ reason })}\n\n`
  }

  #tellAll(text: string): void {
    for (const listener of this.#listeners) if (listener.behind === undefined) this.#write(listener, text)
  }

  #write(listener: Listener, text: string): void {
    if (!listener.write(text)) this.#listeners.delete(listener)
  }
}
