import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import type { Did } from '@atcute/lexicons/syntax'
import { isObject } from '../atproto/json.ts'
import { fetchJson, RequestError } from './request.ts'

const LIMITS = { timeoutMs: 10_000, mostBytes: 2 ** 20 }

/**
 * Where the repository of `did` is served, as its DID document says.
 * @throws {RequestError} where that cannot be told, or is an address that a stranger must not send us to
 */
export async function findPds(did: Did, plcUrl: string, signal: AbortSignal): Promise<string> {
  // A directory on this machine is a simulator: it has everybody's document, and what it names is here too.
  const local = isLocal(new URL(plcUrl).hostname)
  const ownHost = did.startsWith('did:web:') && !local
  const url = ownHost ? webDocument(did) : `${plcUrl}/${did}`
  if (ownHost) await assertPublic(url)
  const document = await fetchJson(url, { ...LIMITS, signal })
  const services = isObject(document) && Array.isArray(document.service) ? document.service : []
  const pds = services.find(
    (service: unknown) => isObject(service) && String(service.id).endsWith('#atproto_pds'),
  )
  const endpoint = isObject(pds) && typeof pds.serviceEndpoint === 'string' ? pds.serviceEndpoint : undefined
  if (endpoint === undefined) throw new RequestError(`the document of ${did} names no repository server`)
  if (!local) await assertPublic(endpoint)
  return endpoint.replace(/\/$/, '')
}

/** No address at all where the DID names more than a host and its port. */
function webDocument(did: Did): string {
  return `https://${did.slice('did:web:'.length).replace(/%3a/i, ':')}/.well-known/did.json`
}

/** @throws {RequestError} unless `address` is https on a host that is nowhere near this machine */
async function assertPublic(address: string): Promise<void> {
  const url = URL.parse(address)
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new RequestError(`${JSON.stringify(address)} is not a plain https address`)
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const found = isIP(host) ? [{ address: host }] : await lookup(host, { all: true }).catch(() => [])
  if (found.length === 0) throw new RequestError(`${host} cannot be found`)
  if (found.some((entry) => isPrivate(entry.address))) {
    throw new RequestError(`${host} is not a public address`)
  }
}

const PRIVATE = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4')
}
for (const [network, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv6')
}

/** True for addresses that are not for everybody: loopback, private, link-local, multicast, reserved. */
export function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host)
}
