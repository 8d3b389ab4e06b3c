// Workers on a cluster and one on SQLite read one steady stream. At every point something happens to the cluster's workers or
// their database; in the end both ledgers must have the same records.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Cluster } from '../../dev/cassandra/cluster.ts'
import { addressOf, PORT } from '../../dev/cassandra/settings.ts'
import type { Did } from '../../src/atproto/event.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { pathOf, type RecordState } from '../../src/game/state.ts'
import { nothingTouched } from '../../src/game/touched.ts'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { Network } from '../../src/simulator/network.ts'
import { Random } from '../../src/simulator/random.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store } from '../../src/store/store.ts'
import { flagsFor, folder, newestSent, Program, until } from '../e2e/harness.ts'
import { Places, urlOf } from './places.ts'
import { Relay } from './relay.ts'

export type SoakOptions = {
  cluster: Cluster
  /** Decides the network's events, and which worker each happening meets. */
  seed: number
  /** What happens, one after the other. */
  points: readonly Happening[]
  /** Events a second. */
  rate: number
  say: (line: string) => void
}

/**
 * A worker starts, is killed, ended, or stands still for longer than its lease; the database hangs, or is killed; all
 * connections to it are cut.
 */
export type Happening = 'start' | 'kill' | 'end' | 'pause' | 'hang' | 'crash' | 'cut'

export type SoakResult = {
  records: number
  /** Number of SQLite's records that the cluster lacks, or has in another state. */
  missing: number
  /** Number of the cluster's records that SQLite lacks. */
  surplus: number
  findings: number
  /** The first missing records, as either ledger has them. */
  examples: string[]
}

/** Each kind as often as it happens in fourteen points. */
const HAPPENINGS: readonly Happening[] = [
  ...(['start', 'start', 'start', 'kill', 'kill', 'kill'] as const),
  ...(['end', 'end', 'pause', 'pause', 'hang', 'crash', 'cut', 'cut'] as const),
]
const OF_THE_DATABASE: ReadonlySet<Happening> = new Set<Happening>(['hang', 'crash', 'cut'])
/** How often connections are cut in a row: from the second time on, the workers are just reconnecting. */
const CUTS = 3
const CUT_EVERY_MS = 700
const SHARDS = 8
const MAX_WORKERS = 3
const LEASE_IS_OVER_MS = 9_000
const HOUR_MS = 3_600_000
const CLOCK = fileURLToPath(new URL('./shifted-clock.ts', import.meta.url))
const RULES = rulebook(NO_CHANGES)
/** The message of a worker that ends because the database is away. */
const OUT_OF_REACH = /bsky-rpg: (none of \S+ can be reached|ended without the database)/
/** How long a database that was away may take until everything has arrived, and how often to look. */
const SETTLED_MS = 180_000
const LOOK_EVERY_MS = 200
const MAX_EXAMPLES = 200

/** `count` happenings by a seed. */
export function happenings(seed: number, count: number): Happening[] {
  const random = new Random(seed)
  return Array.from({ length: count }, () => random.pick(HAPPENINGS))
}

/** @throws if a ledger does not catch up, or a worker ends by itself */
export async function soakCluster({ cluster, seed, points, rate, say }: SoakOptions): Promise<SoakResult> {
  await using stack = new AsyncDisposableStack()
  const random = new Random(seed)
  const network = new Network({
    seed,
    actors: 300,
    start: Date.now() * 1000 - 60_000_000,
    // Whole microseconds: a time with a fraction is none, and its frame is skipped.
    step: Math.round(1_000_000 / rate),
    mix: 'everything',
  })
  const simulator = stack.use(await startSimulator({ network, seed, faults: NO_FAULTS }))
  const places = stack.use(new Places(cluster, SHARDS))
  const store = stack.use(await places.open())
  const here = stack.use(folder())
  const path = here.path('ledger.db')
  const reference = stack.use(new Program(['ingest', ...flagsFor(simulator, path)]))
  const relay = stack.use(await Relay.begin(addressOf(1), PORT))
  const url = urlOf({ ...places.address, contactPoints: [relay.address] })
  const workers = stack.use(new Crowd(simulator, url, random))
  workers.start()
  await until('a worker listens', () => listens(store), SETTLED_MS, LOOK_EVERY_MS)
  await until(
    'the reference listens',
    () => reference.output.includes('listening to'),
    SETTLED_MS,
    LOOK_EVERY_MS,
  )
  const pump = stack.use(new Pump(simulator, rate))
  for (const [index, what] of points.entries()) {
    await sleep(1_000 + random.below(3_000))
    say(`${index + 1} of ${points.length}: ${await happen(what, { cluster, relay, workers })}`)
    workers.assertWell()
  }
  await pump[Symbol.asyncDispose]()
  workers.wakeAll()
  if (workers.size === 0) workers.start()
  await until('all workers listen', () => workers.listen(), SETTLED_MS, LOOK_EVERY_MS)
  await until('the cluster has everything', () => hasAll(store, simulator), SETTLED_MS, LOOK_EVERY_MS)
  await workers.endAll()
  await using file = openSqlite({ path, reserve: 0 })
  await until('SQLite has everything', () => hasAll(file, simulator), SETTLED_MS, LOOK_EVERY_MS)
  await reference.kill('SIGTERM')
  const result = await compare(file, store, simulator)
  if (result.missing + result.surplus + result.findings > 0)
    say(`what the workers said: ${workers.keepOutputs()}`)
  return result
}

