import { type FoundPublicKey, getPublicKeyFromDidController } from '@atcute/crypto'
import type { Did } from '@atcute/lexicons/syntax'
import { isObject, type JsonObject } from '../atproto/json.ts'
import { openPublicUrl } from './open-url.ts'
import { isOnThisMachine, publicUrl } from './public-address.ts'
import { fetchJson, type OpenUrl, RequestError } from './request.ts'

const LIMITS = { timeoutMs: 10_000, maxBytes: 2 ** 18 }

/** Where a person's repository is, and the key that signs its commits. */
export type Identity = {
  /** The server: protocol, host and port. */
  pds: URL
  key: SigningKey
}

export type SigningKey = FoundPublicKey

export type FindOptions = {
  /** The PLC directory. */
  plcUrl: string
  signal: AbortSignal
  /** Opens URLs that come from strangers. @default openPublicUrl */
  open?: OpenUrl
}

/**
 * What the DID document of `did` says about their repository.
 * @throws {RequestError} if the document cannot be fetched, names no server or one that is not public, or no key that signs
 */
export async function findIdentity(did: Did, options: FindOptions): Promise<Identity> {
  const document = await fetchDocument(did, options)
  return { pds: serverOf(did, document, options), key: signingKeyOf(did, document) }
}

/**
 * The server of the repository of `did`.
 * @throws {RequestError} if the document cannot be fetched, or names no server or one that is not public
 */
export async function findPds(did: Did, options: FindOptions): Promise<URL> {
  return serverOf(did, await fetchDocument(did, options), options)
}

/** A directory on this machine is a simulator: it serves all documents, and the servers they name are local, too. */
async function fetchDocument(
  did: Did,
  { plcUrl, signal, open = openPublicUrl }: FindOptions,
): Promise<unknown> {
  return did.startsWith('did:web:') && !isOnThisMachine(plcUrl)
    ? await fetchJson(webDocument(did), { ...LIMITS, signal, open })
    : await fetchJson(`${plcUrl}/${did}`, { ...LIMITS, signal })
}

function serverOf(did: Did, document: unknown, { plcUrl }: FindOptions): URL {
  const endpoint = entryOf(document, 'service', '#atproto_pds')?.serviceEndpoint
  if (typeof endpoint !== 'string')
    throw new RequestError(`the document of ${did} names no repository server`)
  const url = isOnThisMachine(plcUrl) ? URL.parse(endpoint) : publicUrl(endpoint)
  if (url === null) throw new RequestError(`the document of ${did} names an address that is not a URL`)
  // By the protocol a path has no meaning.
  return new URL(url.origin)
}

/** The first entry of a list in a DID document whose id ends in `fragment`, as the protocol has it. */
function entryOf(document: unknown, list: string, fragment: string): JsonObject | undefined {
  const entries: unknown = isObject(document) ? document[list] : undefined
  if (!Array.isArray(entries)) return undefined
  const isNamed = (entry: unknown): entry is JsonObject =>
    isObject(entry) && String(entry.id).endsWith(fragment)
  return entries.find(isNamed)
}

function signingKeyOf(did: Did, document: unknown): SigningKey {
  const { type, publicKeyMultibase } = entryOf(document, 'verificationMethod', '#atproto') ?? {}
  if (typeof type !== 'string' || typeof publicKeyMultibase !== 'string')
    throw new RequestError(`the document of ${did} names no key that signs the repository`)
  try {
    return compressed(getPublicKeyFromDidController({ type, publicKeyMultibase }))
  } catch (cause) {
    throw new RequestError(`the document of ${did} names a signing key of an unknown kind`, { cause })
  }
}

/**
 * Documents of an earlier form, which PLC servers of people's own still make, give both coordinates of a key's point, 65 bytes
 * that begin with 4. Signatures are checked by keys of one coordinate and the sign of the other.
 */
function compressed(key: SigningKey): SigningKey {
  const bytes = key.publicKeyBytes
  if (bytes.length !== 65 || bytes[0] !== 4) return key
  const sign = 2 + ((bytes[64] ?? 0) & 1)
  return { ...key, publicKeyBytes: Uint8Array.of(sign, ...bytes.subarray(1, 33)) }
}

/** Not a valid URL if the DID has a path, so the request fails. */
function webDocument(did: Did): string {
  return `https://${did.slice('did:web:'.length).replace(/%3a/i, ':')}/.well-known/did.json`
}
