import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Did } from '@atcute/lexicons/syntax'

/** A client with that many bytes waiting does not read; it is let go. */
const MAX_WAITING_BYTES = 256 * 1_024
/** A client that is brought up to date is sent more once less than that waits. */
const FEW_WAITING_BYTES = 64 * 1_024

export type ListenerOptions = {
  /** Its head is written. */
  response: ServerResponse
  /** Whose events are sent; `undefined` for everybody's. */
  dids: ReadonlySet<Did> | undefined
  /** The id that the client saw last, if it was here before. */
  last: string | undefined
  /** Takes so many requests of what the client may ask for; false where there are not so many left. */
  charge: (cost: number) => boolean
}

/** One client of the stream of events. */
export class Listener {
  readonly response: ServerResponse
  /** Whose events it is sent; `undefined` for everybody's. */
  readonly dids: ReadonlySet<Did> | undefined
  /** What it has seen last, while it is brought up to date; `undefined` once it is sent what happens. */
  behind: string | undefined
  /** Whether it is being brought up to date right now. */
  catchingUp = false
  /** Milliseconds since it was last sent anything, as far as it was looked at. */
  quietMs = 0

  /** Takes so many requests of what the client may ask for; false where there are not so many left. */
  readonly charge: (cost: number) => boolean

  constructor({ response, dids, last, charge }: ListenerOptions) {
    this.response = response
    this.dids = dids
    this.behind = last
    this.charge = charge
  }

  /** Whether it is to be told of what `did` does. */
  wants({ did }: { did: Did }): boolean {
    return this.dids === undefined || this.dids.has(did)
  }

  /** @returns false where the client was let go, since it does not read what it is sent */
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

  /** Resolves when the client has read most of what it was sent, or has left. */
  async drained(signal: AbortSignal): Promise<void> {
    while (this.response.writableLength > FEW_WAITING_BYTES && !this.response.destroyed) {
      const happened = new AbortController()
      const options = { signal: AbortSignal.any([signal, happened.signal]) }
      try {
        await Promise.race([once(this.response, 'drain', options), once(this.response, 'close', options)])
      } finally {
        // Whichever did not come is not listened for any more.
        happened.abort()
      }
    }
  }
}
