import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { Did } from '../../src/atproto/event.ts'
import type { AppView, ProfileView } from '../../src/bluesky/appview.ts'
import type { Game } from '../../src/game/game.ts'
import type { Changes } from '../../src/game/state.ts'
import { IngestMetrics } from '../../src/ingest/metrics.ts'
import { type IngestOptions, runIngest } from '../../src/ingest/run.ts'
import type { Start } from '../../src/jetstream/subscribe.ts'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Heartbeat } from '../../src/store/status.ts'
import { type Reader, type Store, StoreError, type WriteOptions, type Writer } from '../../src/store/store.ts'
import { folder, until } from '../e2e/harness.ts'
import { asking, game } from '../game/arbitrary.ts'
import { bob, commit } from '../game/operations.ts'

type World = {
  /** How many people there are. */
  actors?: number
  /** The AppView's answers about people. */
  profiles?: AppView['profiles']
  /** Runs before a heartbeat is written. */
  beat?: (heartbeat: Heartbeat) => void
  /** Where a new ledger begins. */
  start?: Start
  /** Called with the people whose characters have changed. */
  changed?: IngestOptions['changed']
  rules?: Game
  metrics?: IngestMetrics
  /** What stands in for the reader's status. */
  status?: Reader['status']
  /** What stands in for the writer's own properties. */
  overrides?: Overrides
}

type Overrides = Partial<{ [Name in 'moved' | 'commit']: (writer: Writer) => Writer[Name] }>

/** Rejects with the signal's reason once it aborts, as a running request does. */
const hang = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

