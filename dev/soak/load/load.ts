// The program as users run it, in a process of its own, under as much load as a large network makes: events, clients that follow,
// visitors, exports and imports, while the network has faults. In the end nothing may be lost, late or left over.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { flagsFor, Program, servedAt, until } from '../../../test/e2e/harness.ts'
import type { CrowdCalls, CrowdSize } from './crowd-helper.ts'
import type { LoadFigures } from './figures.ts'
import { collectGarbage, INSPECTED } from './garbage.ts'
import { Helper } from './helper.ts'
import { descriptorFaults, faultsOf } from './judge.ts'
import type { NetworkCalls, NetworkSize } from './network-helper.ts'
import { type OutagePlan, plannedOutages } from './outages.ts'
import { anonymousMib, type NeededMemory, type Sample, sampleOf } from './program-figures.ts'
import { differences, StoredEvents, storedCounts } from './stored.ts'
import type { VisitorsCalls, VisitorsSize } from './visitors-helper.ts'

export type LoadOptions = {
  seed: number
  /** Events a second. */
  rate: number
  network: Omit<NetworkSize, 'seed'>
  crowd: CrowdSize
  visitors: VisitorsSize
  outages: OutagePlan
  sampleEveryMs: number
  /** Receives a line now and then. */
  say: (line: string) => void
}

/** What a run measured, and what went wrong in it. */
export type LoadResult = { figures: LoadFigures; faults: string[] }

const TOKEN = 'a-token-of-this-run-only'
/** How long to wait for anything before the run fails and names it. */
const WAIT_MS = 300_000
/** How long the program may take to close what clients have left open. */
const CLOSE_MS = 30_000
const YARDSTICK_MS = 10
/** How often a run collects the program's garbage: seldom, since that stops the program for some tenths of a second. */
const COLLECTIONS = 6

