// People are moved to other rules while ingest goes on, and ingest is killed in mid-move. In the end everything has to be as in
// a ledger that never knew other rules.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import type { CommitEvent, Did } from '../../src/atproto/event.ts'
import { NO_CHANGES, type Rulebook, rulebook } from '../../src/game/rulebook.ts'
import { pathOf } from '../../src/game/state.ts'
import { DAY_SECONDS } from '../../src/game/time.ts'
import { nothingTouched } from '../../src/game/touched.ts'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { Network } from '../../src/simulator/network.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store } from '../../src/store/store.ts'
import { alice, fold, like, post } from '../conformance/operations.ts'
import { game, person, START, tid } from '../game/arbitrary.ts'
import { flagsFor, folder, newestSent, Program, until } from './harness.ts'

const SEED = 23
/** A slow machine, and the lease of a killed worker, which has to run out. */
const WITHIN_MS = 240_000
const FOLDED_AT_ONCE = 500
/** People who are moved as a whole, before and after the one with very many records. */
const OTHERS = 7

export type Changes = Partial<Pick<Rulebook, 'points' | 'caps'>>

export type MovedLedgerOptions = {
  store: Store
  /** A file's path or a URL. */
  ledger: string
  flags?: readonly string[]
  /** On each of so many days, one person likes and posts so often. */
  days: number
  likes: number
  posts: number
  /** Where the move is in the records of somebody who is moved in parts. */
  place: () => Promise<string | undefined>
}

/** A ledger of one person with very many records, and of some others, whose ingest may be killed. */
export class MovedLedger implements AsyncDisposable {
  readonly #options: MovedLedgerOptions
  readonly #simulator: Simulator
  readonly #owned: AsyncDisposableStack
  readonly #rulesFile: string
  #rules = rulebook(NO_CHANGES)
  #program: Program
  /** The second at which something happened last. */
  #now: number

  private constructor(options: MovedLedgerOptions, simulator: Simulator, owned: AsyncDisposableStack) {
    this.#options = options
    this.#simulator = simulator
    this.#owned = owned
    this.#rulesFile = owned.use(folder()).path('rules.json')
    this.#write({})
    this.#now = (options.days - 1) * DAY_SECONDS + DAY_SECONDS / 2
    this.#program = this.#start()
  }

  static async begin(options: MovedLedgerOptions): Promise<MovedLedger> {
    await using stack = new AsyncDisposableStack()
    const network = new Network({ seed: SEED, actors: 1, start: START, step: 1_000_000, mix: 'feed' })
    const simulator = stack.use(await startSimulator({ network, seed: SEED, faults: NO_FAULTS }))
    const made = new MovedLedger(options, simulator, stack.move())
    try {
      await made.#until(
        'ingest is connected',
        async () => (await made.#status()).heartbeat?.host !== undefined,
      )
      simulator.add(early(options))
      await made.#arrived()
    } catch (error) {
      await made[Symbol.asyncDispose]()
      throw error
    }
    return made
  }

