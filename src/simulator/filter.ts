import { isDid, isNsid } from '@atcute/lexicons/syntax'
import type { StreamEvent } from '../atproto/event.ts'
import { isObject } from '../atproto/json.ts'

/** What one client wants to be sent. */
export type Filter = {
  wants(event: StreamEvent): boolean
  /** Larger frames are left out without a word; 0 for no limit. */
  largest: number
}

/** Why a filter cannot be had, in words for the client. */
export type FilterProblem = { problem: string }

const MAX_COLLECTIONS = 100
const MAX_DIDS = 10_000
const KINDS: ReadonlySet<string> = new Set(['commit', 'identity', 'account', 'sync'])

/** The filter of a `/subscribe` request. A limit that is no number is none. */
export function filterV1(query: URLSearchParams): Filter | FilterProblem {
  const largest = Number.parseInt(query.get('maxMessageSizeBytes') ?? '0', 10)
  return filterOf({
    collections: query.getAll('wantedCollections'),
    dids: query.getAll('wantedDids'),
    kinds: [],
    largest: Number.isNaN(largest) ? 0 : Math.max(0, largest),
  })
}

/** The filter of a `subscribeEvents` request, which minds its manners more. */
export function filterV2(query: URLSearchParams): Filter | FilterProblem {
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
  return filterOf({ collections, dids: query.getAll('dids'), kinds, largest: Number(limit) })
}

/**
 * What a client of the v1 wire said: a whole new filter, nothing that matters (`undefined`), or something that it is
 * cut off for, with the WebSocket close code.
 */
export function updateOf(text: string): Filter | (FilterProblem & { code: number }) | undefined {
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
  const filter = filterOf({ collections, dids, kinds: [], largest: Math.max(0, Number(size)) })
  return 'problem' in filter ? { ...filter, code: 1008 } : filter
}

function filterOf(options: {
  collections: readonly string[]
  dids: readonly string[]
  kinds: readonly string[]
  largest: number
}): Filter | FilterProblem {
  const { kinds, largest } = options
  const collections = new Set(options.collections)
  const dids = new Set(options.dids)
  if (collections.size > MAX_COLLECTIONS) return { problem: `more than ${MAX_COLLECTIONS} collections` }
  if (dids.size > MAX_DIDS) return { problem: `more than ${MAX_DIDS} DIDs` }
  const prefixes: string[] = []
  for (const name of collections) {
    if (name.endsWith('.*')) prefixes.push(name.slice(0, -1))
    else if (!isNsid(name)) return { problem: `${name} is no collection` }
  }
  for (const did of dids) if (!isDid(did)) return { problem: `${did} is no DID` }
  const wants = (event: StreamEvent): boolean => {
    if (dids.size > 0 && !dids.has(event.did)) return false
    if (kinds.length > 0 && !kinds.includes(event.kind)) return false
    // Whatever happens to an account passes every list of collections.
    if (event.kind !== 'commit' || collections.size === 0) return true
    const { collection } = event
    return collections.has(collection) || prefixes.some((prefix) => collection.startsWith(prefix))
  }
  return { wants, largest }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
