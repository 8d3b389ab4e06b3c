import type { Logger } from 'pino'
import type { Cursor, Did, Micros } from '../atproto/event.ts'
import { PROFILE } from '../atproto/profile.ts'
import type { AppView } from '../bluesky/appview.ts'
import type { Repositories } from '../bluesky/repositories.ts'
import type { Game } from '../game/game.ts'
import type { ImportProgress } from '../game/imports.ts'
import { systemClock } from '../jetstream/clock.ts'
import { NetworkClock } from '../jetstream/network-clock.ts'
import { startOf } from '../jetstream/options.ts'
import type { SubscribeOptions } from '../jetstream/subscribe.ts'
import { subscribe } from '../jetstream/subscribe.ts'
import { type Store, StoreError } from '../store/store.ts'
import { answers } from './answers.ts'
import type { AnswersOptions } from './asking.ts'
import { Batcher } from './batcher.ts'
import { chores } from './chores.ts'
import { updateFollowing } from './following.ts'
import { ImportAnswers } from './import-answers.ts'
import { importListed } from './import-listed.ts'
import { importReport } from './import-report.ts'
import { Introductions } from './introductions.ts'
import { keepRules } from './keep-rules.ts'
import { LagMeter } from './lag.ts'
import { Ledger } from './ledger.ts'
import { LookedAt } from './looked-at.ts'
import type { IngestMetrics } from './metrics.ts'
import { openReconciliation } from './open-reconciliation.ts'
import { beginningOf, placeToGoOn } from './place.ts'
import { recordGap } from './record-gap.ts'
import { repositoryReport } from './repository-report.ts'
import { repositorySteps } from './repository-steps.ts'
import { openingGame } from './rules-in-force.ts'
import { describeStart } from './start-line.ts'
import { streamReport } from './stream-report.ts'
import { Unanswered } from './unanswered.ts'

export type IngestOptions = {
  store: Store
  game: Game
  stream: Pick<SubscribeOptions, 'hosts' | 'start' | 'compression' | 'userDictionary' | 'dids'>
  /** People whose histories are imported once, without anybody asking for that; `undefined` for nobody. */
  listed: readonly Did[] | undefined
  appview: AppView
  repositories: Repositories
  /** How long events are kept; `undefined` for ever. */
  retention: Micros | undefined
  metrics: IngestMetrics
  log: Logger
  clock: () => Micros
  /** Called after each commit with the people whose characters changed. */
  changed: (dids: readonly Did[]) => void
  /** Called with each step of an import. */
  imported: (did: Did, progress: ImportProgress) => void
  /** Ends ingest cleanly, with everything received folded and the cursor saved. */
  signal: AbortSignal
}

/**
 * Ingests until `signal` aborts: reads the stream and folds it, asks the network the ledger's questions, and does the chores.
 * @throws {StoreError | StoreBusyError | StoreFullError | RulesChangedError} where the ledger cannot be written to
 */
