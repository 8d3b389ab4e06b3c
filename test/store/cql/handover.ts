// Shards that change hands while a stream goes on, in random orders: workers take, fold, give back, stand still and die;
// answers are lost, or come late; the database goes back to a moment before. Whatever happens, nothing is skipped.
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import {
  type Cursor,
  type Did,
  type Micros,
  placeInTime,
  type StreamEvent,
} from '../../../src/atproto/event.ts'
import { Ledger } from '../../../src/ingest/ledger.ts'
import { Random } from '../../../src/simulator/random.ts'
import { COUNTER_BEHIND } from '../../../src/store/cql/audit.ts'
import type { Store, Writer } from '../../../src/store/store.ts'
import { compare } from '../../conformance/compare.ts'
import { cursorOf } from '../../conformance/operations.ts'
import { game, LIKE, person, REPOST, START, stream, tid } from '../../game/arbitrary.ts'
import { MemoryLedger } from '../../memory-ledger.ts'
import { type MemoryClient, MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

const SHARDS = 3
const WORKERS = 3
const STEPS = 40
const LEASE_IS_OVER_MS = 9_000
const HEARTBEAT = { at: 0, lag: 0, host: undefined }
const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep', company: 'others' } as const

/** A first like by everybody: events about people who have done nothing yet count only when they come a second time. */
const BORN = [0, 1, 2, 3].map(
  (n): StreamEvent => ({
    kind: 'commit',
    op: 'create',
    did: person(n),
    at: START - 1_000_000,
    rev: tid(1),
    collection: LIKE,
    rkey: tid(50),
    record: { subject: { uri: 'at://x' } },
  }),
)

/** Streams without reposts: their XP depends on when a worker looks the post up. All else is the same whichever worker folds it. */
const events = stream.map((all) => [
  ...BORN,
  ...all.filter((event) => event.kind !== 'commit' || event.collection !== REPOST),
])

/** The property that no event is skipped, in whatever order workers take shards, fold, get answers, lose leases and die. */
export const skipsNothing = fc.asyncProperty(events, fc.nat(), async (all, seed) => {
  await using world = await World.begin(all, seed)
  for (let step = 0; step < STEPS; step++) await world.step()
  await world.finish()
  const expected = new MemoryLedger()
  for (const event of all) expected.fold(game, [event])
  await compare(world.store, expected, ({ what }) => what === COUNTER_BEHIND)
})

/** One cluster, and workers that read the same stream. */
class World implements AsyncDisposable {
  readonly store: Store
  readonly #cluster: MemoryCluster
  readonly #events: readonly StreamEvent[]
  readonly #random: Random
  readonly #workers: (Worker | undefined)[] = Array.from({ length: WORKERS })
  /** The monotonic clock of all workers, in milliseconds. */
  #now = 0
  #troubles = 0.03
  #before: ReturnType<MemoryCluster['snapshot']>

  private constructor(cluster: MemoryCluster, store: Store, events: readonly StreamEvent[], seed: number) {
    this.#cluster = cluster
    this.store = store
    this.#events = events
    this.#random = new Random(seed)
    this.#before = cluster.snapshot()
  }

  static async begin(events: readonly StreamEvent[], seed: number): Promise<World> {
    const cluster = new MemoryCluster()
    const store = await openOn(cluster, { shards: SHARDS })
    const world = new World(cluster, store, events, seed)
    // All of the stream is promised from here on, though nothing of it is committed yet.
    const first = await Worker.start(cluster, {
      events,
      host: 'a.test',
      behind: 0,
      elapsedMs: () => world.#now,
      tip: () => 0,
    })
    await first.begin()
    world.#workers[0] = first
    world.#before = cluster.snapshot()
    cluster.fate = (cql) => world.#fate(cql)
    return world
  }

  async step(): Promise<void> {
    const random = this.#random
    this.#now += random.below(3_000)
    const which = random.below(WORKERS)
    const worker = this.#workers[which]
    const what = random.below(20)
    if (worker === undefined) {
      // One that cannot begin in the middle of troubles is started again.
      if (what < 10) this.#workers[which] = await this.#start().catch(() => undefined)
      return
    }
    if (worker.failed) {
      worker.die()
      this.#workers[which] = undefined
    } else if (what < 9) {
      // What run.ts does: one after the other, and whatever comes first.
      const size = 1 + random.below(6)
      if (random.chance(0.5)) worker.beat()
      worker.queue(size)
      if (random.chance(0.3)) worker.queue(size)
      await this.#rest(worker)
    } else if (what < 13) {
      worker.beat()
      await this.#rest(worker)
    } else if (what < 14) {
      worker.die()
      this.#workers[which] = undefined
    } else if (what < 15) {
      worker.client.wake()
      await worker.end()
      this.#workers[which] = undefined
    } else if (what < 16) worker.client.pause()
    else if (what < 17) worker.client.wake()
    else if (what < 18) this.#cluster.carryOut(random.below(5))
    else if (what < 19) this.#now += LEASE_IS_OVER_MS
    else if (random.chance(0.5)) this.#before = this.#cluster.snapshot()
    else this.#cluster.restore(this.#before)
  }

  /** Ends the faults, and lets a new worker bring all shards to the end of the stream. */
  async finish(): Promise<void> {
    this.#troubles = 0
    while (this.#cluster.carryOut(0)) this.#now += 1
    for (const worker of this.#workers) worker?.die()
    const last = await this.#start()
    for (let look = 0; look < 4; look++) {
      this.#now += LEASE_IS_OVER_MS
      // The worker that died has not announced itself for long.
      this.#cluster.nowMs += 60_000
      last.beat()
      await last.rest()
    }
    assert.ok(BORN.every(({ did }) => last.owns(did)))
    await last.deliver(this.#events.length)
    assert.equal(last.failed, undefined)
    await last.end()
  }

  /** Waits until a worker has done all its work or is paused: as far as it can come in one turn. */
  async #rest(worker: Worker): Promise<void> {
    await (worker.client.paused ? nextTurn() : worker.rest())
  }

  #start(): Promise<Worker> {
    // The network goes on: a worker that knows no place in the stream begins somewhere in its middle.
    const tip = () => this.#random.below(this.#events.length)
    return Worker.start(this.#cluster, {
      events: this.#events,
      host: this.#random.pick(['a.test', 'b.test'] as const),
      behind: this.#random.pick([0, HOUR_MICROS]),
      elapsedMs: () => this.#now,
      tip,
    })
  }

  #fate(cql: string) {
    if (!this.#random.chance(this.#troubles)) return 'fine'
    // What only reads cannot be late.
    const isRead = cql.startsWith('SELECT')
    return this.#random.pick(isRead ? (['lost'] as const) : (['lost', 'unanswered', 'late'] as const))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]()
  }
}

type Stream = {
  events: readonly StreamEvent[]
  /** The host that the worker reads from: each counts the same events from another number on. */
  host: keyof typeof HOSTS
  /** By how much the worker's clock is behind, in microseconds: it dates what comes first of a stream by that. */
  behind: Micros
  elapsedMs: () => number
  /** Where the stream begins for a worker without a cursor. */
  tip: () => number
}

const HOUR_MICROS: Micros = 3_600_000_000
/** By host, how much its numbers of events are ahead of ours. */
const HOSTS = { 'a.test': 0, 'b.test': 10_000 } as const

/** One process: it reads the stream from its writer's cursor, and begins anew when that has moved. */
class Worker {
  readonly client: MemoryClient
  failed: unknown
  readonly #writer: Writer
  readonly #ledger: Ledger
  readonly #events: readonly StreamEvent[]
  readonly #host: Stream['host']
  readonly #behind: Micros
  readonly #tip: () => number
  #moved: AbortSignal
  #at = 0
  #begun = false
  /** Whether what came since the stream began has shown that the clock is behind. */
  #isConfirmed = false
  #turns: Promise<unknown> = Promise.resolve()

  private constructor(
    client: MemoryClient,
    writer: Writer,
    { events, host, behind, tip }: Omit<Stream, 'elapsedMs'>,
  ) {
    this.client = client
    this.#writer = writer
    this.#moved = writer.moved
    this.#ledger = new Ledger({ game, writer, folded: () => {} })
    this.#events = events
    this.#host = host
    this.#behind = behind
    this.#tip = tip
  }

  static async start(cluster: MemoryCluster, { elapsedMs, ...stream }: Stream): Promise<Worker> {
    const client = cluster.client()
    try {
      const store = await openOn(cluster, { shards: SHARDS, elapsedMs, firstWaitMs: 1 }, client)
      const worker = new Worker(client, await store.write(KEEP), stream)
      await worker.#subscribe()
      return worker
    } catch (error) {
      // A process that cannot begin ends, and all that it had under way with it.
      client.pause()
      throw error
    }
  }

  /** Has the next `size` events folded when their turn comes. */
  queue(size: number): void {
    const at = this.#at
    if (!this.#begun) this.#then(this.begin())
    const piece = this.#events.slice(at, at + size)
    this.#at = Math.min(this.#events.length, at + size)
    this.#then(this.#ledger.fold(piece, this.#cursor(this.#isConfirmed ? 0 : this.#behind)))
    this.#isConfirmed = true
  }

  /** Remembers where the stream begins, before the first of its events is folded. */
  async begin(): Promise<void> {
    this.#begun = true
    const { at } = this.#cursor(this.#behind)
    await this.#ledger.use((writer) => writer.begin(placeInTime(at)))
  }

  beat(): void {
    this.#then(this.#ledger.use((writer) => writer.beat(HEARTBEAT)))
  }

  async deliver(size: number): Promise<void> {
    await this.#beginAnew()
    this.queue(size)
    await this.rest()
  }

  /** Finishes all its work; if it has taken shards that are further back, the stream begins anew at their place. */
  async rest(): Promise<void> {
    await this.#turns
    await this.#beginAnew()
  }

  async end(): Promise<void> {
    await this.rest()
    try {
      await this.#writer[Symbol.asyncDispose]()
    } catch (error) {
      this.failed ??= error
    }
  }

  owns(did: Did): boolean {
    return this.#writer.owns(did)
  }

  die(): void {
    this.client.pause()
  }

  async #beginAnew(): Promise<void> {
    if (!this.#moved.aborted) return
    await this.#subscribe()
  }

  async #subscribe(): Promise<void> {
    this.#moved = this.#writer.moved
    const cursor = await this.#ledger.use((writer) => writer.cursor())
    this.#begun = cursor !== undefined
    this.#isConfirmed = false
    this.#at = cursor === undefined ? this.#tip() : this.#indexOf(cursor)
  }

  /** The cursor that the host gives out here, dated by a clock that is `behind`. */
  #cursor(behind: Micros): Cursor {
    const { value, at, ...of } = cursorOf(this.#at)
    return { ...of, host: this.#host, value: value + HOSTS[this.#host], at: at - behind }
  }

  /** How many events come before `cursor`, or have been witnessed by that time: another host's number says nothing here. */
  #indexOf({ host, value, at }: Cursor): number {
    return host === this.#host ? value - HOSTS[host] : Math.max(0, Math.floor((at - START) / 1_000_000))
  }

  #then(turn: Promise<unknown>): void {
    this.#turns = Promise.all([this.#turns, turn]).catch((error: unknown) => {
      this.failed ??= error
    })
  }
}
