import type { ServerResponse } from 'node:http'
import type { Did } from '@atcute/lexicons/syntax'
import type { LedgerEvent } from '../game/state.ts'
import type { Reader, RecentEvent } from '../store/store.ts'
import { catchUp, type Missed } from './catch-up.ts'
import type { HeavyReads } from './heavy-reads.ts'
import { Listener } from './listener.ts'
import { RecentEvents } from './recent-events.ts'
import { ShownPeople } from './shown-people.ts'

export type BroadcastOptions = {
  reader: Reader
  heavy: HeavyReads
  /** An event as the API says it; `leveling` tells level-ups apart. */
  present: (event: LedgerEvent) => { leveling: { levelsGained: number } }
  onError: (error: unknown) => void
  /** Pause between two looks at the ledger. */
  pollMs: number
  /** A listener that was sent nothing for so long is sent where the stream is. */
  heartbeatMs: number
}

/** Events read in one look. Where more happens, such as while a backlog is folded, listeners are told of a gap. */
const MAX_AT_ONCE = 2_000
/** Events held for those who were away for a moment. */
const HELD = 10_000

/** Sends what happens in the ledger to all who listen, and looks at the ledger only while somebody does. */
export class Broadcast {
  readonly #options: BroadcastOptions
  readonly #listeners = new Set<Listener>()
  readonly #recent = new RecentEvents(HELD)
  readonly #shown: ShownPeople
  readonly #end = new AbortController()
  #position: string | undefined
  #timer: NodeJS.Timeout | undefined
  #polling = false

  constructor(options: BroadcastOptions) {
    this.#options = options
    this.#shown = new ShownPeople(options.reader)
  }

  get size(): number {
    return this.#listeners.size
  }

  /**
   * Sends to `response`, whose head is written, what concerns `dids`, or everybody, until it closes.
   * @param last the id that the client saw last, if it was here before
   */
  add(response: ServerResponse, dids: ReadonlySet<Did> | undefined, last: string | undefined): void {
    if (response.destroyed || this.#end.signal.aborted) {
      response.destroy()
      return
    }
    const listener = new Listener(response, dids, last)
    this.#listeners.add(listener)
    const leave = (): void => {
      this.#listeners.delete(listener)
    }
    response.on('close', leave)
    // What is written to someone who has just left is nobody's loss.
    response.on('error', leave)
    if (this.#position !== undefined && last === undefined) listener.write(this.#place(this.#position))
    // At once, so that nothing is missed between being let in and the first look.
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
    }
  }

  async #look(): Promise<void> {
    const { reader, pollMs, heartbeatMs } = this.#options
    if (this.#position === undefined) {
      await this.#begin()
    } else {
      const { events, position, missed } = await reader.recent(this.#position, MAX_AT_ONCE)
      if (missed || events.length >= MAX_AT_ONCE) {
        await this.#begin()
        this.#tellAll(this.#gap('too much has happened since'))
      } else {
        this.#position = position
        this.#recent.add(events, position)
        this.#send(events)
      }
    }
    for (const listener of this.#listeners) {
      listener.quietMs += pollMs
      if (listener.behind !== undefined) void this.#catchUp(listener)
      else if (listener.quietMs >= heartbeatMs) this.#write(listener, this.#place(this.#position ?? ''))
    }
  }

  /** Begins with what happens from now on. */
  async #begin(): Promise<void> {
    const { position } = await this.#options.reader.recent(undefined, 0)
    this.#position = position
    this.#recent.restart(position)
    // A listener that begins is told where, before it is sent anything.
    for (const listener of this.#listeners)
      if (listener.behind === undefined) this.#write(listener, this.#place(position))
  }

  #send(events: readonly RecentEvent[]): void {
    if (events.length === 0) return
    const texts = events.map((event) => this.#event(event))
    const forAll = texts.join('')
    for (const listener of this.#listeners) {
      if (listener.behind !== undefined) continue
      const own = (): string => texts.filter((_, n) => listener.dids?.has(events[n]?.did as Did)).join('')
      this.#write(listener, listener.dids === undefined ? forAll : own())
    }
  }

  async #catchUp(listener: Listener): Promise<void> {
    if (listener.behind === undefined || listener.catchingUp) return
    listener.catchingUp = true
    const { reader, heavy, onError } = this.#options
    try {
      const missed = await catchUp(listener, {
        reader,
        heavy,
        recent: this.#recent,
        shown: this.#shown,
        text: (events) =>
          events
            .filter((event) => listener.wants(event))
            .map((event) => this.#event(event))
            .join(''),
        signal: this.#end.signal,
      })
      if (missed !== undefined) {
        listener.behind = undefined
        this.#write(listener, this.#gap(missed))
      }
    } catch (error) {
      // The next look tries again.
      if (!this.#end.signal.aborted) onError(error)
    } finally {
      listener.catchingUp = false
    }
  }

  #event(event: RecentEvent): string {
    const shown = this.#options.present(event)
    const name = shown.leveling.levelsGained > 0 ? 'level-up' : 'award'
    return `id: ${event.position}\nevent: ${name}\ndata: ${JSON.stringify({ did: event.did, ...shown })}\n\n`
  }

  /** Where the stream is: the id of a client that is sent nothing else goes on with it. */
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
