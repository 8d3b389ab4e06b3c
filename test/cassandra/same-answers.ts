// One simulated network, read into both stores at once; the API has to answer the same over either.
import assert from 'node:assert/strict'
import { pino } from 'pino'
import type { Did } from '../../src/atproto/event.ts'
import { APPVIEW_SHARES, type AppView, openAppView } from '../../src/bluesky/appview.ts'
import { Pace } from '../../src/bluesky/pace.ts'
import { openRepositories, type Repositories } from '../../src/bluesky/repositories.ts'
import type { QuestionKind } from '../../src/game/question.ts'
import { IngestMetrics } from '../../src/ingest/metrics.ts'
import { runIngest } from '../../src/ingest/run.ts'
import { Network } from '../../src/simulator/network.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import type { Store } from '../../src/store/store.ts'
import { build } from '../api/harness.ts'
import { newestSent, until } from '../e2e/harness.ts'
import { game } from '../game/arbitrary.ts'

const SEED = 31
/** Events that happen before the network answers; few enough that one call to it has room for all posts in question. */
const AT_ONCE = 100
const TURNS = 12

/** Feeds both ledgers the same stream, and compares the API's answers over them. */
export async function assertSameAnswers(one: Store, other: Store): Promise<void> {
  const network = new Network({
    seed: SEED,
    actors: 150,
    start: 1_750_000_000_000_000,
    // Weeks and months end meanwhile.
    step: 1_800_000_000,
    mix: 'everything',
  })
  const faults = { duplicate: 0.02, malformed: 0.02, reorder: 0.05 }
  await using simulator = await startSimulator({ network, seed: SEED, faults })
  const gate = new Gate()
  const end = new AbortController()
  const stores = [one, other]
  const running = stores.map((store) => ingest(store, simulator, gate, end.signal))
  // Whichever fails is told of at the end; until then the waiting below gives it away.
  for (const ended of running) ended.catch(() => {})
  try {
    await all(
      stores,
      'both listen',
      async (store) => (await store.reader.status()).heartbeat?.host !== undefined,
    )
    for (let turn = 0; turn < TURNS; turn++) {
      simulator.emit(AT_ONCE)
      await all(stores, 'everything has arrived', async (store) => {
        return ((await store.reader.status()).cursor?.value ?? 0) >= newestSent(simulator)
      })
      // One kind after the other, so that both ledgers hear of the same in the same order.
      for (const kind of ['subject', 'repository', 'profile'] as const) {
        gate.open(kind)
        await all(
          stores,
          `no ${kind} is asked for`,
          async (store) => (await store.reader.status()).waiting[kind] === 0,
        )
        gate.close(kind)
      }
    }
  } finally {
    // Also where the waiting was in vain: they would listen for ever.
    end.abort()
    await Promise.allSettled(running)
  }
  await Promise.all(running)
  const dids = network.people.map(({ did }) => did)
  const expected = await answersOf(one, dids)
  const found = await answersOf(other, dids)
  const differ = Object.keys(expected).filter((url) => expected[url] !== found[url])
  assert.deepEqual(
    differ.slice(0, 2).map((url) => [url, ...whereTheyPart(expected[url] ?? '', found[url] ?? '')]),
    [],
    `${differ.length} answers differ`,
  )
  const shown = Object.values(expected).filter((answer) => answer.startsWith('200'))
  assert.ok(shown.length > 500, `${shown.length} answers are enough for the comparison to mean something`)
}

async function ingest(store: Store, simulator: Simulator, gate: Gate, signal: AbortSignal): Promise<void> {
  const clock = () => simulator.network.now
  const appview = openAppView({ url: simulator.httpUrl, clock, pace: new Pace(APPVIEW_SHARES.ingest) })
  await runIngest({
    store,
    game,
    stream: { hosts: [simulator.url], compression: 'off', userDictionary: undefined, dids: undefined },
    appview: gate.before(appview),
    listed: undefined,
    repositories: gate.beforeRepositories(
      openRepositories({ plcUrl: simulator.httpUrl, received: () => {} }),
    ),
    retention: undefined,
    metrics: new IngestMetrics(),
    log: pino({ level: 'silent' }),
    clock,
    changed: () => {},
    imported: () => {},
    signal,
  })
}

