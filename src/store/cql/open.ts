import { setTimeout as sleep } from 'node:timers/promises'
import type { Micros } from '../../atproto/event.ts'
import {
  assertNobodyMoves,
  assertRules,
  assertWhole,
  isRestoring,
  isSettled,
  RECOMPUTING,
  restoring,
} from '../bound-rules.ts'
import type { StoreLog } from '../driver.ts'
import type { LedgerSource, Restorer } from '../export/ledger-copy.ts'
import { FailStopWriter } from '../fail-stop.ts'
import type { WantedRules } from '../rules.ts'
import { type Inbox, type Store, StoreError, type WriteOptions, type Writer } from '../store.ts'
import { CqlAuditor } from './audit.ts'
import type { CqlAddress } from './driver/address.ts'
import { connect, explained } from './driver/connect.ts'
import { Outages } from './driver/outages.ts'
import { Retries, SILENT } from './driver/retries.ts'
import { ServerClock } from './driver/server-clock.ts'
import { Session, type Traffic } from './driver/session.ts'
import { CqlInbox } from './inbox.ts'
import { CqlReader } from './reader.ts'
import { Meta } from './rows/meta.ts'
import { RuleVersions } from './rows/rule-versions.ts'
import { migrate } from './rows/schema.ts'
import { CqlRules } from './rules.ts'
import { CqlSessions } from './sessions.ts'
import { type Rollback, rollBack } from './shards/rollback.ts'
import { ShardAssignment } from './shards/shard-assignment.ts'
import { CqlSource } from './source.ts'
import { CqlWriter } from './writer.ts'
import { GATHER_MS } from './writing/counters.ts'

export type CqlOptions = {
  address: CqlAddress
  /** Number of shards, the upper limit of ingest processes; fixed when the keyspace is made. */
  shards: number
  /** Copies of each row when the keyspace is made; `undefined`: three, or as many as there are nodes. */
  replication: number | undefined
  /** Logs requests that take long, and when they are over. @default no log */
  log?: StoreLog
  /** Once it aborts, requests fail where the database answers nothing for seconds, or is slow for longer. @default never */
  ending?: AbortSignal
  /** This machine's clock, in microseconds since the Unix epoch. @default Date.now */
  clock?: () => Micros
  /** A clock that only goes forward, in milliseconds. @default performance.now */
  elapsedMs?: () => number
  /** How soon an attempt that failed is repeated the first time, in milliseconds. @default 50 */
  firstWaitMs?: number
  /** How old a leaderboard may be, in milliseconds. @default 5000 */
  boardMs?: number
  /** How long changes of the experience counters are gathered, in milliseconds. @default 5000 */
  countersMs?: number
  /** Rows in one page of an answer. @default 5000 */
  pageRows?: number
  /** Connects to the cluster. @default by the driver */
  connect?: typeof connect
}

export type CqlStore = Store & {
  /** How many requests it has made. */
  readonly traffic: Readonly<Traffic>
  /** Gives up a shard's last batch where the journal has lost it; see `rollBack`. */
  rollBack(shard: number): Promise<Rollback>
}

const BOARD_MS = 5_000
/**
 * How long requests go on after the process was asked to end. Without a database it ends within ten seconds: an answer takes
 * five at most, or does not come. A database that is slow gets as long as process managers allow; see operating.md.
 */
const ENDING = { silentMs: 6_000, totalMs: 25_000 }
const CLOSING_MS = 1_000

/**
 * Opens the ledger on a cluster, making or changing its keyspace where needed.
 * @throws {StoreError} where the cluster cannot be used
 */
export async function openCql(options: CqlOptions): Promise<CqlStore> {
  const { address, replication, boardMs = BOARD_MS, pageRows, log = SILENT, ending, firstWaitMs } = options
  const { elapsedMs = () => performance.now(), countersMs = GATHER_MS } = options
  const { keyspace, consistency } = address
  const { client, localDataCenter } = await (options.connect ?? connect)(address)
  const retries = new Retries({ log, ...(firstWaitMs === undefined ? {} : { firstWaitMs }) })
  const end = (): void => retries.endWithin(ENDING)
  if (ending?.aborted) end()
  ending?.addEventListener('abort', end, { once: true })
  try {
    const shards = await migrate(client, {
      keyspace,
      replication,
      localDataCenter,
      consistency,
      shards: options.shards,
      retries,
    })
    client.keyspace = keyspace
    await retries.run('the choice of the keyspace', undefined, () => client.execute(`USE ${keyspace}`))
    const session = new Session({
      client,
      keyspace,
      consistency,
      retries,
      outages: new Outages(client),
      ...(pageRows === undefined ? {} : { pageRows }),
    })
    const meta = new Meta(client, keyspace, retries)
    const clock = await ServerClock.start({
      session,
      ...(options.clock === undefined ? {} : { own: options.clock }),
    })
    const versions = new RuleVersions(meta, session)
    const inbox = new CqlInbox(session, shards, clock)
    const parts = { session, meta, versions, shards, log, clock, elapsedMs, countersMs }
    return {
      reader: new CqlReader({ session, shards, boardMs }),
      inbox,
      sessions: new CqlSessions(session, meta),
      traffic: session.traffic,
      auditor: new CqlAuditor({ session, inbox, shards, versions }),
      rules: new CqlRules(session, versions),
      rollBack: (shard) => rollBack({ session, shard, elapsedMs }),
      write: (how) => write(parts, how),
      source: () => readAll(parts),
      restore: (id) => restore(parts, inbox, id),
      [Symbol.asyncDispose]: async () => {
        ending?.removeEventListener('abort', end)
        retries.close()
        // A server that hangs does not say that a connection is closed.
        await Promise.race([client.shutdown(), sleep(CLOSING_MS, undefined, { ref: false })])
      },
    }
  } catch (error) {
    ending?.removeEventListener('abort', end)
    await client.shutdown().catch(() => {})
    throw explained(error, address, localDataCenter)
  }
}

