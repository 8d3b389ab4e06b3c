// Which shards this worker owns, and how many it should: workers announce themselves, and each takes what is free up to an
// equal part and gives back what is more.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { StoreBusyError } from '../store.ts'
import { isFree, LEASE_MS, readShards, type ShardRow, take } from './leases.ts'
import type { Session } from './session.ts'
import { OwnedShard } from './shard.ts'
import { numberOf } from './values.ts'

export type CrewOptions = {
  session: Session
  shards: number
  nowMs: () => number
}

/** A worker that was not heard of for so long is gone, in seconds. */
const HEARD_SECONDS = Math.ceil((LEASE_MS * 1.5) / 1_000)
const ANNOUNCE = `INSERT INTO workers (worker, wants) VALUES (?, ?) USING TTL ${HEARD_SECONDS}`
const LEAVE = 'DELETE FROM workers WHERE worker = ?'
const WORKERS = 'SELECT worker, wants FROM workers'
const LOOK_AGAIN_MS = 500
/** Shards opened at the same time. */
const AT_ONCE = 8

export class Crew {
  readonly worker = randomUUID()
  readonly shards: number
  readonly owned = new Map<number, OwnedShard>()
  readonly #session: Session
  readonly #nowMs: () => number

  constructor({ session, shards, nowMs }: CrewOptions) {
    this.#session = session
    this.shards = shards
    this.#nowMs = nowMs
  }

  /**
   * Takes everything.
   * @throws {StoreBusyError} where a worker is alive; whose lease only has not run out yet is waited for
   */
  async takeAll(): Promise<void> {
    const first = new Map((await readShards(this.#session)).map((row) => [row.shard, row]))
    for (;;) {
      const rows = await readShards(this.#session)
      const held = rows.filter((row) => !isFree(row, this.#nowMs()))
      const alive = held.find((row) => row.until !== first.get(row.shard)?.until)
      if (alive !== undefined) {
        throw new StoreBusyError(
          `the ledger is being written to by another process, which holds shard ${alive.shard}: stop it first, or let it do the work.`,
        )
      }
      if (held.length === 0) {
        await this.#takeSome(rows, this.shards)
        if (this.owned.size === this.shards) return
        await this.release()
        throw new StoreBusyError(
          'another process began to write to the ledger at the same moment: try again.',
        )
      }
      await sleep(LOOK_AGAIN_MS)
    }
  }

  /**
   * Comes closer to an equal part: drops what was lost, gives back what is too much, takes what is free.
   * @returns whether anything was taken
   */
  async settle(): Promise<boolean> {
    await this.#session.write(ANNOUNCE, [this.worker, this.shards])
    for (const [shard, owned] of this.owned) if (owned.lost) this.owned.delete(shard)
    const workers = await this.#session.read(WORKERS, [])
    const fair = Math.ceil(this.shards / Math.max(1, workers.length))
    const surplus = [...this.owned.values()].slice(fair)
    for (const owned of surplus) {
      this.owned.delete(owned.shard)
      await owned.release()
    }
    if (this.owned.size >= fair) return false
    const before = this.owned.size
    await this.#takeSome(await readShards(this.#session), fair - before)
    return this.owned.size > before
  }

  async release(): Promise<void> {
    const all = [...this.owned.values()]
    this.owned.clear()
    await Promise.all(all.map((owned) => owned.release()))
    await this.#session.write(LEAVE, [this.worker])
  }

  async #takeSome(rows: readonly ShardRow[], most: number): Promise<void> {
    const known = new Map(rows.map((row) => [row.shard, row]))
    const free: number[] = []
    for (let shard = 0; shard < this.shards; shard++) {
      const row = known.get(shard)
      if (!this.owned.has(shard) && (row === undefined || isFree(row, this.#nowMs()))) free.push(shard)
    }
    // Those who begin at the same moment begin at different places.
    const begin = free.length === 0 ? 0 : numberOf(Number.parseInt(this.worker.slice(0, 6), 16)) % free.length
    const order = [...free.slice(begin), ...free.slice(0, begin)].slice(0, most)
    for (let at = 0; at < order.length; at += AT_ONCE) {
      await Promise.all(order.slice(at, at + AT_ONCE).map((shard) => this.#takeOne(shard, known.get(shard))))
    }
  }

  async #takeOne(shard: number, seen: ShardRow | undefined): Promise<void> {
    const row = await take(this.#session, { shard, seen, owner: this.worker, nowMs: this.#nowMs() })
    if (row === undefined) return
    this.owned.set(shard, await OwnedShard.open(this.#session, row, this.#nowMs))
  }
}
