// Makes the parts that several commands share from the configuration.

import type { Nsid } from '@atcute/lexicons/syntax'
import type { Logger } from 'pino'
import type { Micros } from '../atproto/event.ts'
import { type AppView, noAppView, openAppView } from '../bluesky/appview.ts'
import type { Pace } from '../bluesky/pace.ts'
import type { Config } from '../config.ts'
import type { Game } from '../game/game.ts'
import { NO_CHANGES, rulebook } from '../game/rulebook.ts'
import { DAY_MICROS } from '../game/time.ts'
import { openLog } from '../log.ts'
import type { CqlStore } from '../store/cql/open.ts'
import type { Preparation } from '../store/driver.ts'
import { driverOf } from '../store/drivers.ts'
import { type Store, StoreError } from '../store/store.ts'

/** Microseconds since the Unix epoch. */
export function clock(): Micros {
  return Date.now() * 1000
}

/** Microseconds of a clock that never goes back. */
export function monotonic(): Micros {
  return performance.now() * 1000
}

export function gameOf({ RULES, TRACK, BASELINE, APPVIEW_URL }: Config): Game {
  const rules = rulebook(RULES ?? NO_CHANGES)
  return {
    rules,
    former: undefined,
    followed: new Set<Nsid>([...rules.collections, ...(TRACK ?? [])]),
    baseline: BASELINE,
    appview: APPVIEW_URL === 'none' ? 'none' : 'asked',
  }
}

export type StoreOfOptions = {
  /** Logs that a cluster does not answer, or that another program's lock keeps us waiting. @default a log of its own */
  log?: Logger
  /** Once it aborts, we stop waiting for a cluster within seconds. @default never */
  ending?: AbortSignal
}

/**
 * @param preparation what may be done to the ledger before it is used; see `Preparation`
 * @throws {StoreError} if the ledger cannot be used
 */
export async function storeOf(
  config: Config,
  preparation: Preparation,
  { log = logOf(config), ...options }: StoreOfOptions = {},
): Promise<Store> {
  const { DATABASE_URL, DISK_RESERVE, SHARDS, REPLICATION } = config
  return driverOf(DATABASE_URL).open(DATABASE_URL, {
    preparation,
    diskReserve: DISK_RESERVE,
    shards: SHARDS,
    replication: REPLICATION,
    waiting: (message) => log.warn(message),
    log,
    ...options,
  })
}

/**
 * @throws {StoreError} if the ledger is a file, or the cluster cannot be used
 */
export async function clusterOf(
  config: Config,
  { log = logOf(config), ...options }: StoreOfOptions,
): Promise<CqlStore> {
  const { DATABASE_URL, SHARDS, REPLICATION } = config
  if (DATABASE_URL.driver !== 'cql') {
    throw new StoreError('DATABASE_URL names a file; only a ledger on a cluster (cql://) has shards.')
  }
  const { openCql } = await import('../store/cql/open.ts')
  return openCql({ address: DATABASE_URL, shards: SHARDS, replication: REPLICATION, log, ...options })
}

export function logOf({ LOG_LEVEL, LOG_FORMAT }: Config): Logger {
  return openLog({ level: LOG_LEVEL, format: LOG_FORMAT })
}

/** The AppView to ask about people and posts. */
export function appviewOf({ APPVIEW_URL }: Config, pace: Pace): AppView {
  return APPVIEW_URL === 'none' ? noAppView : openAppView({ url: APPVIEW_URL, clock, pace })
}

/** How long events are kept, in microseconds; `undefined`: forever. */
export function retentionOf({ EVENTS_RETENTION, DIDS }: Config): Micros | undefined {
  if (EVENTS_RETENTION === 'forever') return undefined
  return EVENTS_RETENTION ?? (DIDS === undefined ? 30 * DAY_MICROS : undefined)
}