/** Ingest over a simulated network that sends an event every few milliseconds. */
async function ingest({
  actors = 20,
  profiles = async () => [],
  beat = () => {},
  start: begin = 'tip',
  changed = () => {},
  rules = game,
  metrics = new IngestMetrics(),
  overrides = {},
  status,
}: World) {
  const here = folder()
  const start = Date.now() * 1000
  const network = new Network({ seed: 9, actors, start, step: 1_000, mix: 'everything' })
  const simulator = await startSimulator({ network, seed: 9 })
  const store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  const end = new AbortController()
  const wrote: WriteOptions[] = []
  const watched: Store = {
    ...store,
    reader: status === undefined ? store.reader : Object.assign(Object.create(store.reader), { status }),
    write: async (options) => {
      wrote.push(options)
      const writer = await store.write(options)
      return new Proxy(writer, {
        get: (target, name) => {
          if (name === 'beat') {
            return async (heartbeat: Heartbeat) => {
              beat(heartbeat)
              await target.beat(heartbeat)
            }
          }
          const override = overrides[name as keyof Overrides]
          if (override !== undefined) return override(target)
          const value = Reflect.get(target, name) as unknown
          return typeof value === 'function' ? value.bind(target) : value
        },
      }) as Writer
    },
  }
  const options: IngestOptions = {
    store: watched,
    game: rules,
    stream: {
      hosts: [simulator.url],
      start: begin,
      compression: 'off',
      userDictionary: undefined,
      dids: undefined,
    },
    appview: {
      profiles,
      posts: async (_uris, signal) => hang(signal),
      resolve: async () => undefined,
      search: async () => [],
    },
    listed: undefined,
    repositories: {
      find: (_did, signal) => hang(signal),
      latestRev: (_did, { signal }) => hang(signal),
      snapshot: (_did, { signal }) => hang(signal),
    },
    retention: undefined,
    metrics,
    log: pino({ level: 'silent' }),
    clock: () => Date.now() * 1000,
    changed,
    imported: () => {},
    signal: end.signal,
  }
  const happening = setInterval(() => simulator.emit(1), 5)
  return {
    ran: runIngest(options),
    /** Once more over the same ledger, until `signal` aborts. */
    again: (signal: AbortSignal) => runIngest({ ...options, signal }),
    options,
    end,
    store,
    wrote,
    simulator,
    /** Stops the network's events. */
    quiet: () => clearInterval(happening),
    [Symbol.asyncDispose]: async () => {
      clearInterval(happening)
      end.abort()
      await simulator[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      here[Symbol.dispose]()
    },
  }
}

/** The error of a request that a library gave up for a reason of its own. */
const givenUp = new DOMException('The operation was aborted', 'AbortError')
const WITHIN = { timeout: 20_000 }

test('a question is asked as soon as what asks it is in the ledger', WITHIN, async () => {
  const asked = Promise.withResolvers<void>()
  await using running = await ingest({
    profiles: async () => {
      asked.resolve()
      return []
    },
  })
  // Without being told, it would look again after half a minute, when the test's time is over.
  await asked.promise
  running.end.abort()
  await running.ran
})

for (const [start, isBehind] of [
  ['tip', false],
  ['oldest', true],
  [1_700_000_000_000_000, true],
] as const) {
  test(
    `a new ledger that begins at ${start} is ${isBehind ? '' : 'not '}behind before anything has come`,
    WITHIN,
    async () => {
      const first = Promise.withResolvers<Heartbeat>()
      await using running = await ingest({ start, beat: first.resolve })
      const { lag } = await first.promise
      assert.equal(lag > 86_400_000_000, isBehind, `${lag} microseconds`)
      running.end.abort()
      await running.ran
    },
  )
}

test('who is looked at is asked about before those who have waited for longer', WITHIN, async () => {
  const calls: Did[][] = []
  const gate = Promise.withResolvers<void>()
  let changes = 0
  await using world = await ingest({
    actors: 300,
    rules: asking,
    profiles: async (dids, signal) => {
      calls.push([...dids])
      if (calls.length === 1) await Promise.race([gate.promise, hang(signal)])
      return []
    },
    changed: (dids) => {
      if (dids.includes(bob)) changes += 1
    },
  })
  const { store, simulator } = world
  await until('the AppView is asked', () => calls.length === 1)
  simulator.emit(2_000)
  await until('many wait', async () => (await store.reader.status()).waiting.profile > 100)
  world.quiet()
  simulator.add([commit({ n: 1, did: bob })])
  await until('the last of them has come', () => changes === 1)
  await store.inbox.leave({ kind: 'look-up', did: bob, at: Date.now() * 1_000 })
  await until('somebody looks at them', () => changes === 2)
  gate.resolve()
  await until('it is asked again', () => calls.length > 1)
  assert.equal(calls[1]?.[0], bob)
  world.end.abort()
  await world.ran
})

test('its end is clean: the last sign of life says that nobody listens any more', WITHIN, async () => {
  const alive = Promise.withResolvers<void>()
  await using running = await ingest({ beat: ({ host }) => host !== undefined && alive.resolve() })
  await alive.promise
  running.end.abort()
  await running.ran
  const { heartbeat } = await running.store.reader.status()
  assert.ok(heartbeat !== undefined && heartbeat.host === undefined)
})

test('a mistake in one of its parts ends all the others, and is what it fails with', WITHIN, async () => {
  for (const mistake of [new TypeError('not a function'), givenUp]) {
    await using running = await ingest({ profiles: () => Promise.reject(mistake) })
    await assert.rejects(running.ran, (error) => error === mistake)
  }
})

test(
  'a ledger that fails ends everything at once, also while the network lets an answer wait',
  WITHIN,
  async () => {
    const full = new Error('disk full')
    let waiting = false
    await using running = await ingest({
      profiles: (_dids, signal) => {
        waiting = true
        return hang(signal)
      },
      beat: () => {
        if (waiting) throw full
      },
    })
    await assert.rejects(running.ran, (error) => error === full)
  },
)

test('what goes through is counted, told to who holds answers ready, and in the ledger', WITHIN, async () => {
  const reported = new Set<Did>()
  const named = Promise.withResolvers<void>()
  await using running = await ingest({
    profiles: async (dids) =>
      dids.map((did): ProfileView => {
        const profile = { handle: undefined, displayName: 'A Name', avatar: undefined, asked: 1 }
        return { did, profile, postsCount: 1, optedOut: false }
      }),
    changed: (dids) => {
      for (const did of dids) reported.add(did)
      void running.store.reader.characters([...reported]).then((all) => {
        if (all.some(({ profile }) => profile?.displayName === 'A Name')) named.resolve()
      })
    },
  })
  await named.promise
  running.end.abort()
  await running.ran
  const { fingerprint, titles } = game.rules
  assert.deepEqual(running.wrote, [
    { fingerprint, titles, purpose: 'keep', company: 'others', signal: running.end.signal },
  ])
  const { events, cursor } = await running.store.reader.status()
  assert.ok(events > 0 && cursor !== undefined)
  const text = await running.options.metrics.registry.metrics()
  const value = (name: string) =>
    Number(new RegExp(`^bsky_rpg_${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  for (const name of [
    'operations_total\\{outcome="applied"\\}',
    'stream_bytes_total',
    'stream_connections_total\\{event="connected"\\}',
    'fold_events_count',
    'questions_total\\{kind="profile",outcome="answered"\\}',
  ]) {
    assert.ok(value(name) > 0, name)
  }
  assert.ok(value('fold_seconds_sum') < 20)
  assert.equal(value('ledger_faults'), 0)
  assert.ok(value('lag_seconds') < 20)
})

test('it goes on from where it was: what happened while nobody listened comes, too', WITHIN, async () => {
  const alive = Promise.withResolvers<void>()
  await using running = await ingest({
    rules: asking,
    beat: ({ host }) => host !== undefined && alive.resolve(),
  })
  const { reader } = running.store
  await alive.promise
  while ((await reader.status()).cursor === undefined) await new Promise(setImmediate)
  running.end.abort()
  await running.ran
  running.quiet()
  const before = await reader.status()
  running.simulator.emit(200)
  const end = new AbortController()
  const ran = running.again(end.signal)
  // Half of them are commits that count, at the least.
  while ((await reader.status()).events < before.events + 100) await new Promise(setImmediate)
  end.abort()
  await ran
  // Nobody has introduced anybody, as was told at the start.
  const text = await running.options.metrics.registry.metrics()
  assert.match(text, /^bsky_rpg_introductions_waiting [1-9]/m)
})

test('it begins although the size of the ledger cannot be read', WITHIN, async () => {
  const alive = Promise.withResolvers<void>()
  await using running = await ingest({
    beat: ({ host }) => host !== undefined && alive.resolve(),
    status: () => Promise.reject(new StoreError('the database has not answered')),
  })
  await Promise.race([alive.promise, running.ran])
  running.end.abort()
  await running.ran
})

test('a stream that begins anew before the first commit misses nothing', WITHIN, async () => {
  const idsOf = ({ actors }: Changes) =>
    [...actors.values()].flatMap(({ actor, records }) =>
      [...records.keys()].map((path) => `${actor.did} ${path}`),
    )
  let lost: string[] = []
  const arrived = new Set<string>()
  let moved = new AbortController()
  await using running = await ingest({
    overrides: {
      moved: () => moved.signal,
      // As on a cluster: the worker has lost its shards before their first commit, and takes them again.
      commit: (writer) => async (changes, cursor) => {
        if (lost.length === 0) {
          lost = idsOf(changes)
          moved.abort()
          moved = new AbortController()
          return
        }
        for (const id of idsOf(changes)) arrived.add(id)
        await writer.commit(changes, cursor)
      },
    },
  })
  await until('what was lost has come again', () => lost.length > 0 && lost.every((id) => arrived.has(id)))
  running.end.abort()
  await running.ran
})

test('a mistake while it listens ends everything, too', WITHIN, async () => {
  const mistake = new TypeError('not a function')
  const metrics = new IngestMetrics()
  metrics.received = () => {
    throw mistake
  }
  await using running = await ingest({ metrics })
  await assert.rejects(running.ran, (error) => error === mistake)
})
