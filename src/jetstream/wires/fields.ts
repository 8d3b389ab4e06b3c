// What the wires share: reading an event's fields, which are checked only as far as they are used.
import { isHandle } from '@atcute/lexicons/syntax'
import {
  ACCOUNT_STATUSES,
  type AccountEvent,
  type AccountStatus,
  type CommitEvent,
  type Did,
  type Handle,
  type IdentityEvent,
  type Micros,
} from '../../atproto/event.ts'
import { isObject, type JsonObject } from '../../atproto/json.ts'
import { microsOf } from '../../atproto/micros.ts'
import type { MalformedReason } from '../observer.ts'
import { collectionOf, isRecordKey, isTid } from './syntax.ts'
import type { Frame } from './wire.ts'

const INACTIVE_STATUSES: ReadonlySet<unknown> = new Set(
  ACCOUNT_STATUSES.filter((status) => status !== 'active'),
)
const UNKNOWN: Frame = { type: 'unknown' }

export function malformed(reason: MalformedReason): Frame {
  return { type: 'malformed', reason }
}

/** Parses the text of a frame; undefined when it is no JSON object. */
export function objectOf(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The commit in `fields`, which are nested on v1 and flat on v2. */
export function commitFrame(did: Did, at: Micros, value: number, fields: unknown): Frame {
  if (!isObject(fields)) return malformed('commit')
  const { rev, operation, rkey, record } = fields
  const collection = collectionOf(fields.collection)
  if (!isTid(rev) || collection === undefined || !isRecordKey(rkey)) return malformed('commit')
  let event: CommitEvent
  switch (operation) {
    case 'create':
    case 'update':
      if (!isObject(record)) return malformed('commit')
      event = { kind: 'commit', did, at, rev, op: operation, collection, rkey, record }
      break
    case 'delete':
      event = { kind: 'commit', did, at, rev, op: operation, collection, rkey, record: undefined }
      break
    default:
      return typeof operation === 'string' ? UNKNOWN : malformed('commit')
  }
  return { type: 'event', event, value }
}

export function identityFrame(did: Did, at: Micros, value: number, fields: unknown): Frame {
  if (!isObject(fields)) return malformed('identity')
  const event: IdentityEvent = { kind: 'identity', did, at, handle: handleOf(fields.handle) }
  return { type: 'event', event, value }
}

export function accountFrame(did: Did, at: Micros, value: number, fields: unknown): Frame {
  if (!isObject(fields) || typeof fields.active !== 'boolean') return malformed('account')
  const event: AccountEvent = {
    kind: 'account',
    did,
    at,
    time: accountTime(fields.time, at),
    status: statusOf(fields.active, fields.status),
  }
  return { type: 'event', event, value }
}

export function syncFrame(did: Did, at: Micros, value: number, fields: unknown): Frame {
  if (!isObject(fields) || !isTid(fields.rev)) return malformed('sync')
  return { type: 'event', event: { kind: 'sync', did, at, rev: fields.rev }, value }
}

export function unknownFrame(): Frame {
  return UNKNOWN
}

/** True for a whole number from 0 to the largest that is exact, 2^53 - 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** The latest time that a number holds exactly, in the year 2255. */
const LATEST: Micros = Number.MAX_SAFE_INTEGER

/**
 * A witness time as a frame claims it, in whole microseconds; undefined where it is none. A time beyond what a number
 * holds is only clamped here: NetworkClock decides what to believe.
 */
export function timeOf(value: unknown): Micros | undefined {
  return Number.isInteger(value) && (value as number) >= 0 ? Math.min(value as number, LATEST) : undefined
}

/**
 * The account's own time, which orders its statuses. The account's server sets it, so it is capped at the witness time:
 * a wrong clock would otherwise make one status last for ever.
 */
function accountTime(time: unknown, at: Micros): Micros {
  const own = microsOf(time)
  return own === undefined || own < 0 ? at : Math.min(own, at)
}

/** `active` decides; `status` only gives the reason, which may be unknown. */
function statusOf(active: boolean, status: unknown): AccountStatus {
  if (active) return 'active'
  return INACTIVE_STATUSES.has(status) ? (status as AccountStatus) : 'inactive'
}

function handleOf(handle: unknown): Handle | undefined {
  return isHandle(handle) && handle !== 'handle.invalid' ? handle : undefined
}
