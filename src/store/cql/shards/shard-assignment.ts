// Which shards this worker owns, and how many it should: workers announce themselves, and each takes free shards up to a
// fair share and gives back those beyond it.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '../../../atproto/event.ts'
import { assertRules, RECOMPUTING } from '../../bound-rules.ts'
import type { StoreLog } from '../../driver.ts'
import type { RulesVersion } from '../../rules.ts'
import { StoreBusyError, StoreError } from '../../store.ts'
import type { Session } from '../driver/session.ts'
import { shardOf } from '../rows/buckets.ts'
import { BatchMissingError } from './journal.ts'
import { LEASE_MS, LeaseLostError, readShards, type ShardRow, take } from './leases.ts'
import { OwnedShard } from './shard.ts'
import { Standstill } from './standstill.ts'

export type ShardAssignmentOptions = {
  session: Session
  shards: number
  /** The versions of the rules that this worker knows: it awards by the newest. */
  versions: readonly RulesVersion[]
  /** Whether a version is one of the ledger's, also one that this worker has not taken up yet. */
  isKnown: (rules: string) => Promise<boolean>
  /** Whether to take shards that were awarded by other rules, too: no other worker takes them until `declareRules`. */
  recomputes: boolean
  /** What shards name in place of their rules while a recompute or a restore has all of them, whatever they named before. */
  mark: string | undefined
  log: StoreLog
  /** A clock that only goes forward, in milliseconds. */
  elapsedMs: () => number
}

/** After so many seconds without an announcement, a worker counts as gone. */
const HEARD_SECONDS = Math.ceil((LEASE_MS * 1.5) / 1_000)
const ANNOUNCE = `INSERT INTO workers (worker, wants) VALUES (?, ?) USING TTL ${HEARD_SECONDS}`
const LEAVE = 'DELETE FROM workers WHERE worker = ?'
const WORKERS = 'SELECT worker FROM workers'
const LOOK_AGAIN_MS = 500
/** Shards opened at the same time. */
const AT_ONCE = 8

type Look = { rows: ReadonlyMap<number, ShardRow>; free: readonly number[]; moved: ReadonlySet<number> }

export class ShardAssignment {
  readonly worker = randomUUID()
  readonly shards: number
  readonly owned = new Map<number, OwnedShard>()
  /** Shards that cannot be used as they are, and why. */
  readonly damaged = new Map<number, string>()
  /** How often this worker has taken a shard, given one back, and lost one. */
  readonly handovers = { taken: 0, released: 0, lost: 0 }
  /** Batches committed to shards that this worker owns no longer, but for those that it is giving back. */
  #formerBatches = 0
  readonly #former = new Set<OwnedShard>()
  readonly #options: ShardAssignmentOptions
  readonly #session: Session
  readonly #standstill = new Standstill()
  #versions: readonly RulesVersion[]

  constructor(options: ShardAssignmentOptions) {
    this.#options = options
    this.#session = options.session
    this.shards = options.shards
    this.#versions = options.versions
  }

