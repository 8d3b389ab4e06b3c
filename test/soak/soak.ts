// The program on a simulated network that does everything a network, a machine and strangers can do to it at once, for as
// long as is wanted; in between and at the end the ledger has to be what the model has.
import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRaw } from '@atcute/tid'
import type { Did } from '../../src/atproto/event.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { ALL_FAULTS, type Faults } from '../../src/simulator/faults.ts'
import { HOSTILE } from '../../src/simulator/hostile.ts'
import { Network } from '../../src/simulator/network.ts'
import { Random } from '../../src/simulator/random.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store } from '../../src/store/store.ts'
import { folder, newestSent, until } from '../e2e/harness.ts'
import { differences } from '../model/differences.ts'
import { Model, type ModelGame } from '../model/model.ts'
import { Truth } from '../model/truth.ts'
import { Figures } from './figures.ts'
import { Server } from './server.ts'

export type SoakOptions = {
  minutes: number
  seed: number
  /** Told of what is done, line by line. */
  say: (line: string) => void
}

const PEOPLE = 400
/** Events a second. */
const RATE = 100
const STEP = 1_000_000 / RATE
/** What has happened before the program first listens: older than what timelines keep. */
const HISTORY = 3_000
const HOUR_MS = 3_600_000
const RETENTION_MINUTES = 10
/** How long the network is waited for before the clock is set ahead, and by how much more each time. */
const PATIENCE_MS = 3_000
const PAUSE_MS = 1_200_000
/** What was put off while the clock was a year ahead is not asked before that year is over: one that is mended needs no more than `PAUSE_MS`. */
const UNMENDED_AHEAD_MS = 367 * 24 * HOUR_MS
/** Minutes of the stream that may be folded, and so pruned, together after a time without it. */
const PRUNED_TOGETHER = 3

/** Everything that a connection and an AppView may do wrong without anything being lost. */
const BAD: Partial<Faults> = {
  ...ALL_FAULTS,
  badTime: 0.002,
  repositories: 0.1,
}
const GOOD: Partial<Faults> = {
  ...{ drop: 0, malformed: 0, hostile: 0, badTime: 0, duplicate: 0, appview: 0, appviewHangs: 0 },
  ...{
    appviewOmits: 0,
    appviewLies: 0,
    appviewBehind: 0,
    repositories: 0,
    silent: false,
    unavailable: false,
  },
}
/** A revision with this clock is the greatest of its microsecond. */
const LAST_CLOCK = 1023
const OTHER_RULES = { points: { 'post.alt': 100, like: 5, 'repost.media': 80 } }

/** Runs until its time is over; rejects with what is wrong. */
export async function soak({ minutes, seed, say }: SoakOptions): Promise<Figures> {
  using here = folder()
  const network = new Network({
    ...{ seed, actors: PEOPLE, mix: 'everything', lasting: true },
    start: (Date.now() - HOUR_MS) * 1_000,
    step: Math.floor((HOUR_MS * 1_000) / (HISTORY * 2)),
  })
  await using simulator = await startSimulator({ network, seed, faults: BAD })
  const [ledger, control] = [here.path('ledger.db'), here.path('control.json')]
  writeFileSync(here.path('rules.json'), JSON.stringify(OTHER_RULES))
  await using server = new Server({ simulator, ledger, control, retention: `${RETENTION_MINUTES}m` })
  await using store = openSqlite({ path: ledger, reserve: 0 })
  using db = new DatabaseSync(ledger, { readOnly: true })
  const wishes = () => Number(db.prepare('SELECT count(*) AS n FROM inbox').get()?.n)
  const rulesFile = here.path('rules.json')
  const run = new Soak({ simulator, server, store, seed, say, rulesFile, wishes })
  await run.whole(minutes)
  return run.figures
}

type Parts = {
  simulator: Simulator
  server: Server
  store: Store
  seed: number
  say: (line: string) => void
  rulesFile: string
  /** How many wishes wait to be fulfilled. */
  wishes: () => number
}