type Parts = {
  session: Session
  meta: Meta
  versions: RuleVersions
  shards: number
  log: StoreLog
  clock: ServerClock
  elapsedMs: () => number
  countersMs: number
}

async function write(parts: Parts, options: WriteOptions): Promise<Writer> {
  const { meta, versions } = parts
  const { purpose, fingerprint, titles } = options
  const recomputes = purpose === 'recompute'
  const shares = options.company === 'others' && !recomputes
  if (recomputes) assertWhole(await meta.get('rules'))
  else await checkRules(versions, { fingerprint, titles })
  const mark = recomputes ? RECOMPUTING : undefined
  const writer = await owning(parts, { mark, recomputes, shares })
  return new FailStopWriter(writer)
}

/** Opens all of the ledger for an export. */
async function readAll(parts: Parts): Promise<LedgerSource> {
  const rules = await parts.meta.get('rules')
  if (rules === undefined)
    throw new StoreError('the ledger has nothing to export yet: nobody has written to it.')
  if (!isSettled(rules)) {
    throw new StoreError('the ledger is half recomputed or half restored: end that first, then export it.')
  }
  const { versions, move } = await parts.versions.state()
  assertNobodyMoves(move)
  const writer = await owning(parts, { mark: undefined, recomputes: false, shares: false })
  try {
    const { session, shards } = parts
    return await CqlSource.open({ session, shards, versions, writer })
  } catch (error) {
    await writer[Symbol.asyncDispose]()
    throw error
  }
}

async function restore(parts: Parts, inbox: Inbox, id: string): Promise<Restorer> {
  const { meta } = parts
  const rules = restoring(id)
  await meta.setOnce('rules', rules)
  const stored = await meta.get('rules')
  if (stored !== rules) {
    throw new StoreError(
      `the keyspace is not empty${isRestoring(stored) ? ', but half restored from another export' : ''}: a ledger is restored into a new one. Name one in DATABASE_URL.`,
    )
  }
  const writer = await owning(parts, { mark: rules, recomputes: false, shares: false })
  return writer.restorer(inbox, (restored) => parts.versions.restore(restored))
}

/** `mark` stands in the rows of shards for the rules, while a recompute or a restore has the whole ledger. */
type Ownership = { mark: string | undefined; recomputes: boolean; shares: boolean }

/** Takes shards, all of them unless it `shares`, and the writer that writes them. */
async function owning(
  { session, meta, versions, shards, log, clock, elapsedMs, countersMs }: Parts,
  { mark, recomputes, shares }: Ownership,
): Promise<CqlWriter> {
  const known = await versions.state()
  const isKnown = async (rules: string) =>
    (await versions.state()).versions.some(
      // A recompute that ran alone has ended all other workers' part.
      ({ fingerprint, at }) => at !== undefined && fingerprint === rules,
    )
  const assignment = new ShardAssignment({
    session,
    shards,
    versions: known.versions,
    isKnown,
    mark,
    recomputes,
    log,
    elapsedMs,
  })
  try {
    if (shares) await assignment.settle()
    else await assignment.takeAll()
    if (recomputes) await versions.markRecomputing()
    const bindRules = async (fingerprint: string): Promise<void> => {
      await assignment.declareRules(fingerprint)
      await versions.bind({ fingerprint, titles: undefined })
      assignment.adopt((await versions.state()).versions)
    }
    return new CqlWriter({
      session,
      assignment,
      meta,
      shares,
      versions,
      rules: known,
      bindRules,
      clock,
      log,
      elapsedMs,
      countersMs,
    })
  } catch (error) {
    await assignment.release()
    throw error
  }
}

/** Binds a new ledger to its rules, and refuses one that was awarded by other rules. */
async function checkRules(versions: RuleVersions, { fingerprint, titles }: WantedRules): Promise<void> {
  await versions.begin({ fingerprint, titles })
  const state = await versions.state()
  assertRules(state.isHalfRecomputed ? RECOMPUTING : state.versions.at(-1)?.fingerprint, fingerprint)
  // Titles award nothing, so those of the settings simply come into force.
  if (titles !== undefined) await versions.retitle(titles)
}
