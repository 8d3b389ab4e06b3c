import { isIPv6 } from 'node:net'

/** What is left to one client. */
export type Allowance = { allowed: boolean; remaining: number; resetSeconds: number }

type Bucket = { tokens: number; at: number }

/** Clients that are remembered; who is forgotten begins anew, which is how the bound favours clients. */
const MOST_HELD = 100_000

/**
 * A bucket of tokens for each client, filled evenly. A plug-in that does the same costs as much again as the whole route;
 * see docs/performance.md.
 */
export class RateLimit {
  readonly #perMinute: number
  readonly #now: () => number
  #young = new Map<string, Bucket>()
  #old = new Map<string, Bucket>()

  /** @param perMinute requests that a client may make in a minute, and at once */
  constructor(perMinute: number, now: () => number = performance.now.bind(performance)) {
    this.#perMinute = perMinute
    this.#now = now
  }

  get limit(): number {
    return this.#perMinute
  }

  /** Takes one token of `address`, an IP address. */
  take(address: string): Allowance {
    const now = this.#now()
    const bucket = this.#bucket(clientOf(address), now)
    const filled = bucket.tokens + ((now - bucket.at) * this.#perMinute) / 60_000
    bucket.tokens = Math.min(this.#perMinute, filled)
    bucket.at = now
    const allowed = bucket.tokens >= 1
    if (allowed) bucket.tokens -= 1
    const missing = allowed ? this.#perMinute - bucket.tokens : 1 - bucket.tokens
    return {
      allowed,
      remaining: Math.floor(bucket.tokens),
      resetSeconds: Math.ceil((missing * 60) / this.#perMinute),
    }
  }

  #bucket(client: string, now: number): Bucket {
    const young = this.#young.get(client)
    if (young !== undefined) return young
    const bucket = this.#old.get(client) ?? { tokens: this.#perMinute, at: now }
    if (this.#young.size >= MOST_HELD / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(client, bucket)
    return bucket
  }
}

/** A household has an IPv6 network of 64 bits and changes addresses in it at will: all of them are one client. */
export function clientOf(address: string): string {
  if (!address.includes(':')) return address
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice('::ffff:'.length)
  if (!isIPv6(address)) return address
  const [head = '', tail = ''] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (address.includes('::')) {
    const after = tail === '' ? 0 : tail.split(':').length
    while (groups.length + after < 8) groups.push('0')
    groups.push(...(tail === '' ? [] : tail.split(':')))
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