/** All answers about these people, without the parts that depend on time or store: ranks, cursors, tags. */
async function answersOf(store: Store, dids: readonly Did[]): Promise<Record<string, string>> {
  await using api = await build({ reader: store.reader, inbox: store.inbox })
  const answers: Record<string, string> = {}
  const ask = async (url: string, read: (body: string) => string = canonical): Promise<string> => {
    const { statusCode, body, headers } = await api.get(url)
    const isJson = String(headers['content-type']).includes('json')
    answers[url] = `${statusCode} ${isJson && statusCode === 200 ? read(body) : body}`
    return body
  }
  for (const did of dids) {
    await ask(`/v1/characters/${did}`)
    await ask(`/find/${did}`)
    await ask(`/v1/characters/${did}/events?limit=100`)
    for (const type of game.followed) await ask(`/v1/characters/${did}/events?type=${type}&limit=3`)
    await ask(`/v1/characters/${did}/events.csv`)
    await ask(`/v1/leaderboards/all?limit=1&around=${did}`, (body) => String(JSON.parse(body).items[0].rank))
  }
  await ask(`/v1/characters?actors=${dids.slice(0, 100).join()}`)
  // Those who hold the same stand in an order of the store's own.
  await ask('/v1/leaderboards/all?limit=100', (body) => {
    const places = JSON.parse(body).items.map(
      ({ rank, character }: { rank: number; character: { leveling: { experience: number } } }) =>
        `${rank}: ${character.leveling.experience}`,
    )
    return JSON.stringify(places)
  })
  await ask('/v1/stats', (body) => {
    const { characters, records, events, experience, waiting, gaps } = JSON.parse(body)
    return JSON.stringify({ characters, records, events, experience, waiting, gaps })
  })
  return answers
}

/** The first difference between two answers, with a little text before it. */
function whereTheyPart(one: string, other: string): [string, string] {
  const at = [...one].findIndex((letter, index) => letter !== other[index])
  return [one.slice(Math.max(0, at - 300), at + 200), other.slice(Math.max(0, at - 300), at + 200)]
}

/** JSON with sorted keys, without the fields in which stores may differ. */
function canonical(body: string): string {
  const sort = (_key: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([name]) => name !== 'rank' && name !== 'cursor')
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : value
  return JSON.stringify(JSON.parse(body), sort)
}

async function all(stores: readonly Store[], what: string, holds: (store: Store) => Promise<boolean>) {
  for (const store of stores) await until(what, () => holds(store))
}

/** Holds back the questions of each kind until the test lets the network answer them. */
class Gate {
  readonly #gates = new Map<QuestionKind, PromiseWithResolvers<void>>()

  constructor() {
    for (const kind of ['subject', 'repository', 'profile'] as const) this.close(kind)
  }

  open(kind: QuestionKind): void {
    this.#gates.get(kind)?.resolve()
  }

  close(kind: QuestionKind): void {
    this.#gates.set(kind, Promise.withResolvers())
  }

  before(appview: AppView): AppView {
    return {
      ...appview,
      // That something is known by now, or not yet, would depend on when each store asks.
      posts: async (uris, signal) => {
        await this.#pass('subject', signal)
        const found = await appview.posts(uris, signal)
        return new Map(uris.map((uri) => [uri, found.get(uri) ?? 'text']))
      },
      profiles: async (dids, signal) => {
        await this.#pass('profile', signal)
        return (await appview.profiles(dids, signal)).filter(({ profile }) => profile.handle !== undefined)
      },
    }
  }

  beforeRepositories({ find, latestRev, snapshot }: Repositories): Repositories {
    return {
      find,
      latestRev,
      snapshot: (did, options) => this.#pass('repository', options.signal).then(() => snapshot(did, options)),
    }
  }

  async #pass(kind: QuestionKind, signal: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    await Promise.race([this.#gates.get(kind)?.promise, aborted])
  }
}
