import { BlockList, isIP, isIPv4 } from 'node:net'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i

/** `1.2.3.4:5678` and `[2001:db8::1]:5678`, as some proxies write the address of a client. */
const WITH_PORT = /^(?:(\d+(?:\.\d+){3})|\[([\da-f:.]+)\])(?::\d{1,5})?$/i

/**
 * The IP address in `text`, without port, brackets or the `::ffff:` prefix of a mapped IPv4 address.
 * @returns `undefined` if `text` is no address
 */
export function readAddress(text: string): string | undefined {
  const [, ipv4, ipv6] = WITH_PORT.exec(text) ?? []
  const plain = (ipv4 ?? ipv6 ?? text).replace(MAPPED_IPV4, '')
  return isIP(plain) === 0 ? undefined : plain
}

/** True for loopback addresses. */
export function isLoopback(address: string): boolean {
  const plain = address.replace(MAPPED_IPV4, '')
  return isIP(plain) !== 0 && LOOPBACK.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
}

/**
 * The first `groups` groups of 16 bits of an IPv6 address, in one canonical spelling.
 * @param address a valid IPv6 address without a zone
 */
export function ipv6Prefix(address: string, groups: number): string {
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after]
    .slice(0, groups)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
