import type { CommitEvent, Did, Nsid } from '../../src/atproto/event.ts'

/** Some time in 2026, in microseconds. */
export const T0 = 1_770_000_000_000_000
export const ALICE: Did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
export const BOB: Did = 'did:plc:bbbbbbbbbbbbbbbbbbbbbbbb'
export const LIKE: Nsid = 'app.bsky.feed.like'

type LikeOptions = { did?: Did; at?: number; text?: string }

/** The nth like of a made-up stream, as the v1 wire sends it; it is witnessed n milliseconds after T0. */
export function likeV1(n: number, { did = ALICE, at = T0 + n * 1_000, text = '' }: LikeOptions = {}): string {
  const { rev, rkey, record } = likeParts(n, text)
  const commit = { rev, operation: 'create', collection: LIKE, rkey, record, cid: 'bafyrei' }
  return JSON.stringify({ did, time_us: at, kind: 'commit', commit })
}

/** The same on the v2 wire, with n as its sequence number. */
export function likeV2(n: number, { did = ALICE, at = T0 + n * 1_000, text = '' }: LikeOptions = {}): string {
  const { rev, rkey, record } = likeParts(n, text)
  return messageV2('commit', {
    seq: n,
    did,
    time: timeOf(at),
    rev,
    operation: 'create',
    collection: LIKE,
    rkey,
    record,
    cid: 'bafyrei',
  })
}

/** The event that both messages describe. */
export function likeEvent(n: number, did: Did = ALICE): CommitEvent {
  const { rev, rkey, record } = likeParts(n, '')
  return {
    kind: 'commit',
    did,
    at: T0 + n * 1_000,
    rev: rev as CommitEvent['rev'],
    op: 'create',
    collection: LIKE,
    rkey,
    record,
  }
}

export function messageV2(fragment: string, fields: object): string {
  const $type = `network.bsky.jetstream.subscribeEvents#${fragment}`
  return JSON.stringify({ $type: 'message', payload: { $type, ...fields } })
}

/** RFC 3339 with microseconds. */
export function timeOf(micros: number): string {
  const decimals = String(micros % 1_000_000).padStart(6, '0')
  return `${new Date(micros / 1_000).toISOString().slice(0, 19)}.${decimals}Z`
}

function likeParts(n: number, text: string) {
  const digits = [...String(n).padStart(9, '0')].map((digit) => 'bcdefghijk'[Number(digit)]).join('')
  const subject = { uri: `at://${BOB}/app.bsky.feed.post/3aaa${digits}`, cid: 'bafyrei' }
  const record = { $type: LIKE, subject, createdAt: '2026-02-02T02:40:00.000Z', ...(text && { text }) }
  return { rev: `3aaa${digits}`, rkey: `3aaa${digits}`, record }
}
