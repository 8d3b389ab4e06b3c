import type { Cursor } from '../atproto/event.ts'
import { isPast } from './cursor.ts'
import type { Ending, GapReason, Place } from './observer.ts'

/** What has gone wrong at one place in the stream, and is over as soon as it is left behind. */
export class Trouble {
  #cursor: Cursor | undefined
  /** How often the stream ended here in a frame too large to take. */
  #oversized = 0
  /** The host that said that it does not know our place, and how. */
  #lost: (Place & { reason: GapReason }) | undefined

  get oversizedTimes(): number {
    return this.#oversized
  }

  /** Takes note of an ending at `place`, where `cursor` was the last to be delivered. */
  note(ending: Ending, place: Place, cursor: Cursor | undefined): void {
    this.left(cursor)
    if (ending.kind === 'oversized') this.#oversized += 1
    if (ending.kind === 'cursor-lost') this.#lost = { ...place, reason: 'cursor-lost' }
    if (ending.kind === 'refused' && ending.error === 'CursorTooOld') {
      this.#lost = { ...place, reason: 'cursor-too-old' }
    }
  }

  /** Forgets everything when `cursor` has got past the place. */
  left(cursor: Cursor | undefined): void {
    if (cursor === undefined || !isPast(cursor, this.#cursor)) return
    this.#cursor = cursor
    this.#oversized = 0
    this.#lost = undefined
  }

  /** How the next attempt at `place` has to differ from the plain one. */
  detour(place: Place): { steps: number; byTime: boolean; oversized: boolean; reason: GapReason | undefined } {
    const lost = this.#lost
    const byTime = lost !== undefined && lost.host === place.host && lost.wire === place.wire
    // The first time, the host is asked to leave large messages out, which loses nothing else.
    const steps = Math.max(0, this.#oversized - 1)
    return {
      steps,
      byTime,
      oversized: this.#oversized > 0,
      reason: byTime ? lost.reason : steps > 0 ? 'oversized' : undefined,
    }
  }
}
