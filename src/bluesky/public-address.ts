import { Resolver } from 'node:dns/promises'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { RequestError } from './request.ts'

/** An address that comes from a stranger is not public, or may not be. */
export class AddressError extends RequestError {
  override name = 'AddressError'
}

/** One address of a host, as in `node:dns`. */
type Address = { address: string; family: number }

/** Finds all addresses of a host; rejects or finds none if there are none. */
export type Resolve = (host: string) => Promise<Address[]>

/**
 * Checks an address that comes from a stranger: only https on port 443 of a public host. Relays list no servers on other
 * ports, and a `did:web` may name a port for localhost only.
 * @throws {AddressError} for any other address
 */
export function publicUrl(address: string): URL {
  const url = URL.parse(address)
  const shown = JSON.stringify(address)
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new AddressError(`${shown} is not a plain https address`)
  }
  // URL omits the default port.
  if (url.port !== '') throw new AddressError(`${shown} names a port other than 443`)
  const host = url.hostname.replace(/^\[|\]$|\.$/g, '')
  if (isIP(host) === 0 ? LOCAL_NAMES.test(host) : isPrivate(host)) {
    throw new AddressError(`${host} is not a public address`)
  }
  return url
}

/**
 * True for a server of the operator's on this machine (a simulator, or for development): it may name addresses that are not
 * public.
 */
export function isOnThisMachine(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
}

/** Names without a dot, and top-level domains reserved for private networks. */
const LOCAL_NAMES = /^[^.]*$|\.(localhost|local|internal|home\.arpa)$/

/**
 * A `lookup` for sockets that resolves to public addresses only. The socket connects to the addresses that were checked,
 * so changing the DNS record afterwards (DNS rebinding) gains nothing. It is not called for IP literals: see `publicUrl`.
 */
export function publicLookup(resolve: Resolve = resolveByDns): LookupFunction {
  return (host, { all = false }, done) => {
    checked(host, resolve).then(
      (found) => {
        const [{ address, family }] = found
        if (all) done(null, found)
        else done(null, address, family)
      },
      (error: Error) => done(error, []),
    )
  }
}

async function checked(host: string, resolve: Resolve): Promise<[Address, ...Address[]]> {
  const [first, ...more] = await resolve(host).catch(() => [])
  if (first === undefined) throw new AddressError(`${host} cannot be found`)
  // One private address makes the whole host suspect.
  if ([first, ...more].some(({ address }) => isPrivate(address))) {
    throw new AddressError(`${host} is not a public address`)
  }
  return [first, ...more]
}

/**
 * Queries name servers itself. `dns.lookup` occupies one of the few threads that all look-ups of the process share for as
 * long as a stranger's name server stays silent, and it reads the hosts file, which has no public names.
 */
async function resolveByDns(host: string): Promise<Address[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  const found = (result: PromiseSettledResult<string[]>, family: number): Address[] =>
    result.status === 'fulfilled' ? result.value.map((address) => ({ address, family })) : []
  return [...found(four, 4), ...found(six, 6)]
}

/** Addresses that are not public, from IANA's registry of special-purpose IPv4 addresses. */
const SPECIAL_V4 = networks('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
])

/** The only part of IPv6 with public addresses; loopback, NAT64, site-local and so on lie outside. */
const GLOBAL_V6 = networks('ipv6', [['2000::', 3]])

/** Within that part: protocol assignments with Teredo, documentation, and 6to4, which carries any IPv4 address. */
const SPECIAL_V6 = networks('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
])

const MAPPED_V4 = networks('ipv6', [['::ffff:0:0', 96]])

/** True for addresses that are not public: loopback, private, link-local, multicast, reserved, documentation. */
export function isPrivate(address: string): boolean {
  if (isIP(address) !== 6) return SPECIAL_V4.check(address, 'ipv4')
  if (MAPPED_V4.check(address, 'ipv6')) return SPECIAL_V4.check(address, 'ipv6')
  return !GLOBAL_V6.check(address, 'ipv6') || SPECIAL_V6.check(address, 'ipv6')
}

function networks(family: 'ipv4' | 'ipv6', subnets: readonly [network: string, bits: number][]): BlockList {
  const list = new BlockList()
  for (const [network, bits] of subnets) list.addSubnet(network, bits, family)
  return list
}
