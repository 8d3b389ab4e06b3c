import type { StreamEvent } from '../../atproto/event.ts'
import { iso } from '../../game/time.ts'
import { dictionaryId, type Encode, plain, type Refused, zstd } from '../compression.ts'
import { type Filter, type FilterProblem, filterOf } from '../filter.ts'
import { BROKEN_COMMIT, BROKEN_DID, BROKEN_LIKE, commitOf, jsonRefusal, micro, standing } from './fields.ts'
import type { Headers, SimulatedWire } from './wire.ts'

const LEXICON = 'network.bsky.jetstream.subscribeEvents'
const KINDS: ReadonlySet<string> = new Set(['commit', 'identity', 'account', 'sync'])

/** `subscribeEvents`, an XRPC subscription: clients send nothing, and hosts say why they refuse or end it. */
export const v2: SimulatedWire = {
  name: 'v2',
  path: `/xrpc/${LEXICON}`,
  subprotocol: 'xrpc.v1.json',
  dictionaryPath: '/xrpc/network.bsky.jetstream.getZstdDictionary',
  frame,
  infoFrame: (name, message) => messageOf({ $type: `${LEXICON}#info`, name, message }),
  errorFrame: (error, message) => JSON.stringify({ $type: 'error', error, message }),
  refusesOldNumbers: true,
  filterOf: filterOfQuery,
  encodingOf,
  waitsForHello: () => false,
  heed: () => ({ problem: '', code: 1008 }),
  refusalBody: jsonRefusal,
  brokenFrames: [
    broken({ $type: 'x#party' }),
    broken({ seq: -1, ...BROKEN_COMMIT, record: BROKEN_LIKE }),
    broken({ seq: 2 ** 53, ...BROKEN_COMMIT, record: BROKEN_LIKE }),
    broken({ time: 'now', ...BROKEN_COMMIT, record: BROKEN_LIKE }),
    broken({ time: '+99999-12-31T00:00:00Z', ...BROKEN_COMMIT, record: BROKEN_LIKE }),
    broken({ did: 42, ...BROKEN_COMMIT, record: BROKEN_LIKE }),
    broken({ ...BROKEN_COMMIT, rkey: '\ud800', record: BROKEN_LIKE }),
    broken({ ...BROKEN_COMMIT, rev: '3k', record: BROKEN_LIKE }),
    broken(BROKEN_COMMIT),
    broken({ $type: 'x#account', account: { active: 1 } }),
    broken({ $type: 'x#sync', sync: { rev: '' } }),
    JSON.stringify({ $type: 'message' }),
    JSON.stringify({ $type: 'party', payload: {} }),
  ],
}

function frame(event: StreamEvent, seq: number): string {
  const { did, at } = event
  return messageOf({ $type: `${LEXICON}#${event.kind}`, seq, did, time: micro(at), ...payloadOf(event, seq) })
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

function messageOf(payload: object): string {
  return JSON.stringify({ $type: 'message', payload })
}

/** Refuses unknown kinds, contradictions, and the parameters of `/subscribe`. */
function filterOfQuery(query: URLSearchParams): Filter | FilterProblem {
  const legacy = [...query.keys()].find((name) => name.startsWith('wanted') || name === 'requireHello')
  if (legacy !== undefined) return { problem: `${legacy} is a parameter of /subscribe` }
  const kinds = query.getAll('kinds')
  const unknown = kinds.find((kind) => !KINDS.has(kind))
  if (unknown !== undefined) return { problem: `unknown kind ${unknown}` }
  const collections = query.getAll('collections')
  if (collections.length > 0 && kinds.length > 0 && !kinds.includes('commit')) {
    return { problem: 'collections select among commits, which kinds leaves out' }
  }
  const limit = query.get('maxMessageSizeBytes') ?? '0'
  if (!/^\d{1,9}$/.test(limit)) return { problem: 'maxMessageSizeBytes is no size' }
  return filterOf({ collections, dids: query.getAll('dids'), kinds, maxFrameBytes: Number(limit) })
}

function encodingOf(
  query: URLSearchParams,
  headers: Headers,
  dictionary: Uint8Array | undefined,
): Encode | Refused {
  if (query.get('compress') === 'true' || String(headers['socket-encoding'] ?? '').includes('zstd')) {
    return { error: 'InvalidRequest', message: 'compress is for /subscribe; here it is zstdDictionary=<id>' }
  }
  const asked = query.get('zstdDictionary')
  if (asked === null || asked === '') return plain
  if (!/^[1-9]\d{0,9}$/.test(asked)) {
    return { error: 'InvalidRequest', message: 'zstdDictionary must be the id of a dictionary' }
  }
  const current = dictionary === undefined ? undefined : dictionaryId(dictionary)
  if (dictionary === undefined || Number(asked) !== current) {
    const message = `unknown zstd dictionary id ${asked}; current dictionary id is ${current ?? 'none'}`
    return { error: 'UnknownZstdDictionary', message }
  }
  return zstd(dictionary)
}

function broken(fields: object): string {
  return messageOf({
    $type: `${LEXICON}#commit`,
    seq: 1,
    did: BROKEN_DID,
    time: '2023-11-14T22:13:20.000000Z',
    ...fields,
  })
}