export async function runIngest(options: IngestOptions): Promise<void> {
  const { store, metrics, log, clock, changed, retention, appview, repositories } = options
  const game = await openingGame(store, options.game)
  await using writer = await store.write({
    fingerprint: game.rules.fingerprint,
    titles: game.rules.titles,
    purpose: 'keep',
    company: 'others',
    signal: options.signal,
  })
  metrics.watchFaults(() => writer.faults().length)
  metrics.writer.watch(() => writer.measures())
  const networkClock = new NetworkClock({ now: () => clock() / 1_000, monotonic: systemClock.monotonic })
  const heard = await writer.heard()
  const place = async (): Promise<Cursor | undefined> =>
    placeToGoOn(await ledger.use((writer) => writer.cursor()), heard, { networkClock, log })
  const introductions = new Introductions({ log, metrics, clock })
  const unanswered = new Unanswered(() => networkClock.monotonic())
  let networkBytes = 0

  const ledger = new Ledger({
    game,
    writer,
    folded: (changes, took) => {
      const { actors } = changes
      metrics.folded(changes, ledger.game.rules, took)
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
  // A stream that begins in the past is behind before its first event.
  const lag = new LagMeter(cursor?.at ?? startOf(options.stream.start ?? 'tip'), networkClock)
  using batcher = new Batcher({
    withinMs: writer.batchWindowMs,
    fold: (operations) => ledger.fold(operations, undefined),
  })
  const lookedAt = new LookedAt()
  const next: AnswersOptions['next'] = (...wanted) => ledger.use((writer) => lookedAt.next(writer, ...wanted))
  const imports = new ImportAnswers({
    ...{ ledger, next, repositories, followed: game.followed, clock },
    dids: options.stream.dids && new Set(options.stream.dids),
    report: importReport({
      log,
      metrics,
      told: (did, progress) => {
        unanswered.answered('import')
        options.imported(did, progress)
      },
    }),
  })
  const reconciliation = openReconciliation({
    ...{
      ledger,
      repositories,
      followed: game.followed,
      dids: options.stream.dids,
      clock,
      log,
      metrics,
      signal,
    },
    behind: () => lag.lag(),
    monotonic: () => networkClock.monotonic(),
  })
  const asker = answers({
    next,
    deliver: (given) => batcher.add(given),
    underLease: (did) => repositorySteps(ledger, did),
    imports,
    appview,
    repositories,
    followed: game.followed,
    clock,
    signal,
    observer: {
      answered: (kind, n) => {
        metrics.questions(kind, 'answered', n)
        unanswered.answered(kind)
        if (kind === 'profile') introductions.answered()
      },
      failed: (kind, n, reason) => {
        metrics.questions(kind, 'failed', n)
        if (kind === 'profile') introductions.failed()
        log.debug({ kind, reason }, 'a question to the network got no answer yet')
      },
      repository: repositoryReport({ log, metrics, monotonic: () => networkClock.monotonic() }),
    },
  })

  const { inbox, reader } = store
  let listed = Promise.resolve()
  const askedFor = new Set<Did>()
  const listen = async (moved: AbortSignal): Promise<void> => {
    const following = { dids: options.stream.dids, collections: [...game.followed] }
    await updateFollowing({ ledger, following, log, signal })
    // There may be gaps, or other people than before.
    reconciliation.lookAgain()
    const ofList = { ...{ reader, inbox, writer }, dids: options.listed, askedFor, log, clock, signal }
    // Again for the people of shards that this writer takes over.
    listed = listed.then(() => importListed(ofList))
    const cursor = await place()
    let hasBegun = cursor !== undefined
    const stream = subscribe({
      ...options.stream,
      cursor,
      collections: [...game.followed, PROFILE],
      batchWindowMs: writer.batchWindowMs,
      observer: streamReport({
        log,
        metrics,
        lag,
        monotonic: () => networkClock.monotonic(),
        // The ledger reports its failure by `failed`; this call need not.
        connectionChanged: () => void beat().catch(() => {}),
      }),
      networkClock,
      signal: AbortSignal.any([signal, moved]),
    })
    for await (const delivery of stream) {
      const { events, cursor: reached, bytes, gaps, quiet } = delivery
      if (quiet) {
        lag.caughtUp()
        continue
      }
      lag.received()
      networkBytes += bytes
      metrics.received(delivery)
      const began = performance.now()
      if (!hasBegun && reached !== undefined) {
        // Where the first commits fail, the stream begins anew, and not at the tip of then.
        await ledger.use((writer) => writer.begin(beginningOf(events, reached)))
        hasBegun = true
      }
      for (const gap of gaps) await recordGap(ledger, { ...gap, at: clock() })
      if (gaps.length > 0) reconciliation.lookAgain()
      await ledger.fold(events, reached)
      if (reached !== undefined) lag.folded(reached.at)
      metrics.batch(events.length, (performance.now() - began) / 1000)
    }
  }

  /** Subscribes anew, from the least cursor, each time this writer takes over shards: they may be further back. */
  const listenAcrossMoves = async (): Promise<void> => {
    for (;;) {
      const { moved } = writer
      await listen(moved).catch((error: unknown) => {
        if (signal.aborted || !isAbortOf(moved, error)) throw error
      })
    }
  }

  const beat = (): Promise<void> => {
    const [at, behind] = [clock(), lag.lag()]
    metrics.beat(at, behind)
    return ledger.use((writer) => writer.beat({ at, lag: behind, host: lag.host }))
  }

  const takeNetworkBytes = (): number => {
    const taken = networkBytes
    networkBytes = 0
    return taken
  }
  const report = async (): Promise<void> => {
    const now = await store.reader.status().catch(undefinedIfUnread)
    if (now === undefined) return
    introductions.report(now.introductions)
    unanswered.report(now.waiting)
    metrics.ledger.report(now, (kind) => unanswered.seconds(kind))
  }
  // Only shown: a database that is slow to answer must not end ingest.
  const status = await store.reader.status().catch(undefinedIfUnread)
  log.info({ cursor }, describeStart(status, game))
  // The first to end ends the others. All have to be over before the writer is disposed.
  const endOthers = (work: Promise<void>) => work.finally(() => over.abort())
  const ended = await Promise.allSettled([
    endOthers(listenAcrossMoves()),
    endOthers(asker.run()),
    endOthers(reconciliation.run()),
    endOthers(keepRules({ ledger, clock, log, signal })),
    endOthers(
      chores({
        ...{ ledger, lag, beat, retention, takeNetworkBytes, report, clock, signal },
        lookedAt: (did) => {
          lookedAt.add(did)
          reconciliation.first(did)
        },
        importCancelled: (did) => imports.cancel(did),
      }),
    ),
  ])
  await listed
  // The ledger's own error comes first: those of the loops follow from it.
  ledger.failed.throwIfAborted()
  for (const end of ended) if (end.status === 'rejected' && !isAbortOf(signal, end.reason)) throw end.reason
  await ledger.use((writer) => writer.lastBeat({ at: clock(), lag: lag.lag(), host: undefined }))
}

function undefinedIfUnread(error: unknown): undefined {
  if (!(error instanceof StoreError)) throw error
}

/** True where `error` comes of this abort; a request that was aborted for another reason is a failure. */
function isAbortOf(signal: AbortSignal, error: unknown): boolean {
  if (!signal.aborted) return false
  return error === signal.reason || (error instanceof Error && error.cause === signal.reason)
}
