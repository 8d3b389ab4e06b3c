import type { Cursor } from '../../atproto/event.ts'
import type { GapReason, Place } from '../observer.ts'
import { isPast } from './cursor.ts'
import type { Finding } from './recovery.ts'

/** How the next request must differ from one for our exact place. */
export type ResumePlan = {
  /** How many steps past our place; see `askFrom`. */
  steps: number
  /** The host cannot resume at our number; see `askFrom`. */
  byTime: boolean
  /** Asks the host to leave out messages that are too large. */
  skipsOversized: boolean
  /** Why events may be missing once the attempt has worked. */
  reason: GapReason | undefined
}

/** Remembers what went wrong at one place in the stream, until the consumer has got past it. */
export class ResumeState {
  #cursor: Cursor | undefined
  /** How often a frame too large to take has ended the stream here. */
  #oversizedTimes = 0
  /** The last endpoint that could not resume at our place, and why. */
  #lost: (Place & { reason: GapReason }) | undefined

  constructor(cursor: Cursor | undefined) {
    this.#cursor = cursor
  }

  get oversizedTimes(): number {
    return this.#oversizedTimes
  }

  /** Records the finding of an attempt at a place. */
  learn(finding: Finding, { host, wire }: Place): void {
    switch (finding) {
      case 'nothing':
        break
      case 'oversized':
        this.#oversizedTimes += 1
        break
      case 'cursor-lost':
      case 'cursor-too-old':
        this.#lost = { host, wire, reason: finding }
        break
    }
  }

  /** Call when the consumer is done with everything up to `cursor`. */
  reached(cursor: Cursor | undefined): void {
    if (cursor === undefined || !isPast(cursor, this.#cursor)) return
    this.#cursor = cursor
    this.#oversizedTimes = 0
    this.#lost = undefined
  }

  /** Plans the next request to a place. */
  planFor({ host, wire }: Place): ResumePlan {
    const lost = this.#lost?.host === host && this.#lost.wire === wire ? this.#lost : undefined
    // The first time we only ask the host to leave the frame out, which loses nothing else. Then we step past it.
    const steps = Math.max(0, this.#oversizedTimes - 1)
    return {
      steps,
      byTime: lost !== undefined,
      skipsOversized: this.#oversizedTimes > 0,
      reason: lost?.reason ?? (steps > 0 ? 'oversized' : undefined),
    }
  }
}
