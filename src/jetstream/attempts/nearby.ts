import { BlockList, isIP } from 'node:net'

const nearby = new BlockList()
nearby.addSubnet('127.0.0.0', 8)
nearby.addSubnet('10.0.0.0', 8)
nearby.addSubnet('172.16.0.0', 12)
nearby.addSubnet('192.168.0.0', 16)
nearby.addAddress('::1', 'ipv6')
nearby.addSubnet('fc00::', 7, 'ipv6')

/** True for a host of this machine or of its own network, by its name or address alone: traffic with it costs nothing. */
export function isNearby(url: string): boolean {
  const hostname = new URL(url).hostname.replace(/^\[|\]$/g, '')
  const family = isIP(hostname)
  if (family !== 0) return nearby.check(hostname, family === 6 ? 'ipv6' : 'ipv4')
  // A name without dots is the local network's, as that of a container.
  return !hostname.includes('.') || hostname.endsWith('.localhost') || hostname.endsWith('.local')
}
