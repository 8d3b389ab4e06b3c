// The protocol's vocabulary, shared by every folder: the events of the network, independent of the wire. Only types and
// pure parsing; nothing here knows sockets, stores or rules.
import type { Did, Handle, Nsid, RecordKey, Tid } from '@atcute/lexicons/syntax'

export type { Did, Handle, Nsid, RecordKey, Tid }

/** Microseconds since the Unix epoch, as Jetstream's `time_us`: exact in a number until the year 2255. */
export type Micros = number

/**
 * `active`, or why an account cannot be seen (`com.atproto.sync.subscribeRepos#account`). Unknown reasons arrive as
 * `inactive`. Stores keep a status by its place in this list: new ones come last.
 */
export const ACCOUNT_STATUSES = [
  'active',
  'deactivated',
  'deleted',
  'takendown',
  'suspended',
  'desynchronized',
  'throttled',
  'inactive',
] as const

export type AccountStatus = (typeof ACCOUNT_STATUSES)[number]

/** A record was written or deleted. `record` is unchecked; a delete has none. */
export type CommitEvent = {
  kind: 'commit'
  did: Did
  /** When the stream's server witnessed it; the only clock that clients cannot set. */
  at: Micros
  /** Grows with every commit of a repository; several operations of one commit share it. */
  rev: Tid
  op: 'create' | 'update' | 'delete'
  collection: Nsid
  rkey: RecordKey
  record: unknown
}

/** The DID document or handle has changed; `handle` is a hint and often absent. */
export type IdentityEvent = { kind: 'identity'; did: Did; at: Micros; handle: Handle | undefined }

/** The account's status has changed, at `time` by its own server's clock; a replay may bring an older status again. */
export type AccountEvent = { kind: 'account'; did: Did; at: Micros; time: Micros; status: AccountStatus }

/** The repository was replaced as a whole, at `rev`; not every wire reports it. */
export type SyncEvent = { kind: 'sync'; did: Did; at: Micros; rev: Tid }

/** An event as every wire yields it. */
export type StreamEvent = CommitEvent | IdentityEvent | AccountEvent | SyncEvent

/**
 * The name of a generation of Jetstream's protocol, as listed in `jetstream/wires`. A stored cursor may name
 * one that this version does not know: then only its time is used.
 */
export type WireName = string

/**
 * A place in one host's stream. `value` is what the protocol calls the cursor, a time (`time_us`) or a sequence number
 * (`seq`) by wire, and means nothing on another host or wire. There only `at`, the time of the event at the cursor, can be
 * used.
 */
export type Cursor = { host: string; wire: WireName; value: number; at: Micros }

/** A place that no host has given out: all that is known of it is its time. */
export function placeInTime(at: Micros): Cursor {
  return { host: '', wire: '', value: at, at }
}

/** True where a host has given `cursor` out, after an event. */
export function isReached(cursor: Cursor): boolean {
  return cursor.host !== ''
}
