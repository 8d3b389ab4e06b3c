// The inbox of a shard's owner: wishes of people and operators, and notes that owners of other shards leave.
import { randomUUID } from 'node:crypto'
import type { Did, Micros, Nsid } from '../../atproto/event.ts'
import type { Wish } from '../../game/operation.ts'
import type { Inbox, WishToLeave } from '../store.ts'
import { wishOf } from '../stored-wish.ts'
import type { Row } from './driver/paging.ts'
import type { ServerClock } from './driver/server-clock.ts'
import type { Session } from './driver/session.ts'
import { numberOf } from './driver/values.ts'
import { shardOf } from './rows/buckets.ts'
import { INSERT_LOOK, minuteOf } from './rows/looks.ts'
import type { Mutation } from './rows/mutations.ts'

/** A task that an owner does by itself, without asking the game. */
export type Note =
  /** This person is forgotten: the records that name them, from partition `bucket` of `mentions` on, must not any more. */
  | { kind: 'unname-all'; did: Did; bucket: number }
  /** The record must not name that subject any more. */
  | { kind: 'unname'; did: Did; collection: Nsid; rkey: string; subject: Did }
  /** Another person has the handle now. */
  | { kind: 'unhandle'; did: Did; handle: string }
  /** The experience counter has to be set to the character's experience. */
  | { kind: 'recount'; did: Did }

/** Where an item is stored, and the time under which it was written, by its writer's clock: it is deleted under the same time. */
export type InboxPlace = { shard: number; id: string; written: number }

/** `at` is when it was left. */
export type InboxItem = InboxPlace & { at: Micros } & ({ wish: Wish } | { note: Note })

const INSERT = 'INSERT INTO inbox (shard, id, kind, did, at, note) VALUES (?, ?, ?, ?, ?, ?)'
const COLUMNS = 'id, kind, did, at, note, writetime(kind) AS written'
const SELECT = `SELECT ${COLUMNS} FROM inbox WHERE shard = ? AND id >= ? LIMIT ?`
const SELECT_BELOW = `SELECT ${COLUMNS} FROM inbox WHERE shard = ? AND id < ? LIMIT ?`
/** How long after the time in its id an item may still arrive, as a rule, in microseconds. */
const ON_THE_WAY: Micros = 600_000_000
/** How often to look for items that arrived even later, in milliseconds: that read passes all deleted ones. */
const LOOK_BELOW_EVERY_MS = 600_000

/** Leaves items for the owners of shards; any process may. */
export class CqlInbox implements Inbox {
  readonly #session: Session
  readonly #shards: number
  readonly #clock: ServerClock

  constructor(session: Session, shards: number, clock: ServerClock) {
    this.#session = session
    this.#shards = shards
    this.#clock = clock
  }

  /** By the servers' clock, where this machine's is ahead of it: no floor of the stream lies in a time to come. */
  async leave({ kind, did, at }: WishToLeave): Promise<void> {
    await this.#clock.look()
    const now = this.#clock.now()
    if (kind === 'look-up') {
      await this.#session.write(INSERT_LOOK, [minuteOf(now), did, Math.min(at, now)])
      return
    }
    const params = [idOf(now), kind, did, Math.min(at, now), null]
    await this.#session.write(INSERT, [shardOf(did, this.#shards), ...params])
  }

  async note(note: Note): Promise<void> {
    await this.#clock.look()
    const now = this.#clock.now()
    const params = [idOf(now), note.kind, note.did, now, JSON.stringify(note)]
    await this.#session.write(INSERT, [shardOf(note.did, this.#shards), ...params])
  }
}

/** Leaves a note as part of a batch: its id and time are fixed, so writing the batch again leaves no second note. */
export function noteMutation(note: Note, shards: number, at: Micros): Mutation {
  const shard = shardOf(note.did, shards)
  return ['letter', shard, idOf(at), note.kind, note.did, at, JSON.stringify(note), at]
}

/**
 * Takes an item out. A deletion wins over a write of the same time and touches no later one, so it works however wrong the
 * clock of the item's writer was.
 */
export function takeOut({ shard, id, written }: InboxPlace): Mutation {
  return ['takeOut', written, shard, id]
}

/** Up to where a shard's inbox is known to be empty; see `ShardTotals`. */
export type InboxMark = { shard: number; inboxFrom: string; inboxBelowAtMs: number }

export type ReadInboxOptions = {
  session: Session
  /** The servers' time. */
  now: Micros
  limit: number
  /** Called where the search for late items failed; it is tried again later. */
  failed: (error: unknown) => void
}

/**
 * Reads the items for the owner, oldest first, and moves `mark` on. It begins at the first item of the last read: a server
 * reads past each deleted row, and gives up at 100,000 of them. Items that arrived below that are looked for every ten
 * minutes.
 */
export async function readInbox(
  mark: InboxMark,
  { session, now, limit, failed }: ReadInboxOptions,
): Promise<InboxItem[]> {
  const { shard, inboxFrom } = mark
  const late: Row[] = []
  const elapsedMs = performance.now()
  if (inboxFrom !== '' && elapsedMs >= mark.inboxBelowAtMs) {
    mark.inboxBelowAtMs = elapsedMs + LOOK_BELOW_EVERY_MS
    const below = await session
      .readForDisplay(SELECT_BELOW, [shard, inboxFrom, limit])
      .catch((error: unknown) => {
        failed(error)
        return []
      })
    late.push(...below)
    // The next read has to find them again, until they are taken out.
    if (below.length > 0) mark.inboxBelowAtMs = 0
  }
  const rows = await session.readForDecision(SELECT, [shard, inboxFrom, limit])
  const [first] = rows
  const empty = prefixOf(now - ON_THE_WAY)
  const next = first === undefined || String(first.id) > empty ? empty : String(first.id)
  if (next > inboxFrom) mark.inboxFrom = next
  return [...late, ...rows].slice(0, limit).map((row) => itemOf(shard, row))
}

function itemOf(shard: number, { id, kind, did, at, note, written }: Row): InboxItem {
  const place = { shard, id: String(id), written: numberOf(written), at: numberOf(at) }
  if (note !== null && note !== undefined) return { ...place, note: JSON.parse(String(note)) as Note }
  const wish = { wish: `${shard}:${place.written}:${id}`, did: did as Did, at: place.at }
  return { ...place, wish: wishOf(kind as Wish['kind'], wish) }
}

/** Reads the id of a wish. */
export function wishPlace(wish: string): InboxPlace {
  const [shard, written, ...id] = wish.split(':')
  return { shard: Number(shard), written: Number(written), id: id.join(':') }
}

/** Sorts by time, and differs for each. */
function idOf(at: Micros): string {
  return `${prefixOf(at)}-${randomUUID()}`
}

function prefixOf(at: Micros): string {
  return String(Math.max(0, at)).padStart(17, '0')
}
