import { isIPv6 } from 'node:net'
import { ipv6Prefix, readAddress } from './addresses.ts'

/** The answer to one `take`, and what the client has left. */
export type Allowance = { allowed: boolean; remaining: number; resetSeconds: number }

type Bucket = { tokens: number; at: number }

/** The keys of the buckets that pay for requests from an address; `network` only for IPv6. */
type Payers = { client: string; network: string | undefined }

/** Clients that are remembered. A forgotten one begins with a full bucket, in its favour. */
const MAX_CLIENTS = 100_000

/** Addresses whose buckets are remembered. Reading an address costs more than all the rest of a `take`. */
const MAX_ADDRESSES = 10_000

/**
 * Providers give a household an IPv6 /64, or anything up to a /48. All clients of a /48 share one more bucket, with the
 * capacity of this many clients.
 */
const NETWORK_FACTOR = 16

/**
 * A token bucket for each client, refilled evenly. The plug-in for this costs as much as a whole route; see
 * docs/performance.md.
 */
export class RateLimit {
  /** Requests a client may make in a minute. */
  readonly perMinute: number
  readonly #now: () => number
  /** Two generations: when the younger is full, the older is dropped. */
  #young = new Map<string, Bucket>()
  #old = new Map<string, Bucket>()
  readonly #payers = new Map<string, Payers>()

  /**
   * @param perMinute requests a client may make in a minute; all of them may come at once
   * @param now milliseconds of a clock that never goes back
   */
  constructor(perMinute: number, now: () => number = performance.now.bind(performance)) {
    this.perMinute = perMinute
    this.#now = now
  }

  /** Takes `cost` tokens from the client at `address`, or none if it has fewer. */
  take(address: string, cost = 1): Allowance {
    const { client, network } = this.#payersOf(address)
    const own = this.#filled(client, this.perMinute)
    const shared = network === undefined ? undefined : this.#filled(network, this.perMinute * NETWORK_FACTOR)
    const allowed = own.tokens >= cost && (shared === undefined || shared.tokens >= cost)
    if (allowed) {
      own.tokens -= cost
      if (shared !== undefined) shared.tokens -= cost
    }
    const missing = allowed ? this.perMinute - own.tokens : Math.max(cost - own.tokens, 1)
    return {
      allowed,
      remaining: Math.floor(own.tokens),
      resetSeconds: Math.ceil((missing * 60) / this.perMinute),
    }
  }

  #payersOf(address: string): Payers {
    const known = this.#payers.get(address)
    if (known !== undefined) return known
    if (this.#payers.size >= MAX_ADDRESSES) this.#payers.clear()
    const payers = clientOf(address)
    this.#payers.set(address, payers)
    return payers
  }

  #filled(key: string, capacity: number): Bucket {
    const now = this.#now()
    const bucket = this.#young.get(key) ?? this.#renew(key, { tokens: capacity, at: now })
    bucket.tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) * capacity) / 60_000)
    bucket.at = now
    return bucket
  }

  /** Moves the client's bucket, or else `full`, to the younger generation. */
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
 * The buckets that pay for requests from `address`. A household changes its IPv6 addresses at will, so a /64 is one
 * client, and a /48 one network.
 */
export function clientOf(address: string): Payers {
  const plain = readAddress(address) ?? address
  if (!isIPv6(plain)) return { client: plain, network: undefined }
  return { client: ipv6Prefix(plain, 4), network: `${ipv6Prefix(plain, 3)}::/48` }
}
