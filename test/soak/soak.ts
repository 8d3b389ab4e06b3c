// Runs the program on a simulated network, with every fault of the network, the machine and strangers at once. In between and
// at the end the ledger must equal the model.
import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '../../src/atproto/event.ts'
import type { Wish } from '../../src/game/operation.ts'
import { ASLEEP } from '../../src/game/retries.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { HOSTILE } from '../../src/simulator/hostile.ts'
import { Network } from '../../src/simulator/network.ts'
import { Random } from '../../src/simulator/random.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store } from '../../src/store/store.ts'
import { wishOf } from '../../src/store/stored-wish.ts'
import { folder, newestSent, until } from '../e2e/harness.ts'
import { differences } from '../model/differences.ts'
import { Model, type ModelGame } from '../model/model.ts'
import { Truth } from '../model/truth.ts'
import { BAD, disturb, HOUR_MS, MAX_HOURS_AHEAD } from './disturbances.ts'
import { Figures } from './figures.ts'
import { Server } from './server.ts'

export type SoakOptions = {
  minutes: number
  seed: number
  /** Receives a line for each thing that the soak does. */
  say: (line: string) => void
}

const PEOPLE = 400
/** Events a second. */
const RATE = 100
const STEP = 1_000_000 / RATE
/** Events before the program first connects: older than the retention of timelines. */
const HISTORY = 3_000
const RETENTION_MINUTES = 10
/** How long to wait for the network before each move of the server's clock, which ends the pauses between tries. */
const PATIENCE_MS = 1_000
/** How far each move sets the clock ahead: longer than any pause. */
const LONG_PAUSE_MS = 25 * HOUR_MS
/** The most moves before the ledger agrees with the model. Each ends every pause, but a question may need another try. */
const MAX_MOVES = 20
/** The number of people in `DIDS` when not everybody is followed: sometimes too many for a URL. */
const LISTED = { least: 60, most: 150 }
/**
 * How long to wait for anything before the soak fails and names it. On an idle machine it takes seconds; repositories of one
 * server come one after the other, and some of them are slow.
 */
const WAIT_MS = 300_000
/** How much too old an event in the ledger may be if the server's clock was behind; see `differences`. */
const REDATED_MINUTES = 1

const OTHER_RULES = { points: { 'post.alt': 100, like: 5, 'repost.media': 80 } }

/** Runs for `minutes`; rejects with the first differences between the ledger and the model. */
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
  const rulesFile = here.path('rules.json')
  const run = new Soak({ simulator, server, store, db, seed, say, rulesFile })
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
  /** The ledger's file, for state that no reader shows. */
  db: DatabaseSync
}

class Soak {
  readonly figures = new Figures()
  readonly #parts: Parts
  readonly #random: Random
  readonly #truth: Truth
  #otherRules = false
  /** How far ahead the server's clock was last set to end pauses: further than when the questions were put off. */
  #aheadMs = MAX_HOURS_AHEAD * HOUR_MS
  /** Whether the network sends events. */
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
    const listens = async () => (await store.reader.status()).heartbeat?.host !== undefined
    await until('the server listens', listens, WAIT_MS)
    simulator.emit(HISTORY)
    const reached = async () => (await store.reader.status()).cursor?.value ?? 0
    await until(
      'it has heard what was before',
      async () => (await reached()) >= newestSent(simulator),
      WAIT_MS,
    )
    const living = new AbortController()
    const life = this.#live(living.signal)
    try {
      while (performance.now() < end) {
        this.#lives = true
        const { figures } = this
        await disturb(
          { simulator, server, random: this.#random, figures },
          Math.min(performance.now() + 25_000, end),
        )
        await this.#settle()
        say(`${this.figures}`)
      }
      await this.#lookAtEverybody()
    } finally {
      living.abort()
      await life
    }
    await server.stop()
    const verdict = await server.command('verify')
    say(verdict.trim().split('\n').at(-1) ?? '')
    this.figures.add('events', simulator.archive.entries.length)
  }

  /** Emits events at a steady rate while `#lives` is true. */
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

  /** Stops the events, waits until the ledger equals the model, makes one rare change, and waits again. */
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
    const newest = newestSent(simulator, this.#truth.listed)
    await until(
      'everything has arrived',
      async () => {
        await server.assertAlive()
        return ((await store.reader.status()).cursor?.value ?? 0) >= newest
      },
      WAIT_MS,
    ).catch((error: unknown) => {
      throw new Error(`not everything has arrived: ${server.output.slice(-3_000)}`, { cause: error })
    })
    this.#truth.catchUp()
    await this.#lookAtMisled()
    const { model } = this.#truth
    model.prunedBefore = Math.max(
      model.prunedBefore,
      this.#truth.now - (RETENTION_MINUTES - REDATED_MINUTES) * 60_000_000,
    )
    await this.#untilNone(() => differences(store, model, (did) => did === HOSTILE))
    this.#assertPauses()
    const { findings } = await store.auditor.audit(rulebook(NO_CHANGES), () => {})
    if (findings.length > 0)
      throw new Error(`the books do not balance: ${JSON.stringify(findings.slice(0, 5))}`)
    this.figures.add('comparisons')
  }

