// The protocol's vocabulary, shared by every folder: what can happen on the network, whichever wire told it.
// Types and pure parsing only; nothing here knows a socket, a store or a rule.
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

/** A record was written or removed. `record` is as it came, unchecked; a delete has none. */
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

/** Something about who this is has changed; `handle` is a hint and often absent. */
export type IdentityEvent = { kind: 'identity'; did: Did; at: Micros; handle: Handle | undefined }

/** The account's standing. `time` is its own clock, in microseconds: a replay may bring an older status again. */
export type AccountEvent = { kind: 'account'; did: Did; at: Micros; time: Micros; status: AccountStatus }

/** The repository was replaced as a whole, at `rev`; not every wire says so. */
export type SyncEvent = { kind: 'sync'; did: Did; at: Micros; rev: Tid }

/** One vocabulary for every wire. */
export type StreamEvent = CommitEvent | IdentityEvent | AccountEvent | SyncEvent

/**
 * The name of a generation of Jetstream's protocol, as `jetstream/wires` lists them. Ledgers keep it, and may name one that
 * this version does not know: of such a cursor only the time is used.
 */
export type WireName = string

/**
 * A place in one host's stream. `value` is what the protocol calls the cursor, a time (`time_us`) or a sequence number
 * (`seq`) by wire, so it means nothing on another host or wire: there only `at`, the time of the event it stands for, can
 * be used.
 */
export type Cursor = { host: string; wire: WireName; value: number; at: Micros }
