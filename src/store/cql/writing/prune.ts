// Drops events that have expired, day by day from the oldest on. The table `event_days` tells which people of a shard had
// events on a day, so that pruning reads nobody else's. It may name a person whose events of that day are gone already,
// and never lacks one: so it can forget a day as a whole once all people on it were looked through.
import type { Did, Micros } from '../../../atproto/event.ts'
import { dayOf, secondsOf } from '../../../game/time.ts'
import { type Expiry, expiredCount } from '../../expired.ts'
import type { Session } from '../driver/session.ts'
import { millisOf, numberOf } from '../driver/values.ts'
import { eventBucket } from '../rows/buckets.ts'
import type { StoredCharacter } from '../rows/character-row.ts'
import type { Mutation } from '../rows/mutations.ts'
import type { OwnedShard } from '../shards/shard.ts'
import { type BatchPlan, type CommitPlan, planFor } from './batch-plan.ts'
import type { People } from './people.ts'

export type PruningOptions = { session: Session; people: People; commit: CommitPlan }

/** The drop of somebody's oldest events: how many, and the person without them. */
type Drop = { count: number; after: StoredCharacter; mutations: Mutation[] }

/** How often people with events on the day in which `Expiry.before` falls are looked through. */
const LAST_DAY_EVERY: Micros = 3_600_000_000
const OLDEST =
  'SELECT seq, event_at, type, type_seq FROM events WHERE did = ? AND bucket = ? AND seq >= ? ORDER BY seq ASC LIMIT ?'
const PEOPLE_ON = 'SELECT did FROM event_days WHERE shard = ? AND day = ?'

export class Pruning {
  readonly #options: PruningOptions
  /** By shard: the `Expiry.before` with which its last day was looked through most recently. */
  readonly #lookedThrough = new Map<number, Micros>()

  constructor(options: PruningOptions) {
    this.#options = options
  }

  /**
   * Drops up to `max` events of the shard that have expired.
   * @returns how many were dropped
   */
  async prune(owned: OwnedShard, expiry: Expiry, max: number): Promise<number> {
    const lastDay = dayOf(secondsOf(expiry.before))
    let dropped = 0
    while (dropped < max) {
      const day = owned.totals.oldestDay
      if (day === undefined || day > lastDay) break
      // Of the last day, later events are still young: it is never finished, and looking through it again and again is dear.
      const isLast = day === lastDay
      if (isLast && expiry.before - (this.#lookedThrough.get(owned.shard) ?? 0) < LAST_DAY_EVERY) break
      const pruned = await this.#pruneDay(owned, { day, isLast }, expiry, max - dropped)
      dropped += pruned.dropped
      if (isLast || !pruned.isThrough) break
    }
    return dropped
  }

  /** Drops events of everybody who had some on `day`, in one batch. `isThrough`: nobody was left out because of `max`. */
  async #pruneDay(
    owned: OwnedShard,
    { day, isLast }: { day: number; isLast: boolean },
    expiry: Expiry,
    max: number,
  ): Promise<{ dropped: number; isThrough: boolean }> {
    const { people, commit } = this.#options
    const plan = planFor(owned)
    let dropped = 0
    let isThrough = true
    for (const did of await this.#peopleOn(owned.shard, day)) {
      if (dropped >= max) {
        isThrough = false
        break
      }
      const character = await people.one(did)
      const drop = character && (await this.#planDrop(character, expiry, max - dropped))
      if (drop === undefined) continue
      dropped += drop.count
      plan.mutations.push(...drop.mutations)
      plan.changed.set(did, drop.after)
    }
    if (dropped > 0) plan.totals.countEvents(-dropped)
    // Events of this day that come after one from a time to come stay (see `expiredCount`), and go when that one's day does.
    if (isThrough && !isLast) forgetDay(plan, day)
    if (plan.mutations.length > 0) await commit(owned, plan)
    if (owned.lost) return { dropped: 0, isThrough: false }
    if (isThrough && isLast) this.#lookedThrough.set(owned.shard, expiry.before)
    return { dropped, isThrough }
  }

  async #peopleOn(shard: number, day: number): Promise<Did[]> {
    const dids: Did[] = []
    for await (const rows of this.#options.session.pagesForDecision(PEOPLE_ON, [shard, day]))
      for (const { did } of rows) dids.push(did as Did)
    return dids
  }

  /** Plans to drop up to `max` of a person's events that have expired, from the oldest on; `undefined` where none has. */
  async #planDrop(character: StoredCharacter, expiry: Expiry, max: number): Promise<Drop | undefined> {
    const { did } = character.state
    /** By collection: the number of the last event that goes. */
    const lastOfType = new Map<string, number>()
    let count = 0
    let { firstSeq } = character
    while (count < max && firstSeq <= character.lastSeq) {
      const bucket = eventBucket(firstSeq)
      const rows = await this.#options.session.readForDecision(OLDEST, [did, bucket, firstSeq, max - count])
      const expired = expiredCount(rows, (row) => millisOf(row.event_at) * 1000, expiry)
      for (const row of rows.slice(0, expired)) {
        count += 1
        firstSeq = numberOf(row.seq) + 1
        lastOfType.set(String(row.type), numberOf(row.type_seq))
      }
      if (expired < rows.length || rows.length === 0) break
    }
    return count === 0 ? undefined : { count, ...dropBefore(character, firstSeq, lastOfType) }
  }
}

/** Drops a person's events before number `firstSeq`, which are those up to `lastOfType` in each collection. */
function dropBefore(
  character: StoredCharacter,
  firstSeq: number,
  lastOfType: ReadonlyMap<string, number>,
): Pick<Drop, 'after' | 'mutations'> {
  const { did } = character.state
  const mutations: Mutation[] = []
  for (let bucket = eventBucket(character.firstSeq); bucket <= eventBucket(firstSeq - 1); bucket++) {
    mutations.push(['dropEventsUpTo', did, bucket, firstSeq - 1])
  }
  const kinds = new Map(character.kinds)
  for (const [nsid, kind] of character.kinds) {
    const last = lastOfType.get(nsid)
    if (last === undefined) continue
    for (let bucket = eventBucket(kind.firstSeq); bucket <= eventBucket(last); bucket++) {
      mutations.push(['dropEventsByTypeUpTo', did, nsid, bucket, last])
    }
    kinds.set(nsid, { ...kind, firstSeq: last + 1 })
  }
  return { after: { ...character, kinds, firstSeq }, mutations }
}

/** No event of `day` or before is left, so the next search begins after it. */
function forgetDay({ totals, mutations }: BatchPlan, day: number): void {
  totals.dropDay(day)
  mutations.push(['dropEventDay', totals.shard, day])
}
