import type { Cursor } from '../../atproto/event.ts'
import type { GapReason, Place } from '../observer.ts'
import { isPast } from './cursor.ts'
import type { Finding } from './recovery.ts'

/** How an attempt has to differ from the plain one. */
export type ResumePlan = {
  /** How far to step past our place; see `askFrom`. */
  steps: number
  byTime: boolean
  /** The host shall leave out messages that are too large. */
  skipsOversized: boolean
  /** What may be missing, when it works. */
  reason: GapReason | undefined
}

/** What has gone wrong at one place in the stream. It is forgotten as soon as the stream has got past that place. */
export class ResumeState {
  #cursor: Cursor | undefined
  /** How often the stream ended here in a frame too large to take. */
  #oversizedTimes = 0
  /** The endpoint that said that it does not know our place, and how. */
  #lost: (Place & { reason: GapReason }) | undefined

  constructor(cursor: Cursor | undefined) {
    this.#cursor = cursor
  }

  get oversizedTimes(): number {
    return this.#oversizedTimes
  }

  /** Remembers what an ending at `place` has shown. */
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

  /** The consumer is done with everything up to `cursor`. */
  reached(cursor: Cursor | undefined): void {
    if (cursor === undefined || !isPast(cursor, this.#cursor)) return
    this.#cursor = cursor
    this.#oversizedTimes = 0
    this.#lost = undefined
  }

  planFor({ host, wire }: Place): ResumePlan {
    const lost = this.#lost?.host === host && this.#lost.wire === wire ? this.#lost : undefined
    // The first time, the host is asked to leave large messages out, which loses nothing else.
    const steps = Math.max(0, this.#oversizedTimes - 1)
    return {
      steps,
      byTime: lost !== undefined,
      skipsOversized: this.#oversizedTimes > 0,
      reason: lost?.reason ?? (steps > 0 ? 'oversized' : undefined),
    }
  }
}
