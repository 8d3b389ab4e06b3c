import type { Did } from '@atcute/lexicons/syntax'
import { isObject } from '../atproto/json.ts'
import { openPublicUrl } from './open-url.ts'
import { publicUrl } from './public-address.ts'
import { fetchJson, type OpenUrl, RequestError } from './request.ts'

const LIMITS = { timeoutMs: 10_000, maxBytes: 2 ** 18 }

export type FindPdsOptions = {
  /** The directory of DIDs. */
  plcUrl: string
  signal: AbortSignal
  /** How addresses that come from strangers are opened. */
  open?: OpenUrl
}

/**
 * The server of `did`'s repository, as its DID document says: protocol, host and port.
 * @throws {RequestError} where that cannot be told, or is an address that a stranger must not send us to
 */
export async function findPds(
  did: Did,
  { plcUrl, signal, open = openPublicUrl }: FindPdsOptions,
): Promise<URL> {
  // A directory on this machine is a simulator: it has everybody's document, and what it names is here too.
  const local = isLocalDirectory(plcUrl)
  const ownHost = did.startsWith('did:web:') && !local
  const document = ownHost
    ? await fetchJson(webDocument(did), { ...LIMITS, signal, open })
    : await fetchJson(`${plcUrl}/${did}`, { ...LIMITS, signal })
  const services = isObject(document) && Array.isArray(document.service) ? document.service : []
  const pds = services.find(
    (service: unknown) => isObject(service) && String(service.id).endsWith('#atproto_pds'),
  )
  const endpoint = isObject(pds) && typeof pds.serviceEndpoint === 'string' ? pds.serviceEndpoint : undefined
  if (endpoint === undefined) throw new RequestError(`the document of ${did} names no repository server`)
  const url = local ? URL.parse(endpoint) : publicUrl(endpoint)
  if (url === null) throw new RequestError(`the document of ${did} names an address that is none`)
  // The protocol gives a path no meaning.
  return new URL(url.origin)
}

/** True for a directory on this machine, whose word is taken for every address: a simulator, or somebody's development. */
export function isLocalDirectory(plcUrl: string): boolean {
  const { hostname } = new URL(plcUrl)
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
}

/** No address at all where the DID names more than a host. */
function webDocument(did: Did): string {
  return `https://${did.slice('did:web:'.length).replace(/%3a/i, ':')}/.well-known/did.json`
}