type Parts = { cluster: Cluster; relay: Relay; workers: Crowd }

async function happen(what: Happening, { cluster, relay, workers }: Parts): Promise<string> {
  // A worker that is left alone gets company before something happens to either.
  if (workers.size < 2 && !OF_THE_DATABASE.has(what)) return workers.start()
  switch (what) {
    case 'start':
      return workers.start()
    case 'kill':
      return workers.end('SIGKILL')
    case 'end':
      return workers.end('SIGTERM')
    case 'pause':
      return workers.pause()
    case 'hang':
      cluster.pause(1)
      await sleep(6_000)
      cluster.resume(1)
      return 'the database hung for six seconds'
    case 'crash':
      await cluster.kill(1)
      await sleep(500)
      await cluster.restart(1)
      return 'the database was killed, and came back'
    case 'cut':
      for (let turn = 0; turn < CUTS; turn++) {
        relay.cut()
        await sleep(CUT_EVERY_MS)
      }
      return `all connections to the database were cut ${CUTS} times`
  }
}

async function listens({ reader }: Store): Promise<boolean> {
  return (await reader.status()).heartbeat?.host !== undefined
}

async function hasAll({ reader }: Store, simulator: Simulator): Promise<boolean> {
  // Reads that are shown to somebody are given up soon; a database that has just come back may be slow.
  const status = await reader.status().catch(() => undefined)
  if (status === undefined || (status.cursor?.value ?? 0) < newestSent(simulator)) return false
  return Object.values(status.waiting).every((n) => n === 0)
}

async function compare(expected: Store, found: Store, { archive }: Simulator): Promise<SoakResult> {
  const events = archive.entries.map(({ event }) => event)
  const dids = new Set(events.map(({ did }) => did))
  const asked = new Set(
    events.filter(({ kind }) => kind === 'sync' || kind === 'account').map(({ did }) => did),
  )
  const [wanted, held] = [await recordsOf(expected, dids, asked), await recordsOf(found, dids, asked)]
  const missing = [...wanted].filter(([path, state]) => held.get(path) !== state)
  const surplus = [...held.keys()].filter((path) => !wanted.has(path))
  const { findings } = await found.auditor.audit(RULES, () => {})
  return {
    records: wanted.size,
    missing: missing.length,
    surplus: surplus.length,
    findings: findings.filter(({ what }) => what !== 'experience counter').length,
    examples: missing
      .slice(0, MAX_EXAMPLES)
      .map(([path, state]) => `${path}: ${state}, here ${held.get(path)}`),
  }
}

/**
 * Every record, by its path. It leaves out a repost's XP, which depends on when ingest looked its subject up, and, for people
 * whose repository was `asked` for, the revision at which a record went: records that a repository lacks go at its revision of
 * that moment, and a deletion that the stream brings later is older.
 */
async function recordsOf(
  store: Store,
  dids: Set<Did>,
  asked: ReadonlySet<Did>,
): Promise<Map<string, string>> {
  await using writer = await store.write({ fingerprint: RULES.fingerprint, purpose: 'keep' })
  const known = await writer.load({ ...nothingTouched(), actors: dids, whole: dids })
  const records = new Map<string, string>()
  for (const did of dids) {
    for (const [id, state] of known.records(did)) {
      records.set(`${did} ${pathOf(id)}`, !state.live && asked.has(did) ? 'gone' : saying(state))
    }
  }
  return records
}

