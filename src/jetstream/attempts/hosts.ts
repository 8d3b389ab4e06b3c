import type { Did, Nsid, Wire } from '../../atproto/event.ts'
import type { Place } from '../observer.ts'

/** One of the user's URLs: where, and which wires to try there, best first. */
export type Target = { host: string; url: string; wires: readonly [Wire, ...Wire[]] }

/** A place with the URL that its stream is asked at. */
export type Endpoint = Place & { url: string }

/** What of the stream is wanted. */
export type Filter = {
  /** Commits in these collections; every collection when empty. */
  collections: readonly Nsid[]
  /** Events of these people; everyone's when undefined. */
  dids: readonly Did[] | undefined
}

/** What is asked of an endpoint, besides the filter. */
export type Request = {
  cursor: number | undefined
  /** The id of the dictionary that frames shall be compressed with. */
  dictionary: number | undefined
  /** Larger messages shall not be sent at all; unlimited when undefined. */
  largest: number | undefined
}

const PATHS = { v1: '/subscribe', v2: '/xrpc/network.bsky.jetstream.subscribeEvents' } as const
const DICTIONARY_PATH = '/xrpc/network.bsky.jetstream.getZstdDictionary'
/** More than these do not safely fit in a URL. */
const MOST_DIDS_IN_URL = 100
/** The servers' own limits; beyond them the filter is ours alone. */
const MOST_DIDS = 10_000
const MOST_COLLECTIONS = 100

/** Reads one URL of the list. Throws with what was expected. */
export function parseTarget(text: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const wires = url === undefined ? undefined : wiresOf(url.pathname)
  if (url === undefined || wires === undefined || (url.protocol !== 'wss:' && url.protocol !== 'ws:')) {
    const shown = url === undefined ? text : `${url.protocol}//${url.host}${url.pathname}`
    throw new Error(
      `Expected a URL like wss://host, wss://host${PATHS.v1} or wss://host${PATHS.v2}, got ${shown}`,
    )
  }
  return { host: url.host, url: url.href, wires }
}

/** The endpoint of `wire` at `target`. */
export function endpointOf(target: Target, wire: Wire): Endpoint {
  const url = new URL(target.url)
  url.pathname = PATHS[wire]
  return { host: target.host, wire, url: url.href }
}

/** The URL to open: filters and place in its query, in the wire's own names. */
export function requestUrl(endpoint: Endpoint, filter: Filter, request: Request): string {
  const url = new URL(endpoint.url)
  const query = url.searchParams
  const names =
    endpoint.wire === 'v1'
      ? { collections: 'wantedCollections', dids: 'wantedDids' }
      : { collections: 'collections', dids: 'dids' }
  for (const collection of askedCollections(filter)) query.append(names.collections, collection)
  if (helloOf(endpoint.wire, filter, request) !== undefined) query.set('requireHello', 'true')
  else if (fits(filter.dids, MOST_DIDS_IN_URL)) {
    for (const did of filter.dids) query.append(names.dids, did)
  }
  if (request.cursor !== undefined) query.set('cursor', String(request.cursor))
  if (request.largest !== undefined) query.set('maxMessageSizeBytes', String(request.largest))
  if (request.dictionary !== undefined) {
    if (endpoint.wire === 'v1') query.set('compress', 'true')
    else query.set('zstdDictionary', String(request.dictionary))
  }
  return url.href
}

/**
 * The message that opens a v1 stream whose list of people is too long for its URL. On v2, where the
 * client must send nothing, such a list stays with us.
 */
export function helloOf(wire: Wire, filter: Filter, request: Request): string | undefined {
  const { dids } = filter
  if (wire !== 'v1' || fits(dids, MOST_DIDS_IN_URL) || !fits(dids, MOST_DIDS)) return undefined
  return JSON.stringify({
    type: 'options_update',
    payload: {
      wantedCollections: askedCollections(filter),
      wantedDids: dids,
      maxMessageSizeBytes: request.largest ?? 0,
    },
  })
}

/** Where a v2 host serves its current dictionary, over HTTP. */
export function dictionaryUrl(endpoint: Endpoint): string {
  const url = new URL(endpoint.url)
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:'
  url.pathname = DICTIONARY_PATH
  url.search = ''
  url.username = ''
  url.password = ''
  return url.href
}

function wiresOf(path: string): Target['wires'] | undefined {
  switch (path.replace(/\/$/, '')) {
    case '':
      return ['v2', 'v1']
    case PATHS.v1:
      return ['v1']
    case PATHS.v2:
      return ['v2']
    default:
      return undefined
  }
}

function askedCollections({ collections }: Filter): readonly Nsid[] {
  return collections.length > MOST_COLLECTIONS ? [] : collections
}

function fits(dids: readonly Did[] | undefined, most: number): dids is readonly Did[] {
  return dids !== undefined && dids.length <= most
}
