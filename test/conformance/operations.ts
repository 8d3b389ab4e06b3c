// The operations of the checks, and helpers that fold them into a ledger.
import type { Cursor, Did } from '../../src/atproto/event.ts'
import { PROFILE } from '../../src/atproto/profile.ts'
import { decide } from '../../src/game/decide.ts'
import type { Game } from '../../src/game/game.ts'
import type { Operation } from '../../src/game/operation.ts'
import { touched } from '../../src/game/touched.ts'
import type { Expiry } from '../../src/store/expired.ts'
import type { EventsPage, Writer } from '../../src/store/store.ts'
import { game, LIKE, POST, person, REPOST, START, tid } from '../game/arbitrary.ts'

export const [alice, bob] = [person(0), person(1)]
export const NOW = START / 1_000_000
/** The first page of a timeline. */
export const FIRST: EventsPage = { type: undefined, cursor: undefined, limit: 100 }

export async function fold(
  writer: Writer,
  operations: readonly Operation[],
  cursor?: Cursor,
  by: Game = game,
): Promise<void> {
  const known = await writer.load(touched(by, operations))
  await writer.commit(decide(by, known, operations), cursor)
}

/** The place of event number `value` of a v2 stream with an event a second. */
export function cursorOf(value: number): Cursor {
  return { host: 'a.test', wire: 'v2', value, at: START + value * 1_000_000 }
}

/** Two minutes after the start, events from before second `micros / 1e6` are old. */
export function before(micros: number): Expiry {
  return { before: START + micros, now: START + 120_000_000 }
}

/** A person's own profile record. */
export function profileRecord(did: Did, n: number, record: object) {
  return { ...commitOf(did, n, PROFILE, record), op: 'update', rkey: 'self' } as const
}

export function commitOf(did: Did, n: number, collection: typeof POST, record: object) {
  const at = START + n * 1_000_000
  return { kind: 'commit', did, at, rev: tid(n), op: 'create', collection, rkey: tid(n), record } as const
}

export function post(did: Did, n: number) {
  return commitOf(did, n, POST, { text: 'not kept' })
}

export function like(did: Did, n: number) {
  return commitOf(did, n, LIKE, { subject: { uri: 'at://x' } })
}

/** Deletes the person's like of second `n`. */
export function removalOf(did: Did, n: number) {
  return { ...like(did, n), rev: tid(n + 1_000_000), op: 'delete', record: undefined } as const
}

/** A repost of a post by `author` that nobody has seen. */
export function repost(did: Did, n: number, author: Did, key = 0) {
  return commitOf(did, n, REPOST, { subject: { uri: `at://${author}/${POST}/${tid(key)}` } })
}

export function status(did: Did, value: 'active' | 'deactivated' | 'deleted', n: number) {
  return {
    kind: 'account',
    did,
    at: START + n * 1_000_000,
    time: START + n * 1_000_000,
    status: value,
  } as const
}

export function named(did: Did, handle: `${string}.${string}`) {
  const profile = { handle, displayName: 'A name \u{1F98A}', avatar: undefined, asked: START }
  return {
    kind: 'profile-answer',
    question: 'profile:1',
    tries: 0,
    did,
    at: START,
    profile,
    optedOut: false,
    postsCount: 0,
  } as const
}
