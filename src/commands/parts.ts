// How the parts are made of a configuration, for the commands that share them.

import type { Nsid } from '@atcute/lexicons/syntax'
import type { Logger } from 'pino'
import type { Micros } from '../atproto/event.ts'
import type { Config } from '../config.ts'
import type { Game } from '../game/decide.ts'
import { NO_CHANGES, rulebook } from '../game/rulebook.ts'
import { openLog } from '../log.ts'
import { openSqlite } from '../store/sqlite/open.ts'
import type { Store } from '../store/store.ts'

const DAY: Micros = 86_400_000_000

/** Microseconds since the Unix epoch. */
export function clock(): Micros {
  return Date.now() * 1000
}

export function gameOf({ RULES, TRACK, BASELINE }: Config): Game {
  const rules = rulebook(RULES ?? NO_CHANGES)
  return { rules, followed: new Set<Nsid>([...rules.collections, ...(TRACK ?? [])]), baseline: BASELINE }
}

export function storeOf({ DATABASE_URL, DISK_RESERVE }: Config): Store {
  return openSqlite({ path: DATABASE_URL.path, reserve: DISK_RESERVE })
}

export function logOf({ LOG_LEVEL, LOG_FORMAT }: Config): Logger {
  return openLog({ level: LOG_LEVEL, format: LOG_FORMAT })
}

/** How long events are kept; `undefined` for ever. */
export function retentionOf({ EVENTS_RETENTION, DIDS }: Config): Micros | undefined {
  if (EVENTS_RETENTION === 'forever') return undefined
  return EVENTS_RETENTION ?? (DIDS === undefined ? 30 * DAY : undefined)
}
