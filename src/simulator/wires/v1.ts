import type { StreamEvent } from '../../atproto/event.ts'
import { isObject } from '../../atproto/json.ts'
import { iso } from '../../game/time.ts'
import { type Encode, plain, type Refused, zstd } from '../compression.ts'
import { type Filter, type FilterProblem, filterOf } from '../filter.ts'
import { BROKEN_COMMIT, BROKEN_DID, BROKEN_LIKE, commitOf, micro, standing } from './fields.ts'
import type { Headers, SimulatedWire } from './wire.ts'

/** `/subscribe`: errors are plain text, and old cursors are silently moved up. */
export const v1: SimulatedWire = {
  name: 'v1',
  path: '/subscribe',
  subprotocol: undefined,
  dictionaryPath: undefined,
  frame,
  infoFrame: () => undefined,
  errorFrame: () => undefined,
  refusesOldNumbers: false,
  filterOf: filterOfQuery,
  encodingOf,
  waitsForHello: (query) => query.get('requireHello') === 'true',
  heed,
  refusalBody: (_error, message) => ({ type: 'text/plain; charset=utf-8', text: message }),
  brokenFrames: [
    broken({ kind: 'party', party: {} }),
    broken({ did: 42, commit: { ...BROKEN_COMMIT, record: BROKEN_LIKE } }),
    broken({ did: 'did:plc:', commit: { ...BROKEN_COMMIT, record: BROKEN_LIKE } }),
    broken({ time_us: 'now', commit: { ...BROKEN_COMMIT, record: BROKEN_LIKE } }),
    broken({ time_us: 2 ** 53, commit: { ...BROKEN_COMMIT, record: BROKEN_LIKE } }),
    broken({ time_us: -1, commit: { ...BROKEN_COMMIT, record: BROKEN_LIKE } }),
    broken({ commit: { ...BROKEN_COMMIT, rev: null, record: BROKEN_LIKE } }),
    broken({ commit: { ...BROKEN_COMMIT, rev: 'yesterday', record: BROKEN_LIKE } }),
    broken({ commit: { ...BROKEN_COMMIT, rkey: 'a/b', record: BROKEN_LIKE } }),
    broken({ commit: { ...BROKEN_COMMIT, collection: '__proto__', record: BROKEN_LIKE } }),
    broken({ commit: { ...BROKEN_COMMIT, operation: 'perhaps', record: BROKEN_LIKE } }),
    broken({ commit: { ...BROKEN_COMMIT, record: [BROKEN_LIKE] } }),
    broken({ commit: BROKEN_COMMIT }),
    broken({ commit: '\ud800' }),
    broken({ kind: 'account', account: { active: 'yes' } }),
    broken({ kind: 'identity', identity: null }),
  ],
}

function frame(event: StreamEvent, seq: number): string | undefined {
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

/** A size limit that is no number is ignored. */
function filterOfQuery(query: URLSearchParams): Filter | FilterProblem {
  const maxFrameBytes = Number.parseInt(query.get('maxMessageSizeBytes') ?? '0', 10)
  return filterOf({
    collections: query.getAll('wantedCollections'),
    dids: query.getAll('wantedDids'),
    kinds: [],
    maxFrameBytes: Number.isNaN(maxFrameBytes) ? 0 : Math.max(0, maxFrameBytes),
  })
}

function encodingOf(
  query: URLSearchParams,
  headers: Headers,
  dictionary: Uint8Array | undefined,
): Encode | Refused {
  const asked = query.get('compress') === 'true' || String(headers['socket-encoding'] ?? '').includes('zstd')
  const deflates = String(headers['sec-websocket-extensions'] ?? '').includes('permessage-deflate')
  if (asked && deflates) {
    return {
      error: 'InvalidRequest',
      message: 'choose one compression scheme: zstd or permessage-deflate, not both',
    }
  }
  return asked && dictionary !== undefined ? zstd(dictionary) : plain
}

function heed(text: string | undefined): Filter | (FilterProblem & { code: number }) | undefined {
  if (text === undefined) return undefined
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return { problem: 'no JSON', code: 1007 }
  }
  if (!isObject(message)) return { problem: 'no object', code: 1007 }
  if (message.type !== 'options_update') return undefined
  const { payload } = message
  if (!isObject(payload)) return { problem: 'no payload', code: 1007 }
  const {
    wantedCollections: collections = [],
    wantedDids: dids = [],
    maxMessageSizeBytes: size = 0,
  } = payload
  if (!isTexts(collections) || !isTexts(dids) || !Number.isInteger(size)) {
    return { problem: 'an option of another type', code: 1007 }
  }
  const filter = filterOf({ collections, dids, kinds: [], maxFrameBytes: Math.max(0, Number(size)) })
  return 'problem' in filter ? { ...filter, code: 1008 } : filter
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function broken(fields: object): string {
  return JSON.stringify({ did: BROKEN_DID, time_us: 1_700_000_000_000_000, kind: 'commit', ...fields })
}
