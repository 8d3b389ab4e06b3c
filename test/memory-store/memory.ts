import type { Cursor, Did } from '../../src/atproto/event.ts'
import type { Followed } from '../../src/game/followed.ts'
import type { LedgerEvent } from '../../src/game/state.ts'
import type { Gap, Heartbeat, WishToLeave } from '../../src/store/store.ts'
import { MemoryLedger } from '../memory-ledger.ts'

/** All that lasts of one ledger, however often it is opened. */
export class Memory {
  readonly ledger = new MemoryLedger()
  /** By their names, in the order in which they were left. */
  readonly wishes = new Map<string, WishToLeave>()
  readonly gaps: Gap[] = []
  readonly samples: { at: number; events: number; networkBytes: number }[] = []
  /** How often each person has changed. */
  readonly versions = new Map<Did, number>()
  /** XP of the events that were forgotten. */
  readonly pruned = new Map<Did, number>()
  /** What happened, for followers: `undefined` in the places of events that are gone. */
  readonly log: (LedgerEvent | undefined)[] = []
  cursor: Cursor | undefined
  heartbeat: Heartbeat | undefined
  followed: Followed | undefined
  rules: string | undefined
  isWritten = false
  #named = 0

  /** A name that nothing else here has. */
  nextName(): string {
    this.#named += 1
    return String(this.#named)
  }
}
