// What the wires share: the fields of an event, as real hosts write them.

import type { StreamEvent } from '../../atproto/event.ts'
import { cid } from '../embeds.ts'
import { Random } from '../random.ts'
import type { Body } from './wire.ts'

/** The fields of a commit, which are nested on one wire and flat on another. */
export function commitOf(event: StreamEvent & { kind: 'commit' }, seq: number): object {
  const { rev, op, collection, rkey, record } = event
  const commit = { rev, operation: op, collection, rkey }
  return op === 'delete' ? commit : { ...commit, record, cid: cid(new Random(seq)) }
}

/** An account's status as hosts write it. */
export function standing(status: string): object {
  return status === 'active' ? { active: true } : { active: false, status }
}

/** RFC 3339 to the microsecond. */
export function micro(at: number): string {
  return `${new Date(Math.floor(at / 1_000_000) * 1000).toISOString().slice(0, 19)}.${String(at % 1_000_000).padStart(6, '0')}Z`
}

/** A refusal as XRPC has it. */
export function jsonRefusal(error: string, message: string): Body {
  return { type: 'application/json', text: JSON.stringify({ error, message }) }
}

/** Parts of the frames that are broken on purpose. */
export const BROKEN_DID = 'did:plc:hhhhhhhhhhhhhhhhhhhhhhhh'
export const BROKEN_COMMIT = {
  rev: '3kaaaaaaaaa2a',
  operation: 'create',
  collection: 'app.bsky.feed.like',
  rkey: '3kaaaaaaaaa2b',
}
export const BROKEN_LIKE = {
  $type: 'app.bsky.feed.like',
  subject: { uri: `at://${BROKEN_DID}/app.bsky.feed.post/a` },
}