class Soak {
  readonly figures = new Figures()
  readonly #parts: Parts
  readonly #random: Random
  readonly #truth: Truth
  #otherRules = false
  /** How far ahead the server's clock is set where questions wait for their time. */
  #aheadMs = UNMENDED_AHEAD_MS
  /** Whether things happen on the network, and since when they have to be made up for. */
  #lives = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#random = new Random(parts.seed)
    this.#truth = new Truth(new Model(modelGame(false)), parts.simulator)
  }

  async whole(minutes: number): Promise<void> {
    const { server, simulator, store, say } = this.#parts
    const end = performance.now() + minutes * 60_000
    server.start()
    await until('the server listens', async () => (await store.reader.status()).pulse?.host !== undefined)
    simulator.emit(HISTORY)
    // What is folded together is pruned together, so that this must not be folded with what is young.
    await until('it has heard what was before', async () => {
      return ((await store.reader.status()).cursor?.value ?? 0) >= newestSent(simulator)
    })
    const living = new AbortController()
    const life = this.#live(living.signal)
    try {
      while (performance.now() < end) {
        this.#lives = true
        await this.#disturb(Math.min(performance.now() + 25_000, end))
        await this.#settle()
        say(`${this.figures}`)
      }
      await this.#lookAtEverybody()
    } finally {
      living.abort()
      await life
    }
    await server.stop()
    const told = await server.command('verify')
    say(told.trim().split('\n').at(-1) ?? '')
    this.figures.add('events', simulator.archive.entries.length)
  }

  /** Things happen as time goes by, while they may. */
  async #live(signal: AbortSignal): Promise<void> {
    let last = performance.now()
    while (!signal.aborted) {
      await sleep(50, undefined, { signal }).catch(() => {})
      const now = performance.now()
      const due = Math.round(((now - last) / 1_000) * RATE)
      last = now
      if (!this.#lives || due === 0) continue
      const { simulator } = this.#parts
      simulator.network.moveTo(Math.max(simulator.network.now, Date.now() * 1_000), STEP)
      simulator.emit(due)
    }
  }

  /** One thing after the other goes wrong. */
  async #disturb(end: number): Promise<void> {
    const { simulator, server } = this.#parts
    Object.assign(simulator.faults, BAD)
    while (performance.now() < end) {
      await sleep(500 + this.#random.below(2_500))
      await this.#random.pick(this.#disturbances)()
      await server.assertAlive()
    }
    server.set({ clockMs: 0 })
    Object.assign(simulator.faults, GOOD)
  }

  readonly #disturbances: (() => Promise<void>)[] = [
    async () => {
      this.figures.add('kills -9')
      await this.#parts.server.kill()
      this.#parts.server.start()
    },
    async () => {
      this.figures.add('restarts')
      await this.#parts.server.stop()
      this.#parts.server.start()
    },
    async () => {
      this.figures.add('full disks')
      await this.#parts.server.fillDisk()
      this.#parts.server.start()
    },
    async () => {
      this.figures.add('clocks that jump')
      const hours = this.#random.pick([-1, -24 * 400, 2, 24 * 366])
      this.#parts.server.set({ clockMs: hours * HOUR_MS })
      await sleep(1_000 + this.#random.below(3_000))
      this.#parts.server.set({ clockMs: 0 })
    },
    async () => {
      this.figures.add('starts under a wrong clock')
      await this.#parts.server.kill()
      this.#parts.server.set({ clockMs: this.#random.pick([-1, 24 * 366]) * HOUR_MS })
      this.#parts.server.start()
      await sleep(2_000 + this.#random.below(3_000))
      this.#parts.server.set({ clockMs: 0 })
    },
    async () => {
      this.figures.add('times of an AppView that refuses everything')
      await this.#with({ appview: 1 })
    },
    async () => {
      this.figures.add('times of a stream that is refused')
      this.#parts.simulator.faults.drop = 1
      await this.#with({ unavailable: true })
    },
    async () => {
      this.figures.add('times of a stream that falls silent')
      await this.#with({ silent: true })
    },
  ]

  async #with(faults: Partial<Faults>): Promise<void> {
    Object.assign(this.#parts.simulator.faults, faults)
    await sleep(1_000 + this.#random.below(4_000))
    Object.assign(this.#parts.simulator.faults, { ...GOOD, ...BAD })
  }

  /** Nothing happens any more until the ledger is what the model has; then something rare is done to it. */
  async #settle(): Promise<void> {
    this.#lives = false
    await this.#agree()
    await this.#random.pick(this.#wishes)()
    await this.#agree()
  }

  async #agree(): Promise<void> {
    const { store, simulator, server } = this.#parts
    // A connection that had fallen silent goes on with the next event.
    simulator.emit(10)
    const newest = newestSent(simulator)
    await until(
      'everything has arrived',
      async () => {
        await server.assertAlive()
        return ((await store.reader.status()).cursor?.value ?? 0) >= newest
      },
      60_000,
    ).catch((error: unknown) => {
      throw new Error(`not everything has arrived: ${server.output.slice(-3_000)}`, { cause: error })
    })
    this.#truth.catchUp()
    const { model } = this.#truth
    model.prunedBefore = Math.max(
      model.prunedBefore,
      this.#truth.now - (RETENTION_MINUTES - PRUNED_TOGETHER) * 60_000_000,
    )
    let found: string[] = []
    const begun = performance.now()
    this.#aheadMs += PAUSE_MS
    await until(
      'the network has answered',
      async () => {
        found = await differences(store, model, (did) => did === HOSTILE)
        if (found.length > 0) await sleep(500)
        // What got no answer is asked again after minutes; nobody waits for those here.
        if (performance.now() - begun > PATIENCE_MS) server.set({ clockMs: this.#aheadMs })
        return found.length === 0
      },
      // Repositories of one server come one after the other, and some of those are slow.
      180_000,
    ).catch(async (error: unknown) => {
      throw new Error(
        `${found.length} differences: ${found.slice(0, 8).join('; ')}; ${JSON.stringify((await store.reader.status()).waiting)}; ${server.output.slice(-1_500)}`,
        { cause: error },
      )
    })
    server.set({ clockMs: 0 })
    const { findings } = await store.auditor.audit(() => {})
    if (findings.length > 0)
      throw new Error(`the books do not balance: ${JSON.stringify(findings.slice(0, 5))}`)
    this.figures.add('comparisons')
  }

  readonly #wishes: (() => Promise<void>)[] = [
    async () => {
      this.figures.add('people forgotten')
      await this.#wish('forget', this.#random.pick([...this.#truth.model.people.keys()]))
    },
    async () => {
      const forgotten = [...this.#truth.model.people.values()].filter((person) => person.forgotten)
      const [person] = forgotten
      if (person === undefined) return
      this.figures.add('people unforgotten')
      await this.#wish('unforget', person.did)
    },
    async () => {
      this.figures.add('recomputes by other rules')
      const { server, rulesFile } = this.#parts
      await server.stop()
      this.#otherRules = !this.#otherRules
      server.flags = this.#otherRules ? ['--rules', rulesFile] : []
      await server.command('recompute', ...server.flags)
      this.#truth.catchUp()
      this.#truth.model.game = modelGame(this.#otherRules)
      for (const did of [...this.#truth.model.people.keys()]) {
        this.#truth.add({ kind: 'recompute', did, at: this.#truth.now })
      }
      server.start()
    },
  ]

  async #wish(kind: 'forget' | 'unforget', did: Did): Promise<void> {
    const { store } = this.#parts
    // Revisions of what comes later are greater, and those of what was before are not.
    const { network } = this.#parts.simulator
    const at = Math.max(network.now, ...network.people.map(({ revMicros }) => revMicros))
    await store.inbox.leave({ kind, did, at })
    await until('the wish is fulfilled', () => this.#parts.wishes() === 0)
    const wish = { wish: '', did, at }
    this.#truth.add(
      kind === 'unforget' ? { kind, ...wish, floor: createRaw(at, LAST_CLOCK) } : { kind, ...wish },
    )
  }

  /** At the end, whoever can be seen is looked at once more, and then goes by the name that they go by. */
  async #lookAtEverybody(): Promise<void> {
    const { store, simulator } = this.#parts
    const { network } = simulator
    for (const did of this.#truth.model.people.keys()) {
      await store.inbox.leave({ kind: 'look-up', did, at: Date.now() * 1_000 })
    }
    // Two may have come to go by the same, of whom one is believed.
    const names = Map.groupBy(network.people, ({ handle }) => handle)
    const alone = network.people.filter(({ handle }) => names.get(handle)?.length === 1)
    let wrong: string[] = []
    await until(
      'everybody goes by their handle',
      async () => {
        wrong = []
        for (const { did, handle } of alone) {
          const character = await store.reader.character(did)
          if (character === undefined || character.profile?.handle === handle) continue
          wrong.push(`${did} goes by ${character.profile?.handle}, not ${handle}`)
        }
        return wrong.length === 0
      },
      120_000,
    ).catch((error: unknown) => {
      throw new Error(wrong.slice(0, 5).join('; '), { cause: error })
    })
    await this.#agree()
  }
}

function modelGame(otherRules: boolean): ModelGame {
  const { points, collections } = rulebook(otherRules ? { ...NO_CHANGES, ...OTHER_RULES } : NO_CHANGES)
  return { points, followed: new Set(collections), baseline: 'off' }
}
