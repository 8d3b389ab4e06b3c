// A thousand clients that follow the stream of events, each from an address of its own, as from behind a proxy on this machine.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '../../../src/atproto/event.ts'
import { Random } from '../../../src/simulator/random.ts'
import { addressOf } from './addresses.ts'
import { type Behaviour, Follower } from './follower.ts'
import { answer } from './helper.ts'
import { PageFollower } from './page-follower.ts'
import { Timings } from './timings.ts'

export type CrowdSize = {
  /** Clients of the stream, of every behaviour. */
  streams: number
  /** Clients that read the events page by page. */
  pages: number
  /** How long they take to come, in milliseconds. */
  comeMs: number
  /** How long clients stay that resume: so long, and up to twice that, in milliseconds. */
  stayMs: number
  /** How long clients that stall read, as above, and how long they then read nothing. */
  readMs: number
  stallMs: number
}

export type CrowdCalls = typeof calls

/** How clients behave, by the last two digits of their number: those below 15 resume, the next one stalls. */
const IN_A_HUNDRED: readonly [Behaviour, number][] = [
  ['resumes', 15],
  ['stalls', 16],
  ['samples', 26],
  ['follows', 100],
]
/** One in so many clients follows everybody: a thousand of them would be sent half a gigabyte a second. */
const EVERYBODY = 50
/** People whom the others follow. */
const FOLLOWED = 10
/** How soon everybody must have heard of the last event: the server tells places after 15 s of silence. */
const ARRIVE_MS = 90_000
const LOOK_MS = 100

const end = new AbortController()
const left = new AbortController()
let followers: Follower[] = []
let readers: PageFollower[] = []
let timings = new Timings(Date.now())
let running: Promise<unknown>[] = []

const calls = {
  /** Has the crowd come, and stay until `finish`. */
  async come({
    url,
    steady: names,
    seed,
    size,
    beganMs,
  }: {
    url: string
    steady: readonly Did[]
    seed: number
    size: CrowdSize
    beganMs: number
  }) {
    const random = new Random(seed)
    const steady = new Map(names.map((did, at) => [did, at]))
    timings = new Timings(beganMs)
    readers = Array.from({ length: size.pages }, (_, n) => {
      return new PageFollower({ url, address: addressOf(n), steady })
    })
    followers = Array.from({ length: size.streams }, (_, n) => {
      const behaviour = behaviourOf(n)
      const all = behaviour === 'stalls' || (behaviour !== 'samples' && n % EVERYBODY === 0)
      const some = new Set(Array.from({ length: FOLLOWED }, () => random.below(names.length)))
      const actors = all ? undefined : [...some]
      const arrived = (ms: number): void => timings.add('event to client', ms)
      return new Follower(
        { ...{ url, behaviour, actors, steady, arrived }, address: addressOf(size.pages + n) },
        names,
      )
    })
    running = readers.map((reader) => reader.run(left.signal))
    for (const follower of followers) {
      running.push(follower.run(), behave(follower, random, size))
      await sleep(size.comeMs / size.streams)
    }
  },

  /** Waits until everybody has heard of everything up to the event `last`; returns what they saw, and has them leave. */
  async finish({ last }: { last: number }) {
    end.abort()
    const all = [...followers.filter(({ behaviour }) => behaviour !== 'samples'), ...readers]
    const reached = (): boolean => all.every((client) => (client.last ?? 0) >= last)
    for (const until = performance.now() + ARRIVE_MS; !reached() && performance.now() < until; )
      await sleep(LOOK_MS)
    for (const follower of followers) follower.leave()
    left.abort()
    await Promise.all(running)
    return {
      followers: followers.map(({ report }) => report),
      readers: readers.map(({ report }) => report),
      timings: timings.list,
    }
  },
}

answer(calls)

function behaviourOf(n: number): Behaviour {
  const place = n % 100
  return IN_A_HUNDRED.find(([, below]) => place < below)?.[0] ?? 'follows'
}

async function behave(follower: Follower, random: Random, size: CrowdSize): Promise<void> {
  const pause = (ms: number) =>
    sleep(ms + random.below(ms), undefined, { signal: end.signal }).catch(() => {})
  while (!end.signal.aborted) {
    switch (follower.behaviour) {
      case 'resumes':
        await pause(size.stayMs)
        if (!end.signal.aborted) follower.drop()
        break
      case 'stalls':
        await pause(size.readMs)
        if (!end.signal.aborted) await follower.stall(size.stallMs, () => reference()?.bytes ?? 0, end.signal)
        break
      case 'follows':
      case 'samples':
        return
    }
  }
}

/** A client that reads everything. */
function reference(): Follower | undefined {
  return followers.find(({ seesAll }) => seesAll)
}
