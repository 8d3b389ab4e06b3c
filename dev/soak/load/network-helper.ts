// The network of a soak: people who never go away, whose events everybody who follows must get; people who do everything; and
// quiet people with a history to import. It also counts, naively, what the ledger has to have in the end.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '../../../src/atproto/event.ts'
import { uriOf } from '../../../src/atproto/uri.ts'
import { NO_CHANGES, rulebook } from '../../../src/game/rulebook.ts'
import { live } from '../../../src/simulator/live.ts'
import { Network } from '../../../src/simulator/network.ts'
import type { Person } from '../../../src/simulator/people.ts'
import { Random } from '../../../src/simulator/random.ts'
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts'
import { newestSent } from '../../../test/e2e/harness.ts'
import { factsOf, REPOST, reasonOf } from '../../../test/model/judge.ts'
import { answer } from './helper.ts'
import { ALWAYS, faultsAt, type Outage } from './outages.ts'

export type NetworkSize = {
  seed: number
  /** They do everything: rename, hide, leave, return, replace their repositories. */
  restless: number
  /** They only post, like, repost, edit and delete. */
  steady: number
  /** They did something long ago, and nothing since. */
  quiet: number
  /** Records of the quiet person who has most. */
  quietRecords: number
}

/** What is live in one collection of a person's repository, and its XP. */
export type Counted = { records: number; experience: number }
/** By collection. */
export type Repository = { did: Did; counts: ReadonlyMap<string, Counted> }

export type NetworkCalls = typeof calls

/** Share of the events that steady people cause. */
const STEADY = 0.7
/** Entries that the host keeps: some minutes. */
const KEEPS = 200_000
const RECORDS_OF_THE_RESTLESS = 200
const HOUR_MICROS = 3_600_000_000
/** Quiet people have done one thing in this time. */
const QUIET_STEP = 600_000_000
/** How often the faults are set. */
const LOOK_MS = 100

const { points, collections } = rulebook(NO_CHANGES)
const followed = new Set<string>(collections)
const end = new AbortController()
let simulator: Simulator
let size: NetworkSize
let running: Promise<unknown> = Promise.resolve()
/** Events since the run began. */
let events = 0

const calls = {
  /** Starts the servers. */
  async start(wanted: NetworkSize) {
    size = wanted
    const { seed, restless, steady, quiet, quietRecords } = size
    const now = Date.now() * 1_000
    const network = new Network({
      seed,
      ...{ actors: restless + steady + quiet, quiet: steady + quiet },
      ...{ start: now - HOUR_MICROS - quiet * quietRecords * QUIET_STEP, step: QUIET_STEP },
      ...{ mix: 'everything', lasting: true, recordsPerPerson: RECORDS_OF_THE_RESTLESS },
    })
    for (const [n, person] of network.people.slice(restless + steady).entries()) {
      const share = Math.ceil((quietRecords * (n + 1)) / quiet)
      while (person.records.size < share) network.act(person)
    }
    simulator = await startSimulator({ network, seed, faults: ALWAYS, keeps: KEEPS })
    const shown = (people: readonly Person[]): Did[] => people.filter(({ shy }) => !shy).map(({ did }) => did)
    const { url, httpUrl } = simulator
    return { url, httpUrl, steady: shown(steadyPeople()), quiet: shown(network.people.slice(-quiet)) }
  },

  /** Has everybody but the quiet ones act once; returns the number of the newest event. */
  async meet() {
    const { network } = simulator
    const active = network.people.slice(0, size.restless + size.steady)
    // The last of them act now: none in the future, by which the program would take its own clock to be wrong.
    network.moveTo((Date.now() - active.length) * 1_000, 1_000)
    simulator.add(active.flatMap((person) => network.first(person)))
    return newestSent(simulator)
  },

  /** Lets so many events happen a second, and the outages, until `finish`. */
  async live({ rate, outages, beganMs }: { rate: number; outages: readonly Outage[]; beganMs: number }) {
    const random = new Random(size.seed ^ 0x2c1b3c6d)
    const { network } = simulator
    const steady = steadyPeople()
    const next = () => {
      if (!random.chance(STEADY)) return network.next()
      // The first of them act the most.
      const person = steady[Math.floor(steady.length * random.next() ** 2)]
      return person === undefined ? [] : network.act(person)
    }
    const emit = (count: number): number => {
      const happened = []
      while (happened.length < count) happened.push(...next())
      simulator.add(happened)
      events += happened.length
      return happened.length
    }
    const clock = (): number => Date.now() * 1_000
    running = Promise.all([
      live({ network, emit }, { rate, clock, signal: end.signal }),
      (async () => {
        while (!end.signal.aborted) {
          Object.assign(simulator.faults, faultsAt(outages, (Date.now() - beganMs) / 1_000))
          await sleep(LOOK_MS)
        }
      })(),
    ])
  },

  /**
   * Ends all that happens; returns the number of the newest event, and what the ledger has to have of everybody: nothing of quiet
   * people, unless they were imported.
   */
  async finish({ imported }: { imported: readonly Did[] }) {
    end.abort()
    await running
    Object.assign(simulator.faults, faultsAt([], 0), { appview: 0 })
    const known = new Set(imported)
    const repositories = simulator.network.people.map(({ did, index, records }): Repository => {
      const isKnown = index < size.restless + size.steady || known.has(did)
      return { did, counts: isKnown ? countsOf(records) : new Map() }
    })
    return { newest: newestSent(simulator), events, repositories }
  },
}

answer(calls)

function steadyPeople(): readonly Person[] {
  return simulator.network.people.slice(size.restless, size.restless + size.steady)
}

function countsOf(records: Person['records']): Map<string, Counted> {
  const counts = new Map<string, Counted>()
  for (const [path, record] of records) {
    const collection = path.slice(0, path.indexOf('/'))
    if (!followed.has(collection)) continue
    const facts = factsOf(collection, record)
    if (collection === REPOST && facts?.subject !== undefined)
      facts.media = simulator.network.subjectMedia(uriOf(facts.subject))
    const counted = counts.getOrInsertComputed(collection, () => ({ records: 0, experience: 0 }))
    counted.records += 1
    counted.experience += points[reasonOf(collection, facts)] ?? 0
  }
  return counts
}
