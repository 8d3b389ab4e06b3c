import type { Did } from '../../../atproto/event.ts'
import type { Wish } from '../../../game/operation.ts'
import type { StoreLog } from '../../driver.ts'
import type { ServerClock } from '../driver/server-clock.ts'
import type { Session } from '../driver/session.ts'
import { type InboxItem, type Note, noteMutation, readInbox } from '../inbox.ts'
import type { Mutation } from '../rows/mutations.ts'
import type { ShardAssignment } from '../shards/shard-assignment.ts'
import { type CommitPlan, planFor } from './batch-plan.ts'
import { followNotes } from './notes.ts'
import type { People } from './people.ts'

export type InboxWorkOptions = {
  session: Session
  assignment: Pick<ShardAssignment, 'owned' | 'ownedOf' | 'shards'>
  people: People
  clock: ServerClock
  log: StoreLog
  /** A clock that only goes forward, in milliseconds. */
  elapsedMs: () => number
  /** Whether other workers write beside this one. */
  shares: boolean
  commit: CommitPlan
  /** Has somebody's experience counter put right. */
  recount: (did: Did) => void
}

/** Items read from the inbox at once where a commit has left notes for this worker itself. */
const NOTES_AT_ONCE = 1_000
/** By then other workers have written what they planned before somebody was forgotten, in milliseconds. */
const OTHERS_KNOW_AFTER_MS = 15_000

/** An owner's work on its inbox: it does what notes say, and hands wishes out. */
export class InboxWork {
  readonly #options: InboxWorkOptions
  /** When notes that have to wait were first seen here, by `elapsedMs`. */
  readonly #firstSeenMs = new Map<string, number>()

  constructor(options: InboxWorkOptions) {
    this.#options = options
  }

  /**
   * Does what the notes among the first `limit` items say.
   * @returns the wishes among them; after a full page of notes, those of the page that follows
   */
  async run(shard: number, limit: number): Promise<Wish[]> {
    const { session, assignment, people, clock, commit, recount } = this.#options
    const owned = assignment.owned.get(shard)
    if (owned === undefined) return []
    const items = await readInbox(owned.totals, {
      session,
      now: clock.now(),
      limit,
      failed: (error) => this.#warnLate(shard, error),
    })
    const notes = items.filter((item) => 'note' in item).filter((item) => !this.#mustWait(item))
    if (notes.length > 0 && !owned.lost) {
      const plan = planFor(owned)
      const leave = (note: Note): Mutation => this.leave(note)
      await followNotes(notes, { plan, session, people, leave, recount })
      await commit(owned, plan)
      if (items.length === limit) return this.run(shard, limit)
    }
    return items.flatMap((item) => ('wish' in item ? [item.wish] : []))
  }

  /** Does at once what a commit's notes to this worker's own shards say. */
  async runFor(notes: readonly Note[]): Promise<void> {
    const { assignment } = this.#options
    const own = notes.flatMap(({ did }) => assignment.ownedOf(did)?.shard ?? [])
    for (const shard of new Set(own)) await this.run(shard, NOTES_AT_ONCE)
  }

  /** Leaves a note for the owner of its person. */
  leave(note: Note): Mutation {
    const { assignment, clock } = this.#options
    return noteMutation(note, assignment.shards, clock.now())
  }

  /**
   * A worker that does not know yet that somebody is forgotten may still be writing a record that names them. `unname-all`
   * looks for such records once, so it waits until every worker's earlier plans are written or refused.
   */
  #mustWait({ note, id }: InboxItem & { note: Note }): boolean {
    const { shares, elapsedMs } = this.#options
    if (!shares || note.kind !== 'unname-all') return false
    const now = elapsedMs()
    // From when it was first seen here: the time in the note is by another machine's clock.
    const mustWait = now - this.#firstSeenMs.getOrInsert(id, now) < OTHERS_KNOW_AFTER_MS
    if (!mustWait) this.#firstSeenMs.delete(id)
    return mustWait
  }

  #warnLate(shard: number, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#options.log.warn(
      { shard, reason },
      'the inbox could not be looked through for what arrived late; that is tried again in ten minutes',
    )
  }
}
