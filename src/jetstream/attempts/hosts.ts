import type { Did, Nsid } from '../../atproto/event.ts'
import type { Place } from '../observer.ts'
import { wires as spoken } from '../wires/index.ts'
import type { Wire, WireList } from '../wires/wire.ts'

/** One of the user's URLs: where, and which wires to try there, best first. */
export type Target = { host: string; url: string; wires: WireList }

/** A place with the wire spoken there and the URL that its stream is asked at. */
export type Endpoint = { place: Place; wire: Wire; url: string }

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
  /** The host shall leave out larger messages; unlimited when undefined. */
  maxMessageBytes: number | undefined
}

/** More than these do not safely fit in a URL. */
const MAX_DIDS_IN_URL = 100
/** The hosts' own limits; beyond them the filter is ours alone. */
const MAX_DIDS = 10_000
const MAX_COLLECTIONS = 100

/** Reads one URL of the list. Throws with what was expected. */
export function parseTarget(text: string, wires: WireList = spoken): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const possible = url === undefined ? undefined : wiresAt(url.pathname, wires)
  if (url === undefined || possible === undefined || (url.protocol !== 'wss:' && url.protocol !== 'ws:')) {
    const shown = url === undefined ? text : `${url.protocol}//${url.host}${url.pathname}`
    throw new Error(`Expected a URL like ${examples(wires)}, got ${shown}`)
  }
  return { host: url.host, url: url.href, wires: possible }
}

/** The endpoint of `wire` at `target`. */
export function endpointOf(target: Target, wire: Wire): Endpoint {
  const url = new URL(target.url)
  url.pathname = wire.path
  return { place: { host: target.host, wire: wire.name }, wire, url: url.href }
}

/** The URL to open: filters and place in its query, in the wire's own names. */
export function requestUrl({ url: at, wire }: Endpoint, filter: Filter, request: Request): string {
  const url = new URL(at)
  const query = url.searchParams
  for (const collection of askedCollections(filter)) query.append(wire.query.collections, collection)
  if (wire.hello !== undefined && needsHello(filter.dids)) query.set(...wire.hello.parameter)
  else if (fits(filter.dids, MAX_DIDS_IN_URL)) {
    for (const did of filter.dids) query.append(wire.query.dids, did)
  }
  if (request.cursor !== undefined) query.set('cursor', String(request.cursor))
  if (request.maxMessageBytes !== undefined) query.set('maxMessageSizeBytes', String(request.maxMessageBytes))
  if (request.dictionary !== undefined) query.set(...wire.compression(request.dictionary))
  return url.href
}

/** The message that opens a stream whose list of people is too long for its URL; undefined where none is to be sent. */
export function helloOf(wire: Wire, filter: Filter, { maxMessageBytes }: Request): string | undefined {
  const { dids } = filter
  if (!needsHello(dids)) return undefined
  return wire.hello?.message({ collections: askedCollections(filter), dids, maxMessageBytes })
}

/** A file of the host, over HTTP, without the user's password. */
export function fileUrl(endpoint: Endpoint, path: string): string {
  const url = new URL(endpoint.url)
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:'
  url.pathname = path
  url.search = ''
  url.username = ''
  url.password = ''
  return url.href
}

/** Every wire where the path fixes none. */
function wiresAt(pathname: string, wires: WireList): WireList | undefined {
  const path = pathname.replace(/\/$/, '')
  if (path === '') return wires
  const wire = wires.find((wire) => wire.path === path)
  return wire && [wire]
}

function examples(wires: WireList): string {
  const urls = ['wss://host', ...wires.map(({ path }) => `wss://host${path}`)]
  return `${urls.slice(0, -1).join(', ')} or ${urls.at(-1)}`
}

function askedCollections({ collections }: Filter): readonly Nsid[] {
  return collections.length > MAX_COLLECTIONS ? [] : collections
}

function needsHello(dids: readonly Did[] | undefined): dids is readonly Did[] {
  return fits(dids, MAX_DIDS) && !fits(dids, MAX_DIDS_IN_URL)
}

function fits(dids: readonly Did[] | undefined, max: number): dids is readonly Did[] {
  return dids !== undefined && dids.length <= max
}
