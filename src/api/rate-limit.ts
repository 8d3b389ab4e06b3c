import { isIPv6 } from 'node:net'
import { ipv6Prefix, readAddress } from './addresses.ts'

/** What is left to one client. */
export type Allowance = { allowed: boolean; remaining: number; resetSeconds: number }

type Bucket = { tokens: number; at: number }

/** Clients that are remembered. One that is forgotten begins anew, so the bound errs in favour of clients. */
const MAX_CLIENTS = 100_000

/**
 * Providers give a household an IPv6 network of 64 bits, or of up to 48: those share one more bucket, which holds as much
 * as this many single ones.
 */
const NETWORK_FACTOR = 16

/**
 * A bucket of tokens for each client, filled evenly. A plug-in that does the same costs as much again as the whole route;
 * see docs/performance.md.
 */
export class RateLimit {
  readonly #perMinute: number
  readonly #now: () => number
  /** Two generations: when the younger is full, the older goes. */
  #young = new Map<string, Bucket>()
  #old = new Map<string, Bucket>()

  /**
   * @param perMinute requests that a client may make in a minute, and at once
   * @param now milliseconds of a clock that never goes back
   */
  constructor(perMinute: number, now: () => number = performance.now.bind(performance)) {
    this.#perMinute = perMinute
    this.#now = now
  }

  /** Takes `cost` tokens of the client at `address`, or none where it has fewer. */
  take(address: string, cost = 1): Allowance {
    const { client, network } = clientOf(address)
    const own = this.#filled(client, this.#perMinute)
    const shared = network === undefined ? undefined : this.#filled(network, this.#perMinute * NETWORK_FACTOR)
    const allowed = own.tokens >= cost && (shared === undefined || shared.tokens >= cost)
    if (allowed) {
      own.tokens -= cost
      if (shared !== undefined) shared.tokens -= cost
    }
    const missing = allowed ? this.#perMinute - own.tokens : Math.max(cost - own.tokens, 1)
    return {
      allowed,
      remaining: Math.floor(own.tokens),
      resetSeconds: Math.ceil((missing * 60) / this.#perMinute),
    }
  }

  #filled(key: string, capacity: number): Bucket {
    const now = this.#now()
    const bucket = this.#young.get(key) ?? this.#renew(key, { tokens: capacity, at: now })
    bucket.tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) * capacity) / 60_000)
    bucket.at = now
    return bucket
  }

  /** Keeps the client's bucket among the young: the one that it has, or `full`. */
  #renew(key: string, full: Bucket): Bucket {
    const bucket = this.#old.get(key) ?? full
    if (this.#young.size >= MAX_CLIENTS / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, bucket)
    return bucket
  }
}

/**
 * Whose bucket the requests from `address` take from. A household changes its IPv6 addresses at will, so all of a network
 * of 64 bits are one client, and all of one of 48 bits share a network.
 */
export function clientOf(address: string): { client: string; network: string | undefined } {
  const plain = readAddress(address) ?? address
  if (!isIPv6(plain)) return { client: plain, network: undefined }
  return { client: ipv6Prefix(plain, 4), network: `${ipv6Prefix(plain, 3)}::/48` }
}
