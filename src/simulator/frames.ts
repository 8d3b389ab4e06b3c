import type { StreamEvent } from '../atproto/event.ts'
import { cid } from './embeds.ts'
import { Random } from './random.ts'

/** One frame of `/subscribe`, as a real server writes it; what that wire does not have is `undefined`. */
export function frameV1(event: StreamEvent, seq: number): string | undefined {
  const { did, at } = event
  const head = { did, time_us: at, cursor: seq, kind: event.kind }
  switch (event.kind) {
    case 'commit':
      return JSON.stringify({ ...head, commit: commitOf(event, seq) })
    case 'identity':
      return JSON.stringify({ ...head, identity: { did, handle: event.handle, seq, time: iso(at) } })
    case 'account':
      return JSON.stringify({
        ...head,
        account: { ...standing(event.status), did, seq, time: micro(event.time) },
      })
    case 'sync':
      return undefined
  }
}

/** One frame of `subscribeEvents`. */
export function frameV2(event: StreamEvent, seq: number): string {
  const { did, at } = event
  const head = { $type: `network.bsky.jetstream.subscribeEvents#${event.kind}`, seq, did, time: micro(at) }
  return JSON.stringify({ $type: 'message', payload: { ...head, ...payloadOf(event, seq) } })
}

/** A frame that tells the client something about its request. */
export function infoV2(name: string, message: string): string {
  const $type = 'network.bsky.jetstream.subscribeEvents#info'
  return JSON.stringify({ $type: 'message', payload: { $type, name, message } })
}

/** The last frame of a connection that the server ends. */
export function errorV2(error: string, message: string): string {
  return JSON.stringify({ $type: 'error', error, message })
}

function payloadOf(event: StreamEvent, seq: number): object {
  const { did } = event
  switch (event.kind) {
    case 'commit':
      return commitOf(event, seq)
    case 'identity':
      return { identity: { did, handle: event.handle, seq, time: iso(event.at) } }
    case 'account':
      return { account: { ...standing(event.status), did, seq, time: micro(event.time) } }
    case 'sync':
      return { sync: { did, rev: event.rev, seq, time: iso(event.at) } }
  }
}

function commitOf(event: StreamEvent & { kind: 'commit' }, seq: number): object {
  const { rev, op, collection, rkey, record } = event
  const commit = { rev, operation: op, collection, rkey }
  return op === 'delete' ? commit : { ...commit, record, cid: cid(new Random(seq)) }
}

function standing(status: string): object {
  return status === 'active' ? { active: true } : { active: false, status }
}

function iso(at: number): string {
  return new Date(at / 1000).toISOString()
}

/** RFC 3339 to the microsecond. */
function micro(at: number): string {
  return `${new Date(Math.floor(at / 1_000_000) * 1000).toISOString().slice(0, 19)}.${String(at % 1_000_000).padStart(6, '0')}Z`
}