  /** Batches that this worker has committed to journals. */
  get batches(): number {
    const present = [...this.owned.values(), ...this.#former]
    return present.reduce((sum, { batches }) => sum + batches, this.#formerBatches)
  }

  /** The newest version of the rules that this worker has taken up. */
  get version(): number {
    return this.#versions.length
  }

  /** Takes up later versions: from now on this worker takes shards that move to the newest. */
  adopt(versions: readonly RulesVersion[]): void {
    this.#versions = versions
  }

  /** The shard of `did`; undefined where another worker owns it, or this one has lost it. */
  ownedOf(did: Did): OwnedShard | undefined {
    const owned = this.owned.get(shardOf(did, this.shards))
    return owned?.lost ? undefined : owned
  }

  /**
   * Takes all shards. Waits for the leases of workers that died a moment ago.
   * @throws {StoreBusyError} where a worker is alive
   */
  async takeAll(): Promise<void> {
    for (;;) {
      const { rows, free, moved } = await this.#look()
      const alive = [...rows.values()].find(({ shard, until }) => until !== 0 && moved.has(shard))
      if (alive !== undefined) {
        throw new StoreBusyError(
          `the ledger is being written to by another process, which holds shard ${alive.shard}: stop it first, or let it do the work.`,
        )
      }
      if (free.length === this.shards) {
        await this.#takeSome(rows, free)
        if (this.owned.size === this.shards) return
        await this.release()
        const [why] = this.damaged.values()
        if (why !== undefined) throw new StoreError(why)
        throw new StoreBusyError(
          'another process began to write to the ledger at the same moment: try again.',
        )
      }
      await sleep(LOOK_AGAIN_MS)
    }
  }

  /**
   * Rebalances towards a fair share: drops lost shards, gives back the surplus, takes free ones.
   * @returns whether any shard was taken
   * @throws {RulesChangedError} where a free shard was awarded by other rules
   */
  async settle(): Promise<boolean> {
    await this.#session.write(ANNOUNCE, [this.worker, this.shards])
    for (const [shard, owned] of this.owned) {
      if (!owned.lost) continue
      this.owned.delete(shard)
      owned.drop()
      this.#noLongerOwned(owned, 'lost')
    }
    const workers = await this.#session.readForDecision(WORKERS, [])
    const fair = Math.ceil(this.shards / Math.max(1, workers.length))
    const surplus = [...this.owned.values()].slice(fair)
    for (const owned of surplus) {
      this.owned.delete(owned.shard)
      await this.#release(owned)
    }
    const { rows, free } = await this.#look()
    if (this.owned.size >= fair) return false
    const before = this.owned.size
    await this.#takeSome(rows, free, fair - before)
    return this.owned.size > before
  }

  /** @throws {LeaseLostError} where this worker does not own every shard any more */
  assertAllOwned(): void {
    if (this.owned.size < this.shards || [...this.owned.values()].some(({ lost }) => lost)) {
      throw new LeaseLostError('another worker has taken a part of the ledger meanwhile: run it again.')
    }
  }

  /** Declares by which rules all shards are awarded now. */
  async declareRules(rules: string): Promise<void> {
    this.assertAllOwned()
    await Promise.all([...this.owned.values()].map((owned) => owned.declareRules(rules)))
  }

  async release(): Promise<void> {
    const all = [...this.owned.values()]
    this.owned.clear()
    await Promise.all(all.map((owned) => this.#release(owned)))
    await this.#session.write(LEAVE, [this.worker])
  }

  async #release(owned: OwnedShard): Promise<void> {
    this.#former.add(owned)
    this.#noLongerOwned(owned, (await owned.release()) ? 'released' : 'lost')
  }

  #noLongerOwned(owned: OwnedShard, why: 'released' | 'lost'): void {
    this.handovers[why] += 1
    this.#former.delete(owned)
    this.#formerBatches += owned.batches
  }

  /** Reads all rows, and which shards are free: given back, never owned, ours from before an outage, or of a dead worker. */
  async #look(): Promise<Look> {
    const { elapsedMs } = this.#options
    const sentMs = elapsedMs()
    const all = await readShards(this.#session)
    const { moved, still } = this.#standstill.look(all, { sentMs, arrivedMs: elapsedMs() })
    const rows = new Map(all.map((row) => [row.shard, row]))
    const free = Array.from({ length: this.shards }, (_, shard) => shard).filter((shard) => {
      const row = rows.get(shard)
      if (this.owned.has(shard)) return false
      return row === undefined || row.until === 0 || row.owner === this.worker || still.has(shard)
    })
    return { rows, free, moved }
  }

  async #takeSome(
    rows: ReadonlyMap<number, ShardRow>,
    free: readonly number[],
    max = free.length,
  ): Promise<void> {
    // Workers that start at the same moment begin at different shards, so that they rarely want the same one.
    const begin = free.length === 0 ? 0 : Number.parseInt(this.worker.slice(0, 6), 16) % free.length
    const order = [...free.slice(begin), ...free.slice(0, begin)].slice(0, max)
    for (let at = 0; at < order.length; at += AT_ONCE) {
      const some = order.slice(at, at + AT_ONCE)
      // Waits for all of them, also after one has failed: none may take a shard after this has ended.
      const taken = await Promise.allSettled(some.map((shard) => this.#takeOne(shard, rows.get(shard))))
      for (const result of taken) if (result.status === 'rejected') throw result.reason
    }
  }

  async #takeOne(shard: number, seen: ShardRow | undefined): Promise<void> {
    const { mark, recomputes } = this.#options
    const rules = mark ?? this.#versions.at(-1)?.fingerprint ?? RECOMPUTING
    if (mark === undefined && !(await this.#mayTake(seen, rules))) return
    const outages = this.#session.outages
    const row = await take(this.#session, {
      shard,
      seen,
      owner: this.worker,
      rules,
      until: Math.max((seen?.until ?? 0) + 1, Date.now() + LEASE_MS),
    })
    if (row === undefined) return
    try {
      const owned = await OwnedShard.open(this.#session, row, outages)
      if (recomputes) owned.totals.clearBoards()
      // Nobody is in a new shard.
      if (owned.totals.settled === 0) owned.totals.settled = this.version
      this.owned.set(shard, owned)
      this.handovers.taken += 1
      this.damaged.delete(shard)
    } catch (error) {
      if (!(error instanceof BatchMissingError)) throw error
      // The other shards are not affected. No worker may write this one: its lease runs out, and the next finds the same fault.
      if (this.damaged.get(shard) !== error.message) this.#options.log.warn({ shard }, error.message)
      this.damaged.set(shard, error.message)
    }
  }

  /**
   * Whether a shard of the rules that `seen` names may be taken: those of this worker, or the ones before, whose people are to
   * be moved. A shard that moves on to rules that this worker has not taken up is left alone until it has.
   * @throws {RulesChangedError} where the rules are none of the ledger's versions
   */
  async #mayTake(seen: ShardRow | undefined, rules: string): Promise<boolean> {
    const former = this.#versions.at(-2)?.fingerprint
    if (seen?.rules === undefined || seen.rules === rules || seen.rules === former) return true
    if (await this.#options.isKnown(seen.rules)) return false
    assertRules(seen.rules, rules)
    return false
  }
}
