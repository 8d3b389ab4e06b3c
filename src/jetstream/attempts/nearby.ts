import { BlockList, isIP } from 'node:net'

// Loopback and private addresses (RFC 1918, RFC 4193).
const nearby = new BlockList()
nearby.addSubnet('127.0.0.0', 8)
nearby.addSubnet('10.0.0.0', 8)
nearby.addSubnet('172.16.0.0', 12)
nearby.addSubnet('192.168.0.0', 16)
nearby.addAddress('::1', 'ipv6')
nearby.addSubnet('fc00::', 7, 'ipv6')

/** True for a host on this machine or its own network, where traffic is free. Judged by the URL alone, without DNS. */
export function isNearby(url: string): boolean {
  const hostname = new URL(url).hostname.replace(/^\[|\]$/g, '')
  const family = isIP(hostname)
  if (family !== 0) return nearby.check(hostname, family === 6 ? 'ipv6' : 'ipv4')
  // Names without dots belong to the local network, such as those of containers.
  return !hostname.includes('.') || hostname.endsWith('.localhost') || hostname.endsWith('.local')
}
