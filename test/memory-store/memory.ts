import type { Cursor, Did } from '../../src/atproto/event.ts'
import type { BoardKind } from '../../src/game/boards.ts'
import type { Followed } from '../../src/game/followed.ts'
import type { LedgerEvent } from '../../src/game/state.ts'
import { isRestoring, RECOMPUTING } from '../../src/store/bound-rules.ts'
import type { Reconciliation } from '../../src/store/reconciliation.ts'
import type { MovePlace, RulesState, RulesVersion, WantedRules } from '../../src/store/rules.ts'
import type { PendingSignIn, SignedIn } from '../../src/store/sessions.ts'
import type { Gap, Heartbeat } from '../../src/store/status.ts'
import type { WishToLeave } from '../../src/store/store.ts'
import { MemoryLedger } from '../memory-ledger.ts'

/** The lasting state of one ledger, however often it is opened. */
export class Memory {
  readonly ledger = new MemoryLedger()
  /** Wishes by their names, in the order in which they were left. */
  readonly wishes = new Map<string, WishToLeave>()
  readonly gaps: Gap[] = []
  reconciliation: Reconciliation | undefined
  readonly samples: { at: number; events: number; networkBytes: number }[] = []
  /** Sessions and pending sign-ins by their names, and the key. */
  readonly signedIn = new Map<string, SignedIn>()
  readonly pending = new Map<string, PendingSignIn>()
  key: string | undefined
  /** How often each person has changed. */
  readonly versions = new Map<Did, number>()
  /** XP of the pruned events. */
  readonly pruned = new Map<Did, number>()
  /** The log for followers, with `undefined` in the places of deleted events. */
  readonly log: (LedgerEvent | undefined)[] = []
  /** Boards on which somebody has had a place, and the newest of each kind. */
  readonly boards = new Set<string>()
  readonly newest: Record<BoardKind, number> = { week: 0, month: 0, described: 0 }
  cursor: Cursor | undefined
  heartbeat: Heartbeat | undefined
  followed: Followed | undefined
  /** The versions of the rules, and what was left for the writer. */
  rulebooks: RulesVersion[] = []
  wanted: WantedRules | undefined
  isHalfRecomputed = false
  /** How far the move to the newest version has come; `undefined` while none is under way. */
  move: { after: Did | undefined; part: MovePlace['part'] } | undefined
  isWritten = false
  /** The last line of an export that is stored. */
  restored = 0
  #named = 0
  #restoring: string | undefined

  /** The rules that award everybody, or what stands for them during a recompute or a restore. */
  get rules(): string | undefined {
    if (this.#restoring !== undefined) return this.#restoring
    return this.isHalfRecomputed ? RECOMPUTING : this.rulebooks.at(-1)?.fingerprint
  }

  set rules(rules: string) {
    this.#restoring = isRestoring(rules) ? rules : undefined
    if (this.#restoring === undefined) this.bind({ fingerprint: rules, titles: undefined })
  }

  /** Makes these rules the newest version. */
  bind(rules: WantedRules, at?: number): void {
    this.isHalfRecomputed = false
    this.move = undefined
    this.rulebooks.push({ ...rules, version: this.rulebooks.length + 1, at })
  }

  /** Ends a restore. */
  restoreVersions(versions: readonly RulesVersion[]): void {
    this.#restoring = undefined
    this.rulebooks = [...versions]
  }

  rulesState(): RulesState {
    const { ledger, rulebooks: versions, isHalfRecomputed, wanted, move } = this
    const done = ledger.moved.size / Math.max(1, ledger.actors.size)
    const under = move && { from: versions.length - 1, done: Math.min(1, done) }
    return { versions: [...versions], isHalfRecomputed, move: under, wanted }
  }

  /** A name that is unique in this ledger. */
  nextName(): string {
    this.#named += 1
    return String(this.#named)
  }
}
