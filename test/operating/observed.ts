// A server over a simulated network and workers of a cluster in memory, watched by a real Prometheus.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { serveMetrics } from '../../src/api/metrics-server.ts'
import { Ledger } from '../../src/ingest/ledger.ts'
import { IngestMetrics } from '../../src/ingest/metrics.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { like } from '../conformance/operations.ts'
import { flagsFor, folder, Program, servedAt, until } from '../e2e/harness.ts'
import { game, person } from '../game/arbitrary.ts'
import { MemoryCluster } from '../store/cql/memory-cluster.ts'
import { openOn } from '../store/cql/memory-store.ts'
import { Prometheus } from './prometheus.ts'

export type Observed = AsyncDisposable & {
  prometheus: Prometheus
  /** Where the server serves; empty where there is none. */
  server: string
  workers: readonly string[]
}

export type ObserveOptions = {
  /** Events a second of the network of a server; `undefined` for no server. */
  rate: number | undefined
  /** Workers that share a ledger on a cluster in memory. */
  workers: number
  /** How many scrapes of each there are at least. */
  scrapes: number
}

/** Resolves once Prometheus has scraped everything often enough. */
export async function observe({ rate, workers: count, scrapes }: ObserveOptions): Promise<Observed> {
  await using opened = new AsyncDisposableStack()
  const here = opened.use(folder())
  const server = rate === undefined ? undefined : opened.use(await serverOver(rate, here.path('ledger.db')))
  const cluster = new MemoryCluster()
  const workers: string[] = []
  for (let n = 0; n < count; n++) workers.push(opened.use(await workerOf(cluster)).url)
  const targets = [...(server === undefined ? [] : [server.url]), ...workers].map((url) => new URL(url).host)
  const verified =
    server === undefined
      ? []
      : [opened.use(await verifiedLedger(here.path('ledger.db'), here.path('verify.prom')))]
  const exporters = verified.map(({ url }) => new URL(url).host)
  // An exporter stands for a node of a database, too: all that is asked of one is whether it answers.
  const prometheus = opened.use(
    await Prometheus.start(here.path, targets, { exporters, databases: exporters }),
  )
  await until(
    `each target has been scraped ${scrapes} times`,
    async () => {
      const counts = await prometheus.query('count_over_time(bsky_rpg_lag_seconds[1h])')
      return counts.length === targets.length && counts.every(({ value }) => Number(value[1]) >= scrapes)
    },
    180_000 + scrapes * 2_000,
    250,
  )
  const stack = opened.move()
  return {
    prometheus,
    server: server?.url ?? '',
    workers,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** `start` over a simulated network, with people who visit it. */
async function serverOver(rate: number, ledger: string): Promise<AsyncDisposable & { url: string }> {
  await using opened = new AsyncDisposableStack()
  const end = new AbortController()
  const clock = () => Date.now() * 1_000
  const { simulator, run } = await simulate({
    ...{ host: '127.0.0.1', port: 0, seed: 1, actors: 500, rate, recording: [] },
    ...{ history: { events: 3_000, days: 1 }, faults: 'none', clock },
  })
  const running = run(end.signal)
  opened.defer(async () => {
    end.abort()
    await running
  })
  const program = opened.use(
    new Program([
      ...['start', ...flagsFor(simulator, ledger), '--start', 'oldest'],
      ...['--rate-limit', '1000000', '--rank-refresh', '1s'],
    ]),
  )
  const url = await servedAt(program)
  opened.use(visitors(url))
  const stack = opened.move()
  return { url, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** The file that `verify` writes about a ledger, served as the node exporter does. */
async function verifiedLedger(ledger: string, file: string): Promise<AsyncDisposable & { url: string }> {
  await using verify = new Program(['verify', '--metrics', file, '--database-url', `sqlite:${ledger}`])
  assert.equal(await verify.ended, 0, verify.output)
  return await serveMetrics({
    metrics: { contentType: 'text/plain; version=0.0.4', metrics: async () => readFileSync(file, 'utf8') },
    host: '127.0.0.1',
    port: 0,
    onError: (error) => console.error(error),
  })
}

/** People who look at pages and follow the stream, until it is disposed. */
function visitors(url: string): AsyncDisposable {
  const end = new AbortController()
  const { signal } = end
  const look = async (): Promise<void> => {
    for (let n = 0; !signal.aborted; n++) {
      const board = (await (await fetch(`${url}/v1/leaderboards/all?limit=5`, { signal })).json()) as {
        items: { character: { did: string } }[]
      }
      const did = board.items[n % 5]?.character.did ?? 'nobody.example'
      for (const path of ['/', '/v1/stats', `/v1/characters/${did}`, `/@${did}`, `/no/such/${n}`]) {
        await (await fetch(`${url}${path}`, { signal })).arrayBuffer()
      }
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  const follow = async (): Promise<void> => {
    const response = await fetch(`${url}/v1/stream`, { signal })
    for await (const _ of response.body ?? []) if (signal.aborted) return
  }
  const visits = Promise.allSettled([look(), follow()])
  return {
    [Symbol.asyncDispose]: async () => {
      end.abort()
      await visits
    },
  }
}

/** A worker that ten times a second folds what eight people do, as far as it owns them, and its metrics. */
async function workerOf(cluster: MemoryCluster): Promise<AsyncDisposable & { url: string }> {
  await using opened = new AsyncDisposableStack()
  const store = opened.use(await openOn(cluster))
  const writer = opened.use(
    await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep', company: 'others' }),
  )
  const metrics = new IngestMetrics()
  metrics.watchFaults(() => writer.faults().length)
  metrics.writer.watch(() => writer.measures())
  const ledger = new Ledger({
    game,
    writer,
    folded: (changes, took) => metrics.folded(changes, game.rules, took),
  })
  let n = 0
  let working: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    n += 1
    const events = [0, 1, 2, 3, 4, 5, 6, 7].map((who) => like(person(who), n))
    const at = Date.now() * 1_000
    // A heartbeat also shares the shards out.
    if (n % 10 === 0) working = ledger.use((own) => own.beat({ at, lag: 100_000, host: 'a.test' }))
    else working = ledger.fold(events, undefined)
    working.then(
      () => metrics.beat(at, 100_000),
      (error: unknown) => console.error(error),
    )
  }, 100)
  opened.defer(async () => {
    clearInterval(timer)
    await working
  })
  const contentType = metrics.registry.contentType
  const server = opened.use(
    await serveMetrics({
      metrics: { contentType, metrics: () => metrics.registry.metrics() },
      host: '127.0.0.1',
      port: 0,
      onError: (error) => console.error(error),
    }),
  )
  const stack = opened.move()
  return { url: server.url, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