  /**
   * Moves everybody, kills ingest `kills` times at places that `isThere` accepts, each of them another, and resolves when the
   * move has ended. The person with very many records goes on before, between and after.
   */
  async move(changes: Changes, kills: number, isThere: (place: string) => boolean): Promise<void> {
    const { store, place } = this.#options
    this.#write(changes)
    this.#act()
    await store.rules.leave({ fingerprint: this.#rules.fingerprint, titles: this.#rules.titles })
    const seen = new Set<string>()
    while (seen.size < kills) {
      await this.#until(`the move is at another place than ${[...seen]}`, async () => {
        const at = await place()
        if (at === undefined) assert.ok(!(await this.#hasMoved()), `it has ended after ${seen.size} kills`)
        return at !== undefined && isThere(at) && !seen.has(at)
      })
      this.#act()
      assert.equal(await this.#program.kill('SIGKILL'), 'SIGKILL')
      const at = await place()
      assert.ok(at !== undefined && isThere(at), `ingest was killed in mid-move, at ${at}`)
      seen.add(at)
      this.#act()
      this.#program = this.#start()
    }
    await this.#until('the move has ended', () => this.#hasMoved())
    this.#act()
    await this.#arrived()
  }

  /** Ends ingest, and compares every record with a ledger in which the newest rules have been in force all along. */
  async assertCountedAnew(): Promise<void> {
    const { store, ledger } = this.#options
    assert.equal(await this.#program.kill('SIGTERM'), 0, this.#program.output)
    const url = ledger.includes('://') ? ledger : `sqlite:${ledger}`
    await using verify = new Program(['verify', '--database-url', url, '--rules', this.#rulesFile])
    assert.equal(await verify.ended, 0, verify.output)
    using place = folder()
    await using anew = openSqlite({ path: place.path('anew.db'), reserve: 0 })
    const events = this.#simulator.archive.entries.map(({ event }) => event)
    {
      await using writer = await anew.write({ fingerprint: this.#rules.fingerprint, purpose: 'keep' })
      const by = { ...game, rules: this.#rules }
      for (let at = 0; at < events.length; at += FOLDED_AT_ONCE)
        await fold(writer, events.slice(at, at + FOLDED_AT_ONCE), undefined, by)
    }
    const dids = new Set(events.map(({ did }) => did))
    const [expected, found] = [await this.#read(anew, dids), await this.#read(store, dids)]
    assert.equal(found.records.size, expected.records.size)
    const differ = [...expected.records].filter(([path, state]) => found.records.get(path) !== state)
    assert.deepEqual(
      differ.slice(0, 5).map(([path, state]) => [path, state, found.records.get(path)]),
      [],
      `${differ.length} of ${expected.records.size} records differ`,
    )
    assert.deepEqual(found.people, expected.people)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.kill('SIGKILL')
    await this.#owned[Symbol.asyncDispose]()
  }

  #write(changes: Changes): void {
    this.#rules = rulebook({ ...NO_CHANGES, ...changes })
    writeFileSync(this.#rulesFile, JSON.stringify(changes))
  }

  #start(): Program {
    const { ledger, flags = [] } = this.#options
    return new Program([
      ...['ingest', ...flagsFor(this.#simulator, ledger), ...flags],
      ...['--rules', this.#rulesFile],
    ])
  }

  /** New records on the latest day, and the end of an early one on each of the days. */
  #act(): void {
    const { days } = this.#options
    const made = [1, 2, 3].flatMap((n) => [post(alice, this.#now + n), like(alice, this.#now + n)])
    this.#now += 10
    const nth = this.#simulator.archive.entries.filter(
      ({ event }) => event.kind === 'commit' && event.op === 'delete',
    ).length
    const removed = Array.from({ length: days }, (_, day) => {
      const { did, collection, rkey } = post(alice, day * DAY_SECONDS + Math.floor(nth / days))
      const at = START + this.#now * 1_000_000
      return { kind: 'commit', did, collection, rkey, at, rev: tid(this.#now), op: 'delete' } as const
    })
    this.#simulator.add([...made, ...removed.map((event) => ({ ...event, record: undefined }))])
  }

  /** Every record, by its path, and what follows from a person's records. */
  async #read(store: Store, dids: Set<Did>) {
    await using writer = await store.write({ fingerprint: this.#rules.fingerprint, purpose: 'keep' })
    const known = await writer.load({ ...nothingTouched(), actors: dids, whole: dids })
    const records = new Map<string, string>()
    const people = [...dids].map((did) => {
      for (const [id, { rev, live, at, xp, capped }] of known.records(did))
        records.set(`${did} ${pathOf(id)}`, JSON.stringify({ rev, live, at, xp, capped }))
      const { experience, counts, running, earlier } = known.actor(did) ?? assert.fail(did)
      return { did, experience, counts, running, earlier, days: known.days(did), granted: known.granted(did) }
    })
    return { records, people }
  }

  async #hasMoved(): Promise<boolean> {
    const { versions, move } = await this.#options.store.rules.state()
    return versions.at(-1)?.fingerprint === this.#rules.fingerprint && move === undefined
  }

  #status() {
    return this.#options.store.reader.status()
  }

  async #arrived(): Promise<void> {
    const newest = newestSent(this.#simulator)
    await this.#until(
      `everything up to ${newest} has arrived`,
      async () => ((await this.#status()).cursor?.value ?? 0) >= newest,
    )
  }

  async #until(what: string, condition: () => Promise<boolean>): Promise<void> {
    await until(
      what,
      () => {
        assert.ok(!this.#program.hasEnded, this.#program.output)
        return condition()
      },
      WITHIN_MS,
    )
  }
}

/** What happens before the rules change, in the order of time. */
function early({ days, likes, posts }: MovedLedgerOptions): CommitEvent[] {
  return Array.from({ length: days }, (_, day) => {
    const from = day * DAY_SECONDS
    const own = [
      ...Array.from({ length: likes }, (_, n) => like(alice, from + n)),
      ...Array.from({ length: posts }, (_, n) => post(alice, from + n)),
    ]
    const others = Array.from({ length: OTHERS }, (_, n) => post(person(n + 1), from + n))
    return [...others, ...own].sort((a, b) => a.at - b.at)
  }).flat()
}
