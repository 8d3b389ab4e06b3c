import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Did } from '@atcute/lexicons/syntax'

/** A client with more unread bytes than this does not read: it is disconnected. */
const MAX_WAITING_BYTES = 256 * 1_024
/** A client that catches up is sent more once it has fewer unread bytes than this. */
const FEW_WAITING_BYTES = 64 * 1_024

export type ListenerOptions = {
  /** Its status and headers are written already. */
  response: ServerResponse
  /** Whose events are sent; `undefined` for everybody's. */
  dids: ReadonlySet<Did> | undefined
  /** Whether it is sent one level-up now and then, in place of all events. */
  sampled: boolean
  /** The Last-Event-ID of a client that reconnects. */
  last: string | undefined
  /** Charges `cost` requests to the client's rate limit; false, and charges nothing, if fewer are left. */
  charge: (cost: number) => boolean
}

/** One client of the stream of events. */
export class Listener {
  readonly response: ServerResponse
  /** See {@link ListenerOptions}. */
  readonly dids: ReadonlySet<Did> | undefined
  /** See {@link ListenerOptions}. */
  readonly sampled: boolean
  /** The last position sent, while it catches up; `undefined` once it is sent new events as they happen. */
  behind: string | undefined
  /** Whether a catch-up is running. */
  catchingUp = false
  /** Milliseconds since it was last sent anything, counted in polls. */
  quietMs = 0

  /** A level-up that is to be sent to a listener who is sampled; empty if there is none. */
  sample = ''
  /** Milliseconds since the last one was sent, counted in polls. */
  sinceSampleMs = Number.POSITIVE_INFINITY

  /** See {@link ListenerOptions}. */
  readonly charge: (cost: number) => boolean

  constructor({ response, dids, sampled, last, charge }: ListenerOptions) {
    this.response = response
    this.dids = dids
    this.sampled = sampled
    this.behind = last
    this.charge = charge
  }

  /** Whether it is sent the events of `did`. */
  wants({ did }: { did: Did }): boolean {
    return this.dids === undefined || this.dids.has(did)
  }

  /** @returns false if the client was disconnected because it does not read */
  write(text: string): boolean {
    if (text === '') return true
    if (this.response.writableLength > MAX_WAITING_BYTES) {
      this.response.destroy()
      return false
    }
    this.quietMs = 0
    this.response.write(text)
    return true
  }

  /** Resolves when the client has read most of its bytes, or has disconnected. */
  async drained(signal: AbortSignal): Promise<void> {
    while (this.response.writableLength > FEW_WAITING_BYTES && !this.response.destroyed) {
      const happened = new AbortController()
      const options = { signal: AbortSignal.any([signal, happened.signal]) }
      try {
        await Promise.race([once(this.response, 'drain', options), once(this.response, 'close', options)])
      } finally {
        // Removes the other listener.
        happened.abort()
      }
    }
  }
}
