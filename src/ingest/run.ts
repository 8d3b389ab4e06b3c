import type { Logger } from 'pino'
import type { Cursor, Did, Micros } from '../atproto/event.ts'
import { PROFILE } from '../atproto/profile.ts'
import type { AppView } from '../bluesky/appview.ts'
import type { Repositories } from '../bluesky/repositories.ts'
import type { Game } from '../game/game.ts'
import { systemClock } from '../jetstream/clock.ts'
import { NetworkClock } from '../jetstream/network-clock.ts'
import { startOf } from '../jetstream/options.ts'
import type { SubscribeOptions } from '../jetstream/subscribe.ts'
import { subscribe } from '../jetstream/subscribe.ts'
import type { Store } from '../store/store.ts'
import { answers } from './answers.ts'
import { Batcher } from './batcher.ts'
import { chores } from './chores.ts'
import { updateFollowing } from './following.ts'
import { Introductions } from './introductions.ts'
import { LagMeter } from './lag.ts'
import { Ledger } from './ledger.ts'
import type { IngestMetrics } from './metrics.ts'
import { placeToGoOn } from './place.ts'
import { repositoryReport } from './repository-report.ts'
import { describeStart } from './start-line.ts'
import { streamReport } from './stream-report.ts'

export type IngestOptions = {
  store: Store
  game: Game
  stream: Pick<SubscribeOptions, 'hosts' | 'start' | 'compression' | 'userDictionary' | 'dids'>
  appview: AppView
  repositories: Repositories
  /** How long events are kept; `undefined` for ever. */
  retention: Micros | undefined
  metrics: IngestMetrics
  log: Logger
  clock: () => Micros
  /** Told whose characters look different now. */
  changed: (dids: readonly Did[]) => void
  /** Ends it all cleanly, with everything received in the ledger and the cursor saved. */
  signal: AbortSignal
}

/**
 * The main job, until `signal` aborts: listens, folds, asks the network what the ledger wants to know, and does the chores.
 * @throws whatever makes going on pointless: the ledger in use elsewhere, damaged, or its disk full
 */
export async function runIngest(options: IngestOptions): Promise<void> {
  const { store, game, metrics, log, clock, changed, retention, appview, repositories } = options
  await using writer = await store.write({
    fingerprint: game.rules.fingerprint,
    purpose: 'keep',
    company: 'others',
    signal: options.signal,
  })
  metrics.watchFaults(() => writer.faults().length)
  const networkClock = new NetworkClock({ now: () => clock() / 1_000, monotonic: systemClock.monotonic })
  const status = await store.reader.status()
  const place = async (): Promise<Cursor | undefined> =>
    placeToGoOn(await ledger.use((held) => held.cursor()), status.heartbeat?.at, { networkClock, log })
  const introductions = new Introductions({ log, metrics, clock })
  let networkBytes = 0

  const ledger = new Ledger({
    game,
    writer,
    folded: ({ actors, outcomes }) => {
      metrics.folded(outcomes)
      changed([...actors.keys()])
      for (const { asked, postponed } of actors.values()) {
        if (asked.length > 0) asker.wake()
        for (const { due } of postponed) asker.wakeAt(due)
      }
    },
  })
  const over = new AbortController()
  const signal = AbortSignal.any([options.signal, ledger.failed, over.signal])
  const cursor = await place()
  // Who begins in the past is behind before anything has come.
  const lag = new LagMeter(cursor?.at ?? startOf(options.stream.start ?? 'tip'), networkClock)
  using batcher = new Batcher({
    withinMs: writer.gatherMs,
    fold: (operations) => ledger.fold(operations, undefined),
  })
  const asker = answers({
    next: (...wanted) => ledger.use((held) => held.questions(...wanted)),
    deliver: (given) => batcher.add(given),
    appview,
    repositories,
    followed: game.followed,
    clock,
    signal,
    observer: {
      answered: (kind, n) => {
        metrics.questions(kind, 'answered', n)
        if (kind === 'profile') introductions.answered()
      },
      failed: (kind, n, reason) => {
        metrics.questions(kind, 'failed', n)
        if (kind === 'profile') introductions.failed()
        log.debug({ kind, reason }, 'a question to the network got no answer yet')
      },
      repository: repositoryReport({ log, metrics }),
    },
  })

  const listen = async (moved: AbortSignal): Promise<void> => {
    const following = { dids: options.stream.dids, collections: [...game.followed] }
    await updateFollowing({ ledger, following, log, signal })
    const stream = subscribe({
      ...options.stream,
      cursor: await place(),
      collections: [...game.followed, PROFILE],
      batchWindowMs: writer.gatherMs,
      observer: streamReport({
        log,
        metrics,
        lag,
        monotonic: () => networkClock.monotonic(),
        // A ledger that failed says so to everybody; this is only one more who asked.
        connectionChanged: () => void beat().catch(() => {}),
      }),
      networkClock,
      signal: AbortSignal.any([signal, moved]),
    })
    for await (const { events, cursor: reached, bytes, gaps, quiet } of stream) {
      if (quiet) {
        lag.caughtUp()
        continue
      }
      lag.received()
      networkBytes += bytes
      metrics.received(bytes)
      const began = performance.now()
      for (const gap of gaps) await ledger.use((held) => held.recordGap({ ...gap, at: clock() }))
      await ledger.fold(events, reached)
      if (reached !== undefined) lag.folded(reached.at)
      metrics.batch(events.length, (performance.now() - began) / 1000)
    }
  }

  /** Begins anew wherever people came under this writer's care that are further back. */
  const listenOn = async (): Promise<void> => {
    for (;;) {
      const { moved } = writer
      await listen(moved).catch((error: unknown) => {
        if (signal.aborted || !isAbortOf(moved, error)) throw error
      })
    }
  }

  const beat = (): Promise<void> => {
    const [at, behind] = [clock(), lag.lag()]
    metrics.lag(behind / 1_000_000)
    return ledger.use((held) => held.beat({ at, lag: behind, host: lag.host }))
  }

  const takeNetworkBytes = (): number => {
    const taken = networkBytes
    networkBytes = 0
    return taken
  }
  const report = async (): Promise<void> => {
    const now = await store.reader.status().catch(() => undefined)
    if (now !== undefined) introductions.report(now.introductions)
  }
  log.info({ cursor }, describeStart(status, game))
  // Whichever ends first ends the others; all have to be over before the writer is given back.
  const endOthers = (work: Promise<void>) => work.finally(() => over.abort())
  const ended = await Promise.allSettled([
    endOthers(listenOn()),
    endOthers(asker.run()),
    endOthers(chores({ ledger, lag, beat, retention, takeNetworkBytes, report, clock, signal })),
  ])
  // What the loops end with after that is only the echo.
  ledger.failed.throwIfAborted()
  for (const end of ended) if (end.status === 'rejected' && !isAbortOf(signal, end.reason)) throw end.reason
  await ledger.use((held) => held.lastBeat({ at: clock(), lag: lag.lag(), host: undefined }))
}

/** True for what `signal` ends things with; a request that was aborted for any other reason is a failure. */
function isAbortOf(signal: AbortSignal, error: unknown): boolean {
  if (!signal.aborted) return false
  return error === signal.reason || (error instanceof Error && error.cause === signal.reason)
}
