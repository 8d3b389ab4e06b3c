import type { Cursor } from '../../atproto/event.ts'
import type { Ending, GapReason, Place } from '../observer.ts'
import { isPast } from './cursor.ts'

/** How an attempt has to differ from the plain one. */
export type Detour = {
  /** How far to step past our place; see `askFrom`. */
  steps: number
  byTime: boolean
  /** The host shall leave out what is too large. */
  oversized: boolean
  /** What may be missing, when it works. */
  reason: GapReason | undefined
}

/** What has gone wrong at one place in the stream, and is over as soon as it is left behind. */
export class Trouble {
  #cursor: Cursor | undefined
  /** How often the stream ended here in a frame too large to take. */
  #oversized = 0
  /** The endpoint that said that it does not know our place, and how. */
  #lost: (Place & { reason: GapReason }) | undefined

  get oversizedTimes(): number {
    return this.#oversized
  }

  /** Takes note of an ending at `place`, where `cursor` was the last to be delivered. */
  note(ending: Ending, { host, wire }: Place, cursor: Cursor | undefined): void {
    this.left(cursor)
    if (ending.kind === 'oversized') this.#oversized += 1
    if (ending.kind === 'cursor-lost') this.#lost = { host, wire, reason: 'cursor-lost' }
    if (ending.kind === 'refused' && ending.error === 'CursorTooOld') {
      this.#lost = { host, wire, reason: 'cursor-too-old' }
    }
  }

  /** Forgets everything when `cursor` has got past the place. */
  left(cursor: Cursor | undefined): void {
    if (cursor === undefined || !isPast(cursor, this.#cursor)) return
    this.#cursor = cursor
    this.#oversized = 0
    this.#lost = undefined
  }

  detour({ host, wire }: Place): Detour {
    const lost = this.#lost?.host === host && this.#lost.wire === wire ? this.#lost : undefined
    // The first time, the host is asked to leave large messages out, which loses nothing else.
    const steps = Math.max(0, this.#oversized - 1)
    return {
      steps,
      byTime: lost !== undefined,
      oversized: this.#oversized > 0,
      reason: lost?.reason ?? (steps > 0 ? 'oversized' : undefined),
    }
  }
}
