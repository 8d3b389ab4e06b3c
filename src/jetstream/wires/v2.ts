import type { Did, Micros } from '../../atproto/event.ts'
import { isObject, type JsonObject } from '../../atproto/json.ts'
import { microsOf } from '../../atproto/micros.ts'
import {
  accountFrame,
  commitFrame,
  identityFrame,
  isCount,
  malformed,
  objectOf,
  syncFrame,
  timeOf,
  unknownFrame,
} from './fields.ts'
import { isDid } from './syntax.ts'
import { type Frame, TIME_CURSORS, type Wire } from './wire.ts'

const COMMIT = 'network.bsky.jetstream.subscribeEvents#commit'

/** `subscribeEvents`, an XRPC subscription, where an event's cursor is its `seq`. */
export const v2: Wire = {
  name: 'v2',
  path: '/xrpc/network.bsky.jetstream.subscribeEvents',
  subprotocols: ['xrpc.v1.json'],
  query: { collections: 'collections', dids: 'dids' },
  compression: (dictionaryId) => ['zstdDictionary', String(dictionaryId)],
  hello: undefined,
  read,
  cursors: 'numbers',
  step: 1,
  silentClampAfter: undefined,
  dictionary: { from: 'host', path: '/xrpc/network.bsky.jetstream.getZstdDictionary' },
}

/** Recognizes types by their fragment alone: the part before `#` names a lexicon, which may be renamed. */
function read(text: string): Frame {
  const message = objectOf(text)
  if (message === undefined) return malformed('json')
  switch (fragmentOf(message.$type)) {
    case 'message':
      return isObject(message.payload) ? readPayload(message.payload) : malformed('shape')
    case 'error':
      return { type: 'error', error: textOf(message.error), message: textOf(message.message) }
    case undefined:
      return malformed('shape')
    default:
      return unknownFrame()
  }
}

function readPayload(payload: JsonObject): Frame {
  const kind = fragmentOf(payload.$type)
  switch (kind) {
    case 'commit':
    case 'identity':
    case 'account':
    case 'sync':
      break
    case 'info':
      return { type: 'info', name: textOf(payload.name), message: textOf(payload.message) }
    case undefined:
      return malformed('shape')
    default:
      return unknownFrame()
  }
  const { did, seq } = payload
  if (!isDid(did)) return malformed('did')
  // Hosts would read a larger cursor as a time.
  if (!isCount(seq) || seq >= TIME_CURSORS) return malformed('seq')
  const at = witnessOf(payload)
  if (at === undefined) return malformed('time')
  return readEvent(kind, did, at, seq, payload)
}

function readEvent(
  kind: 'commit' | 'identity' | 'account' | 'sync',
  did: Did,
  at: Micros,
  seq: number,
  payload: JsonObject,
): Frame {
  switch (kind) {
    case 'commit':
      return commitFrame(did, at, seq, payload)
    case 'identity':
      return identityFrame(did, at, seq, payload.identity)
    case 'account':
      return accountFrame(did, at, seq, payload.account)
    case 'sync':
      return syncFrame(did, at, seq, payload.sync)
  }
}

/**
 * `witnessedAt` where the host sends it: an import may have set `time` to something else, and hosts look up time cursors
 * by `witnessedAt` (lexicon network.bsky.jetstream.subscribeEvents).
 */
function witnessOf({ witnessedAt, time }: JsonObject): Micros | undefined {
  return timeOf(microsOf(witnessedAt ?? time))
}

function fragmentOf(type: unknown): string | undefined {
  // Nearly every frame has these two types, and comparing a string costs less than slicing it.
  if (type === 'message') return type
  if (type === COMMIT) return 'commit'
  return typeof type === 'string' ? type.slice(type.lastIndexOf('#') + 1) : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 300) : ''
}
