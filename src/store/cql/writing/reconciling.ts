// Each shard says how far its people are compared with their repositories, in the row of its totals. Shards that are at one place
// go on together, so the list of people is read once for all of them.
import type { Did, Micros } from '../../../atproto/event.ts'
import {
  beginning,
  ended,
  isOpen,
  movedOn,
  type NewGap,
  queued,
  type Reconciliation,
  type ReconciliationStep,
} from '../../reconciliation.ts'
import type { Session } from '../driver/session.ts'
import type { OwnedShard } from '../shards/shard.ts'
import type { ShardAssignment } from '../shards/shard-assignment.ts'
import type { ShardTotals } from '../shards/shard-totals.ts'
import { type CommitPlan, planFor } from './batch-plan.ts'
import { ownPeople } from './own-people.ts'

export type ReconcilingOptions = { session: Session; assignment: ShardAssignment; commit: CommitPlan }

export class Reconciling {
  readonly #options: ReconcilingOptions
  /** The shards that `next` lists the people of. */
  #group: ReadonlySet<OwnedShard> = new Set()

  constructor(options: ReconcilingOptions) {
    this.#options = options
  }

  async queue(gap: NewGap): Promise<void> {
    await this.queueIn([...this.#options.assignment.owned.values()], gap)
  }

  /** Has the people of these shards compared, and no others. */
  async queueIn(shards: readonly OwnedShard[], gap: NewGap): Promise<void> {
    await this.#change(shards, ({ totals }) => queued(totals.reconciliation, gap, peopleOf(totals)))
  }

  /** Chooses the shards to go on with, and says where they are. */
  open(): Reconciliation | undefined {
    const open = [...this.#options.assignment.owned.values()].filter(
      ({ lost, totals }) => !lost && isOpen(totals.reconciliation),
    )
    const first = open[0]?.totals.reconciliation
    this.#group = new Set(
      open.filter(
        ({ totals: { reconciliation } }) =>
          reconciliation?.since === first?.since &&
          reconciliation?.latest === first?.latest &&
          reconciliation?.after === first?.after,
      ),
    )
    return first
  }

  /** Begins it in the shards that `open` chooses. */
  async begin(): Promise<Reconciliation | undefined> {
    const first = this.open()
    await this.#change([...this.#group], ({ totals: { reconciliation } }) =>
      reconciliation?.isBegun === false ? beginning(reconciliation) : undefined,
    )
    return first
  }

  next(after: Did | undefined, limit: number): Promise<Did[]> {
    return ownPeople(this.#options.session, (did) => this.#has(did), { after, limit })
  }

  async moveOn(step: ReconciliationStep): Promise<void> {
    const { assignment } = this.#options
    await this.#change([...this.#group], (owned) => {
      const { reconciliation } = owned.totals
      return reconciliation && movedOn(reconciliation, step, (did) => assignment.ownedOf(did) === owned)
    })
  }

  async end(at: Micros): Promise<void> {
    await this.#change([...this.#group], ({ totals }) => {
      const { reconciliation } = totals
      return reconciliation && ended(reconciliation, at, peopleOf(totals))
    })
  }

  #has(did: Did): boolean {
    const owned = this.#options.assignment.ownedOf(did)
    return owned !== undefined && this.#group.has(owned)
  }

  /** Commits what `change` makes of each shard that has not been lost meanwhile. */
  async #change(
    shards: readonly OwnedShard[],
    change: (owned: OwnedShard) => Reconciliation | undefined,
  ): Promise<void> {
    await Promise.all(
      shards.map(async (owned) => {
        const now = owned.lost ? undefined : change(owned)
        if (now === undefined) return
        owned.totals.reconciliation = now
        await this.#options.commit(owned, planFor(owned))
      }),
    )
  }
}

/** Characters who are shown, and those who wait to be. */
function peopleOf({ sums }: ShardTotals): number {
  return sums.characters + sums.introductions
}