/** Runs for the seconds that `outages` names, and judges what happened. */
export async function underLoad(options: LoadOptions): Promise<LoadResult> {
  const { seed, rate, outages: plan, say } = options
  await using opened = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-soak-'))
  opened.defer(() => rmSync(folder, { recursive: true, force: true }))
  const helper = <C extends NetworkCalls | CrowdCalls | VisitorsCalls>(name: string): Helper<C> =>
    opened.use(new Helper<C>(new URL(`./${name}-helper.ts`, import.meta.url)))
  const network = helper<NetworkCalls>('network')
  const crowd = helper<CrowdCalls>('crowd')
  const visitors = helper<VisitorsCalls>('visitors')

  const { steady, quiet, ...servers } = await network.call('start', { seed, ...options.network })
  const path = join(folder, 'ledger.db')
  const program = opened.use(
    new Program(['start', ...flagsFor(servers, path)], {
      ...{ TRUST_PROXY: '127.0.0.1', ADMIN_TOKEN: TOKEN },
      ...INSPECTED,
    }),
  )
  const url = await servedAt(program)
  await using store = openSqlite({ path, reserve: 0 })
  const assertAlive = (): void => {
    if (program.child.exitCode === null) return
    throw new Error(`the program has ended: ${program.output.slice(-2_000)}`)
  }
  const arrived = async (newest: number): Promise<void> => {
    const hasArrived = async (): Promise<boolean> => {
      assertAlive()
      return await hasAll(store, newest)
    }
    await until('everything has arrived', hasArrived, WAIT_MS, 250)
  }
  await until('the program listens', async () => (await store.reader.status()).heartbeat?.host !== undefined)
  await arrived(await network.call('meet', undefined))
  say(`${(await store.reader.status()).characters} people are shown`)

  const beganMs = Date.now()
  const second = (): number => (Date.now() - beganMs) / 1_000
  const sample = async (): Promise<Sample> => {
    const headers = { authorization: `Bearer ${TOKEN}` }
    const metrics = await (await fetch(`${url}/metrics`, { headers })).text()
    return sampleOf(program.child.pid, metrics, second())
  }
  const { descriptors: before } = await sample()
  const descriptors = async () => ({ before, after: (await sample()).descriptors })
  const yardstick = monitorEventLoopDelay({ resolution: YARDSTICK_MS })
  yardstick.enable()
  const outages = plannedOutages(plan)
  await network.call('live', { rate, outages, beganMs })
  await visitors.call('come', { ...{ url, steady, quiet, seed, beganMs }, size: options.visitors })
  const come = crowd.call('come', { ...{ url, steady, seed, beganMs }, size: options.crowd })
  // Awaited below; where something fails before, that is what is told.
  come.catch(() => {})
  const samples: Sample[] = []
  /** Memory without garbage, at the end of each sixth of the run. */
  const needed: NeededMemory[] = []
  while (second() < plan.seconds) {
    await sleep(options.sampleEveryMs)
    assertAlive()
    const now = await sample()
    samples.push(now)
    say(told(now))
    if (now.second < ((needed.length + 1) * plan.seconds) / COLLECTIONS) continue
    await collectGarbage(program.output)
    needed.push({ second: second(), mib: anonymousMib(program.child.pid) })
    say(`${needed.at(-1)?.mib.toFixed(0)} MiB without garbage`)
  }
  yardstick.disable()
  await come

  const visited = await visitors.call('finish', undefined)
  const lived = second()
  const imported = visited.imports.map(({ did }) => did)
  const { newest, repositories, events } = await network.call('finish', { imported })
  await arrived(newest)
  say('everything has arrived')
  const last = Number((await store.reader.recent(undefined, 0)).position)
  const seen = await crowd.call('finish', { last })
  await until('clients are gone', async () => (await sample()).streams === 0, CLOSE_MS)
  const isClosed = async () => descriptorFaults({ descriptors: await descriptors() }).length === 0
  await until('connections are closed', isClosed, CLOSE_MS, 500).catch(() => {})
  const open = await descriptors()
  const ended = await program.kill('SIGTERM')
  if (ended !== 0) throw new Error(`the program ended with ${ended}: ${program.output.slice(-2_000)}`)
  say('the program has ended; its ledger is checked')

  await using verify = new Program(['verify', '--database-url', `sqlite:${path}`])
  const isClean = (await verify.ended) === 0
  using db = new DatabaseSync(path, { readOnly: true })
  const stored = StoredEvents.in(db, steady)
  const figures: LoadFigures = {
    ...{ seconds: lived, rate, events, entries: last, outages, samples, needed, last },
    timings: [...seen.timings, ...visited.timings],
    yardstickMs: Math.max(0, yardstick.percentile(99) / 1e6 - YARDSTICK_MS),
    differences: differences(repositories, storedCounts(db)),
    findings: isClean ? undefined : verify.output.slice(-2_000),
    ...{ followers: seen.followers, readers: seen.readers },
    ...{ answers: visited.answers, imports: visited.imports },
    descriptors: open,
  }
  return { figures, faults: faultsOf(figures, stored) }
}

/** Whether the ledger has everything up to `newest`, and knows all that it has asked the network for. */
async function hasAll(store: Store, newest: number): Promise<boolean> {
  const { cursor, waiting, postponed } = await store.reader.status()
  const isAsked = Object.values(waiting).every((n) => n === 0)
  // Profiles of people who are away are asked for again and again, and never come.
  const isAnswered = postponed.subject + postponed.repository + postponed.import === 0
  return (cursor?.value ?? 0) >= newest && isAsked && isAnswered
}

function told({
  second,
  anonymousMib,
  heapMib,
  externalMib,
  descriptors,
  loopDelayMs,
  lagSeconds,
  streams,
}: Sample): string {
  const memory = `${anonymousMib.toFixed(0)} MiB, heap ${heapMib.toFixed(0)}, external ${externalMib.toFixed(0)}`
  const delays = `event loop ${loopDelayMs.toFixed(0)} ms late, ${lagSeconds.toFixed(1)} s behind the network`
  return `${second.toFixed(0)} s: ${memory}; ${descriptors} descriptors, ${streams} streams; ${delays}`
}
