import type { Did, Nsid } from '../../atproto/event.ts'
import type { Place } from '../observer.ts'
import { wires as builtIn } from '../wires/index.ts'
import type { Wire, WireList } from '../wires/wire.ts'

/** One configured URL: its host, and the wires to try there, best first. */
export type Target = { host: string; url: string; wires: WireList }

/** A place with its wire and the URL of its stream. */
export type Endpoint = { place: Place; wire: Wire; url: string }

/** Which events are wanted. */
export type Filter = {
  /** Commits in these collections; every collection when empty. */
  collections: readonly Nsid[]
  /** Events of these people; everyone's when undefined. */
  dids: readonly Did[] | undefined
}

/** The parameters of one request, besides the filter. */
export type Request = {
  cursor: number | undefined
  /** Id of the dictionary to compress frames with; undefined for plain text. */
  dictionary: number | undefined
  /** Asks the host to leave out larger messages; undefined for no limit. */
  maxMessageBytes: number | undefined
}

/** A longer list may not fit in a URL. */
const MAX_DIDS_IN_URL = 100
/** The hosts' own limits; longer lists are filtered on our side only. */
const MAX_DIDS = 10_000
const MAX_COLLECTIONS = 100

/** Parses one configured URL. Throws where it is no WebSocket URL, or its path is no wire's. */
export function parseTarget(text: string, wires: WireList = builtIn): Target {
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

/** The URL to open, with filter and cursor in its query under the wire's own names. */
export function requestUrl({ url: streamUrl, wire }: Endpoint, filter: Filter, request: Request): string {
  const url = new URL(streamUrl)
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

/** The first message to send where the list of people is too long for the URL; undefined where none is needed. */
export function helloOf(wire: Wire, filter: Filter, { maxMessageBytes }: Request): string | undefined {
  const { dids } = filter
  if (!needsHello(dids)) return undefined
  return wire.hello?.message({ collections: askedCollections(filter), dids, maxMessageBytes })
}

/** The HTTP URL of a file on the host, without the user's credentials. */
export function fileUrl(endpoint: Endpoint, path: string): string {
  const url = new URL(endpoint.url)
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:'
  url.pathname = path
  url.search = ''
  url.username = ''
  url.password = ''
  return url.href
}

/** The wires that a path allows: all where it is empty; undefined where no wire has it. */
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
