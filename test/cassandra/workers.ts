// Several real `ingest` processes over one simulated network and one keyspace, and the checks of their ledger.
import assert from 'node:assert/strict'
import { ALL_FAULTS } from '../../src/simulator/faults.ts'
import { Network } from '../../src/simulator/network.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { COUNTER_BEHIND } from '../../src/store/cql/audit.ts'
import type { StoreStatus } from '../../src/store/status.ts'
import type { Store } from '../../src/store/store.ts'
import { flagsFor, isAnswered, newestSent, Program, until } from '../e2e/harness.ts'
import { assertLedgerIsRight } from '../e2e/ledger.ts'
import { type Places, urlOf } from './places.ts'

const SHARDS = '8'
const MAX_AT_ONCE = 150
/** Time-outs, and how often to look: each look takes five requests to nodes that share two cores. */
const WITHIN_MS = 120_000
const LOOK_EVERY_MS = 200

export class Workers implements AsyncDisposable {
  readonly simulator: Simulator
  readonly store: Store
  readonly #places: Places
  readonly #url: string
  readonly #running = new Set<Program>()
  readonly #owned: AsyncDisposableStack

  private constructor(simulator: Simulator, store: Store, places: Places, owned: AsyncDisposableStack) {
    this.simulator = simulator
    this.store = store
    this.#places = places
    this.#url = urlOf(places.address)
    this.#owned = owned
  }

  static async begin(places: Places, seed: number): Promise<Workers> {
    const network = new Network({
      seed,
      actors: 300,
      start: Date.now() * 1000 - 3_600_000_000,
      step: 100_000,
      mix: 'everything',
    })
    await using stack = new AsyncDisposableStack()
    const simulator = stack.use(await startSimulator({ network, seed, faults: { ...ALL_FAULTS, drop: 0 } }))
    const here = await places.place()
    const store = stack.use(await here.open())
    return new Workers(simulator, store, places, stack.move())
  }

  start(): Program {
    const args = ['ingest', ...flagsFor(this.simulator, this.#url), '--shards', SHARDS]
    const program = new Program(args)
    this.#running.add(program)
    void program.ended.then(() => this.#running.delete(program))
    return program
  }

  /** A worker that is known to have begun at the live tip. */
  async startFirst(): Promise<Program> {
    const program = this.start()
    await until(
      `the first worker is connected (${program.output})`,
      async () => (await this.#status())?.heartbeat?.host !== undefined,
      WITHIN_MS,
      LOOK_EVERY_MS,
    )
    return program
  }

  /** How many workers own shards. */
  async owners(): Promise<number> {
    const { rows } = await (await this.#places.connected()).execute(
      `SELECT owner FROM ${this.#places.address.keyspace}.shards`,
    )
    return new Set(rows.map(({ owner }) => owner)).size
  }

  /** Resolves when every shard has reached `seq` in the stream. */
  async reached(seq: number): Promise<void> {
    await until(
      `all shards have reached ${seq} (${[...this.#running].map(({ output }) => output.slice(-500)).join('\n')})`,
      async () => ((await this.#status())?.cursor?.value ?? 0) >= seq,
      WITHIN_MS,
      LOOK_EVERY_MS,
    )
  }

  /**
   * Emits `count` events, 150 at most, once no question about earlier events is open: the simulated network leaves reposted
   * posts unchanged for some 500 events, and the model can know only answers that were given by then.
   */
  async happen(count: number): Promise<void> {
    assert.ok(count <= MAX_AT_ONCE)
    await this.#settled()
    this.simulator.emit(count)
  }

  /** Emits the last events; resolves when all are in the ledger and no question is open. */
  async finish(): Promise<void> {
    await this.happen(100)
    await this.#settled()
  }

  /** Resolves when everything that has happened so far is in the ledger. */
  arrived(): Promise<void> {
    return this.reached(newestSent(this.simulator))
  }

  /** `undefined` if the read failed: the store gives up within seconds, which may be too soon while a node is away. */
  #status(): Promise<StoreStatus | undefined> {
    return this.store.reader.status().catch(() => undefined)
  }

  /** Resolves when all events so far are in the ledger, and no question is open. */
  async #settled(): Promise<void> {
    await this.arrived()
    await until(
      'nothing is asked any more',
      async () => {
        const status = await this.#status()
        return status !== undefined && isAnswered(status)
      },
      WITHIN_MS,
      LOOK_EVERY_MS,
    )
  }

  /** Ends all workers, and compares the ledger with the naive model, before and after the repair. */
  async assertRight(): Promise<void> {
    for (const program of [...this.#running]) assert.equal(await program.kill('SIGTERM'), 0, program.output)
    await assertLedgerIsRight(this.store, this.simulator, ({ what }) => what === COUNTER_BEHIND)
    await using verify = new Program(['verify', '--repair', '--database-url', this.#url])
    assert.equal(await verify.ended, 0, verify.output)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of [...this.#running]) await program.kill('SIGKILL')
    await this.#owned[Symbol.asyncDispose]()
  }
}