function saying({ rev, live }: RecordState): string {
  return `${rev} ${live ? 'live' : 'gone'}`
}

/** Emits events at a steady rate, ten times a second. */
class Pump implements AsyncDisposable {
  #on = true
  readonly #done: Promise<void>

  constructor(simulator: Simulator, rate: number) {
    this.#done = this.#run(simulator, Math.max(1, Math.round(rate / 10)))
  }

  async #run(simulator: Simulator, each: number): Promise<void> {
    while (this.#on) {
      simulator.emit(each)
      await sleep(100)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#on = false
    await this.#done
  }
}

/** Real `ingest` processes, whose clocks are an hour behind, right, or an hour ahead. */
class Crowd implements AsyncDisposable {
  readonly #simulator: Simulator
  readonly #url: string
  readonly #random: Random
  readonly #running = new Set<Program>()
  readonly #all: Program[] = []
  readonly #paused = new Map<Program, NodeJS.Timeout>()
  readonly #failed: string[] = []

  constructor(simulator: Simulator, url: string, random: Random) {
    this.#simulator = simulator
    this.#url = url
    this.#random = random
  }

  get size(): number {
    return this.#running.size
  }

  start(): string {
    if (this.#running.size >= MAX_WORKERS) return this.end('SIGKILL')
    const shiftMs = this.#random.pick([0, -HOUR_MS, HOUR_MS])
    const args = ['ingest', ...flagsFor(this.#simulator, this.#url), '--shards', String(SHARDS)]
    const program = new Program(args, {
      NODE_OPTIONS: `--import ${CLOCK}`,
      CLOCK_SHIFT_MS: String(shiftMs),
    })
    this.#running.add(program)
    this.#all.push(program)
    void program.ended.then((how) => {
      // One that somebody has ended is not counted any more.
      if (!this.#running.delete(program)) return
      // It began, or stood still, while the database was away: the operator starts another.
      if (how === 1 && OUT_OF_REACH.test(program.output)) return
      this.#failed.push(`${how}: ${program.output.slice(-2_000)}`)
    })
    return `a worker starts whose clock is off by ${shiftMs / HOUR_MS} h`
  }

  end(signal: 'SIGKILL' | 'SIGTERM'): string {
    const program = this.#pick()
    this.#running.delete(program)
    this.#wake(program)
    program.child.kill(signal)
    return `a worker gets ${signal}`
  }

  pause(): string {
    const program = this.#pick()
    if (this.#paused.has(program)) return this.start()
    program.child.kill('SIGSTOP')
    this.#paused.set(
      program,
      setTimeout(() => this.#wake(program), LEASE_IS_OVER_MS),
    )
    return 'a worker stands still for longer than its lease'
  }

  wakeAll(): void {
    for (const program of [...this.#paused.keys()]) this.#wake(program)
  }

  listen(): boolean {
    return [...this.#running].every(({ output }) => output.includes('listening to'))
  }

  /** @throws if a worker has ended by itself */
  assertWell(): void {
    if (this.#failed.length > 0) throw new Error(`a worker has ended: ${this.#failed.join('\n')}`)
  }

  /** @throws if a worker does not end in order within ten seconds */
  async endAll(): Promise<void> {
    this.assertWell()
    for (const program of [...this.#running]) {
      this.#running.delete(program)
      const how = await Promise.race([program.kill('SIGTERM'), sleep(10_000, 'not at all', { ref: false })])
      if (how !== 0) throw new Error(`a worker ends with ${how}: ${program.output.slice(-2_000)}`)
    }
  }

  /** Writes what every worker said into a new folder. @returns its path */
  keepOutputs(): string {
    const kept = mkdtempSync(join(tmpdir(), 'bsky-rpg-soak-failed-'))
    for (const [index, { output }] of this.#all.entries())
      writeFileSync(join(kept, `worker-${index + 1}.log`), output)
    return kept
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wakeAll()
    const all = [...this.#running]
    this.#running.clear()
    for (const program of all) await program.kill('SIGKILL')
  }

  #pick(): Program {
    return this.#random.pick([...this.#running])
  }

  #wake(program: Program): void {
    clearTimeout(this.#paused.get(program))
    if (this.#paused.delete(program)) program.child.kill('SIGCONT')
  }
}
