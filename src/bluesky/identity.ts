import type { Did } from '@atcute/lexicons/syntax'
import { isObject } from '../atproto/json.ts'
import { openPublicUrl } from './open-url.ts'
import { isOnThisMachine, publicUrl } from './public-address.ts'
import { fetchJson, type OpenUrl, RequestError } from './request.ts'

const LIMITS = { timeoutMs: 10_000, maxBytes: 2 ** 18 }

export type FindPdsOptions = {
  /** The PLC directory. */
  plcUrl: string
  signal: AbortSignal
  /** Opens URLs that come from strangers. @default openPublicUrl */
  open?: OpenUrl
}

/**
 * The repository server that the DID document of `did` names: protocol, host and port.
 * @throws {RequestError} if the document cannot be fetched, or names no server or one that is not public
 */
export async function findPds(
  did: Did,
  { plcUrl, signal, open = openPublicUrl }: FindPdsOptions,
): Promise<URL> {
  // A directory on this machine is a simulator: it serves all documents, and the servers they name are local, too.
  const local = isOnThisMachine(plcUrl)
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
  if (url === null) throw new RequestError(`the document of ${did} names an address that is not a URL`)
  // By the protocol a path has no meaning.
  return new URL(url.origin)
}

/** Not a valid URL if the DID has a path, so the request fails. */
function webDocument(did: Did): string {
  return `https://${did.slice('did:web:'.length).replace(/%3a/i, ':')}/.well-known/did.json`
}
