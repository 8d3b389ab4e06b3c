import { get, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '../../../src/atproto/event.ts'
import { type Block, EventBlocks } from './event-blocks.ts'
import { Received } from './received.ts'

/** How a client behaves: some leave and come back, some stop reading for a while, and some only want a sample. */
export type Behaviour = 'follows' | 'resumes' | 'stalls' | 'samples'

export type FollowerOptions = {
  url: string
  /** Its address, as a proxy names it. */
  address: string
  behaviour: Behaviour
  /** Whom it follows, as places in the list of steady people; `undefined` for everybody. */
  actors: readonly number[] | undefined
  /** The steady people's places in their list. */
  steady: ReadonlyMap<Did, number>
  /** Called with how late each event of a client that always reads is, in milliseconds. */
  arrived: (ms: number) => void
}

/** What one client of the stream saw. */
export type FollowerReport = Pick<FollowerOptions, 'behaviour' | 'actors'> &
  Pick<Received, 'pieces' | 'gaps' | 'misplaced'> & {
    events: number
    bytes: number
    resumed: number
    /** Times that the server ended the connection while the client read. */
    cut: number
    /** Answers other than 200, and connections that failed. */
    refused: string[]
    stalls: Stall[]
  }

/** `passed`: bytes that a client which follows everybody received meanwhile. */
export type Stall = { wasCut: boolean; passed: number }

/** As the server asks for: "retry: 3000". */
const RETRY_MS = 3_000
/** How soon after it reads on a client notices that the server has ended the connection. */
const NOTICE_MS = 10_000

/** A client of the stream of events: it reconnects with the last event's id, and keeps account of what it received. */
export class Follower {
  readonly #options: FollowerOptions
  readonly #received = new Received()
  readonly #query: string
  readonly #refused: string[] = []
  readonly #stalls: Stall[] = []
  readonly #end = new AbortController()
  #response: IncomingMessage | undefined
  #isStalled = false
  #resumed = 0
  #cut = 0
  #events = 0
  bytes = 0

  constructor(options: FollowerOptions, names: readonly Did[]) {
    this.#options = options
    const { actors, behaviour } = options
    const list = actors?.map((at) => encodeURIComponent(names[at] ?? '')).join(',')
    this.#query = behaviour === 'samples' ? '?sample=level-ups' : list === undefined ? '' : `?actors=${list}`
  }

  get last(): number | undefined {
    return this.#received.last
  }

  get behaviour(): Behaviour {
    return this.#options.behaviour
  }

  /** Whether it is sent everything that happens, and reads it. */
  get seesAll(): boolean {
    return this.behaviour === 'follows' && this.#options.actors === undefined
  }

  /** Stays connected until `leave`, and reconnects whenever the connection ends. */
  async run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      await this.#connection()
      if (!this.#end.signal.aborted)
        await sleep(RETRY_MS, undefined, { signal: this.#end.signal }).catch(() => {})
    }
  }

  /** Ends the connection; the client comes back by itself. */
  drop(): void {
    this.#response?.destroy()
  }

  /**
   * Reads nothing for `ms`, and then goes on.
   * @param passing bytes that others have received so far
   * @param signal ends the pause early, which then does not count
   */
  async stall(ms: number, passing: () => number, signal: AbortSignal): Promise<void> {
    const response = this.#response
    if (response === undefined || response.destroyed) return
    this.#isStalled = true
    const before = passing()
    response.pause()
    await sleep(ms, undefined, { signal }).catch(() => {})
    const passed = passing() - before
    const closed = new Promise<boolean>((resolve) => {
      response.once('close', () => resolve(true))
      setTimeout(() => resolve(false), NOTICE_MS).unref()
    })
    response.resume()
    const wasCut = await closed
    if (!signal.aborted) this.#stalls.push({ wasCut, passed })
    this.#isStalled = false
  }

  leave(): void {
    this.#end.abort()
    this.#response?.destroy()
  }

  get report(): FollowerReport {
    const { behaviour, actors } = this.#options
    const { pieces, gaps, misplaced } = this.#received
    const counts = { events: this.#events, bytes: this.bytes, resumed: this.#resumed, cut: this.#cut }
    return {
      behaviour,
      actors,
      pieces,
      gaps,
      misplaced,
      ...counts,
      refused: this.#refused,
      stalls: this.#stalls,
    }
  }

  #connection(): Promise<void> {
    const { url, address, behaviour } = this.#options
    const { last } = this
    const headers: Record<string, string> = { 'x-forwarded-for': address }
    if (last !== undefined && behaviour !== 'samples') headers['last-event-id'] = String(last)
    return new Promise((resolve) => {
      const request = get(`${url}/v1/stream${this.#query}`, { agent: false, headers })
      request.once('error', (error) => {
        if (this.#response === undefined) this.#refused.push(error.message)
        resolve()
      })
      request.once('response', (response) => {
        if (response.statusCode !== 200) {
          this.#refused.push(String(response.statusCode))
          response.resume().once('close', resolve)
          return
        }
        if (last !== undefined) this.#resumed += 1
        this.#response = response
        const blocks = new EventBlocks()
        response.on('error', () => {})
        response.on('data', (piece: Buffer) => {
          this.bytes += piece.length
          blocks.push(piece, (block) => this.#take(block))
        })
        response.once('close', () => {
          // `destroyed` by itself does not tell who has ended it: only the server's end is an error or an end of data.
          if (!this.#isStalled && (response.readableEnded || response.errored !== null)) this.#cut += 1
          this.#response = undefined
          resolve()
        })
      })
    })
  }

  #take({ id, event, data }: Block): void {
    if (id === undefined) return
    switch (event) {
      case 'position':
        this.#received.position(id)
        break
      case 'gap':
        this.#received.gap(id, String(JSON.parse(data).reason))
        break
      default:
        this.#event(id, data)
    }
  }

  #event(id: number, data: string): void {
    const { behaviour, actors, steady, arrived } = this.#options
    this.#events += 1
    if (behaviour === 'samples') return
    this.#received.event(id, { isSteady: steady.has(didIn(data)) })
    // Of those who are sent everything, a part is enough to tell quantiles.
    const isMeasured = actors !== undefined || id % MEASURED === 0
    if (behaviour === 'follows' && isMeasured) arrived(Date.now() - Date.parse(timeIn(data)))
  }
}

/** One in so many events of somebody who follows everybody is measured. */
const MEASURED = 16
const DID = '{"did":"'
const AT = '"at":"'

function didIn(data: string): Did {
  return data.slice(DID.length, data.indexOf('"', DID.length)) as Did
}

function timeIn(data: string): string {
  const at = data.indexOf(AT) + AT.length
  return data.slice(at, data.indexOf('"', at))
}