  /** Asserts that no question is put off for longer than `LONG_PAUSE_MS` past the furthest time that the server's clock has shown. */
  #assertPauses(): void {
    const { db } = this.#parts
    const questions = db.prepare('SELECT max(due) AS latest FROM questions WHERE due < ?').get(ASLEEP)
    const lateMs = Number(questions?.latest) * 1_000 - (Date.now() + this.#aheadMs + LONG_PAUSE_MS)
    if (lateMs > 0) throw new Error(`a question is put off for ${lateMs / HOUR_MS} hours too long`)
  }

  /**
   * The program must believe the AppView about people whose own profile record it has not seen, and asks again when a visitor
   * looks them up, as the soak does here. It shows other people by their own record, whatever the AppView says.
   */
  async #lookAtMisled(): Promise<void> {
    const { misled, network } = this.#parts.simulator
    const { model, listed } = this.#truth
    const toSee = [...misled].filter((did) => {
      // Of those who are away the AppView says nothing; they are looked at when they are back.
      return (listed?.has(did) ?? true) && network.person(did)?.status === 'active'
    })
    const credulous = toSee.filter((did) => model.people.get(did)?.own === undefined)
    for (const did of toSee) misled.delete(did)
    this.figures.add('lies of the AppView that were believed', credulous.length)
    if (credulous.length > 0) await this.#wish('look-up', ...credulous)
  }

  /**
   * Waits until `wrong` finds nothing, and sets the server's clock ahead while questions wait for a later time. Rejects
   * after `MAX_MOVES` moves.
   */
  async #untilNone(wrong: () => Promise<string[]>): Promise<void> {
    const { store, server } = this.#parts
    let found: string[] = []
    let moves = 0
    let clockMs = 0
    let nextMs = performance.now() + PATIENCE_MS
    await until(
      'the network has answered',
      async () => {
        await server.assertAlive()
        found = await wrong()
        if (found.length === 0) return true
        if (performance.now() > nextMs) {
          if (!this.#isAnyPutOff(clockMs)) {
            // All may be asked, or are being asked: a slow answer on a busy machine is no pause.
            await this.#haveItAsk()
            nextMs = performance.now() + PATIENCE_MS
            return false
          }
          if (moves === MAX_MOVES) throw new Error(`the clock has been moved ${moves} times to end pauses`)
          moves += 1
          this.figures.add('clock moves to end pauses')
          this.#aheadMs += LONG_PAUSE_MS
          clockMs = this.#aheadMs
          server.set({ clockMs })
          // Asking has it look at the clock, which it otherwise does every half minute.
          await this.#haveItAsk()
          nextMs = performance.now() + PATIENCE_MS
        }
        await sleep(100)
        return false
      },
      WAIT_MS,
    ).catch(async (error: unknown) => {
      const { waiting, postponed } = await store.reader.status()
      throw new Error(
        `${found.length} differences after ${moves} moves of the clock: ${found.slice(0, 8).join('; ')}; ${JSON.stringify({ waiting, postponed })}; ${server.output.slice(-1_500)}`,
        { cause: error },
      )
    })
    server.set({ clockMs: 0 })
  }

  /** Whether a question about anybody but the hostile account is put off to later than the server's clock shows, which is `clockMs` ahead. */
  #isAnyPutOff(clockMs: number): boolean {
    const { db } = this.#parts
    const now = Math.floor((Date.now() + clockMs) / 1_000)
    const putOff = db.prepare(
      `SELECT 1 FROM questions JOIN actors ON actors.id = questions.actor
         WHERE due > ? AND due < ? AND did <> ? LIMIT 1`,
    )
    return putOff.get(now, ASLEEP, HOSTILE) !== undefined
  }

  async #haveItAsk(): Promise<void> {
    const { store, simulator } = this.#parts
    const { items } = await store.reader.board({ cursor: undefined, around: undefined, limit: 100 })
    // Of others a question may be open, which would begin anew.
    const known = items.find(({ character: { did, profile } }) => {
      return profile?.handle !== undefined && profile.handle === simulator.network.person(did)?.handle
    })
    if (known === undefined) return
    await store.inbox.leave({ kind: 'look-up', did: known.character.did, at: Date.now() * 1_000 })
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
      const kind = this.#random.pick(['hide', 'leave'] as const)
      this.figures.add(kind === 'hide' ? 'people who hide' : 'people who leave')
      await this.#wish(kind, this.#random.pick([...this.#truth.model.people.keys()]))
    },
    async () => {
      const person = this.#truth.model.people.values().find(({ asked }) => asked !== undefined)
      if (person === undefined) return
      this.figures.add('people who return')
      await this.#wish('return', person.did)
    },
    async () => {
      this.figures.add('recomputes by other rules')
      const { server } = this.#parts
      await server.stop()
      this.#otherRules = !this.#otherRules
      await server.command('recompute', ...this.#rulesFlags)
      this.#truth.catchUp()
      this.#truth.model.game = modelGame(this.#otherRules)
      for (const did of [...this.#truth.model.people.keys()]) {
        this.#truth.add({ kind: 'recompute', did, at: this.#truth.now })
      }
      this.#start()
    },
    async () => {
      const { server, store, simulator } = this.#parts
      const listed = this.#truth.listed === undefined ? this.#someOfThem() : undefined
      this.figures.add(listed === undefined ? 'times that everybody is followed again' : 'lists of DIDs')
      await server.stop()
      const { cursor } = await store.reader.status()
      if (cursor?.wire !== 'v2') throw new Error(`Expected a place on v2, got ${JSON.stringify(cursor)}`)
      for (const { did } of simulator.network.people) {
        // What they have said of themselves meanwhile, nobody has heard.
        if (!(this.#truth.listed?.has(did) ?? true)) simulator.misled.add(did)
      }
      this.#truth.catchUp()
      this.#truth.follow(listed, cursor.value)
      this.#start()
    },
  ]

  /** Random people, and all whose repository ingest still has to read: what it finds there depends on when it reads. */
  #someOfThem(): Set<Did> {
    const { db, simulator } = this.#parts
    const asked = db.prepare(
      'SELECT did FROM actors WHERE id IN (SELECT actor FROM questions WHERE kind = 2)',
    )
    const listed = new Set(asked.all().map(({ did }) => did as Did))
    const size = LISTED.least + this.#random.below(LISTED.most - LISTED.least)
    while (listed.size < size) listed.add(this.#random.pick(simulator.network.people).did)
    return listed
  }

  get #rulesFlags(): string[] {
    return this.#otherRules ? ['--rules', this.#parts.rulesFile] : []
  }

  #start(): void {
    const { server } = this.#parts
    const { listed } = this.#truth
    server.flags = [
      ...this.#rulesFlags,
      ...(listed === undefined ? [] : ['--dids', [...listed].join(','), '--import', 'off']),
    ]
    server.start()
  }

  /** Leaves a wish about each of `dids`, waits until the program has fulfilled it, and applies it to the model. */
  async #wish(kind: Wish['kind'], ...dids: Did[]): Promise<void> {
    const { store, db } = this.#parts
    // Revisions of what comes later are greater, and those of what was before are not.
    const { network } = this.#parts.simulator
    const at = Math.max(network.now, ...network.people.map(({ revMicros }) => revMicros))
    for (const did of dids) await store.inbox.leave({ kind, did, at })
    await until(
      'the wishes are fulfilled',
      () => db.prepare('SELECT 1 FROM inbox LIMIT 1').get() === undefined,
      WAIT_MS,
    )
    this.#truth.catchUp()
    for (const did of dids) {
      this.#truth.model.apply(wishOf(kind, { wish: '', did, at }))
    }
    this.#truth.catchUp()
  }

  /** Looks everybody up once more at the end, and asserts that all who are shown have their current handle. */
  async #lookAtEverybody(): Promise<void> {
    const { store, simulator } = this.#parts
    const { network } = simulator
    await this.#wish('look-up', ...this.#truth.model.people.keys())
    // Two may have come to go by the same, of whom one is believed.
    const names = Map.groupBy(network.people, ({ handle }) => handle)
    const alone = network.people.filter(({ handle }) => names.get(handle)?.length === 1)
    await this.#untilNone(async () => {
      const wrong: string[] = []
      for (const { did, handle } of alone) {
        const character = await store.reader.character(did)
        if (character === undefined || character.profile?.handle === handle) continue
        wrong.push(`${did} goes by ${character.profile?.handle}, not ${handle}`)
      }
      return wrong
    })
    await this.#agree()
  }
}

function modelGame(otherRules: boolean): ModelGame {
  const { points, caps, collections } = rulebook(otherRules ? { ...NO_CHANGES, ...OTHER_RULES } : NO_CHANGES)
  return { points, caps, followed: new Set(collections), baseline: 'off', version: 1 }
}
