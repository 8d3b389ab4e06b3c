import type { Did } from '../../../atproto/event.ts'
import type { Wish } from '../../../game/operation.ts'
import type { WishId } from '../../../game/state.ts'
import type { ServerClock } from '../driver/server-clock.ts'
import type { Session } from '../driver/session.ts'
import { isLook, LOOK_MINUTES, lookOf, minuteOf, SELECT_LOOKS } from '../rows/looks.ts'

export type LooksOptions = {
  session: Pick<Session, 'readForDecision'>
  clock: Pick<ServerClock, 'now'>
  owns: (did: Did) => boolean
}

/** Hands out visitors' looks. No row says that one was answered: another worker after this one would at worst ask again. */
export class Looks {
  readonly #options: LooksOptions
  /** Wishes that were fulfilled, by the minute of their partition. */
  readonly #done = new Map<number, Set<WishId>>()
  /** The first minute that may still have looks that are not done. */
  #from: number | undefined

  constructor(options: LooksOptions) {
    this.#options = options
  }

  /** Looks at this worker's people that are not done yet, oldest first. */
  async open(limit: number): Promise<Wish[]> {
    const { session, clock, owns } = this.#options
    const now = minuteOf(clock.now())
    const oldest = now - LOOK_MINUTES
    // The minute before may still get rows from processes that were slow to write them.
    const from = Math.max(oldest, Math.min(this.#from ?? oldest, now - 1))
    for (const minute of this.#done.keys()) if (minute < oldest) this.#done.delete(minute)
    const open: Wish[] = []
    this.#from = undefined
    for (let minute = from; minute <= now && open.length < limit; minute++) {
      const rows = await session.readForDecision(SELECT_LOOKS, [minute])
      const looks = rows.map((row) => lookOf(minute, row))
      const left = looks.filter(({ wish, did }) => owns(did) && !this.#done.get(minute)?.has(wish))
      if (left.length > 0) this.#from ??= minute
      open.push(...left)
    }
    this.#from ??= now - 1
    return open.sort((a, b) => a.at - b.at).slice(0, limit)
  }

  done(wishes: readonly WishId[]): void {
    for (const wish of wishes) {
      if (!isLook(wish)) continue
      const minute = Number(wish.split(':', 2)[1])
      this.#done.getOrInsertComputed(minute, () => new Set()).add(wish)
    }
  }

  /** Begins again with all minutes, since other people's looks may wait there: call after shards were taken. */
  restart(): void {
    this.#from = undefined
  }
}
