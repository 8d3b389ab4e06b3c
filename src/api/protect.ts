import type { OutgoingHttpHeader } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from './actors.ts'
import { readAddress } from './addresses.ts'
import { problemOf, sendProblem } from './problem.ts'
import { RateLimit } from './rate-limit.ts'

/** Names and values of headers in turn. Node.js writes them a good deal faster than an object's. */
export type Fields = readonly OutgoingHttpHeader[]

declare module 'fastify' {
  interface FastifyInstance {
    constantHeaders: Readonly<Record<string, string>>
    /** The same as `beginRaw` takes them. */
    constantFields: Fields
    clients: RateLimit
  }
  interface FastifyReply {
    /** The value of the RateLimit header; empty for requests that are not counted. */
    rateLimit: string
  }
}

/** Headers of every answer. */
export const HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'etag, link, ratelimit, ratelimit-policy, retry-after',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'cross-origin',
}

/** Not rate limited: monitoring must never be refused. */
export const UNLIMITED: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** Adds CORS headers and the rate limit to every request, in two hooks, because each hook costs time. */
export function protect(app: FastifyInstance, { perMinute }: { perMinute: number }): void {
  const limit = new RateLimit(perMinute)
  app.decorate('clients', limit)
  const constant = { ...HEADERS, 'ratelimit-policy': `"default";q=${perMinute};w=60` }
  app.decorate('constantHeaders', constant)
  app.decorate('constantFields', Object.entries(constant).flat())
  app.decorateReply('rateLimit', '')

  app.addHook('onRequest', function limitRate(request, reply, done) {
    if (request.method === 'OPTIONS' || UNLIMITED.has(request.url)) {
      done()
      return
    }
    const { allowed, remaining, resetSeconds } = limit.take(addressOf(request))
    reply.rateLimit = rateLimitField(remaining, resetSeconds)
    if (allowed) {
      done()
      return
    }
    reply.header('retry-after', String(resetSeconds))
    const detail = `At most ${perMinute} requests a minute; try again in ${resetSeconds} s.`
    sendProblem(reply, problemOf(429, 'RateLimitExceeded', detail))
  })

  app.addHook('onSend', function addHeaders(_request, reply, payload, done) {
    reply.headers(app.constantHeaders)
    if (reply.rateLimit !== '') reply.header('ratelimit', reply.rateLimit)
    // Caches must revalidate, unless the route says otherwise.
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-cache')
    done(null, payload)
  })
}

/**
 * The client's IP address. If a trusted proxy writes something else into X-Forwarded-For, the request counts as the
 * proxy's own.
 */
export function addressOf(request: FastifyRequest): string {
  const { ip } = request
  const { remoteAddress = '' } = request.socket
  // What the operating system says is an address: it need not be read.
  return ip === remoteAddress ? ip : (readAddress(ip) ?? remoteAddress)
}

/** The client of `request`. Its parts are made on first use: most requests need neither. */
export function clientOf(request: FastifyRequest, reply: FastifyReply): Client {
  let left: AbortController | undefined
  return {
    charge: (cost) => {
      const { clients } = request.server
      // The request itself took one. A price that a full bucket could not pay would be a refusal for good.
      const price = Math.min(cost, clients.perMinute - 1)
      const { allowed, remaining, resetSeconds } = clients.take(addressOf(request), price)
      reply.rateLimit = rateLimitField(remaining, resetSeconds)
      if (!allowed) reply.header('retry-after', String(resetSeconds))
      return allowed
    },
    get signal() {
      if (left === undefined) {
        const controller = new AbortController()
        reply.raw.once('close', () => controller.abort())
        if (reply.raw.destroyed) controller.abort()
        left = controller
      }
      return left.signal
    },
  }
}

function rateLimitField(remaining: number, resetSeconds: number): string {
  return `"default";r=${remaining};t=${resetSeconds}`
}

/**
 * Begins an answer past the framework, with the headers of every answer. No hook and no error handler runs for it any
 * more: for ready bytes and for endless streams.
 */
export function beginRaw(reply: FastifyReply, status: number, fields: Fields): void {
  reply.hijack()
  reply.raw.writeHead(status, [...reply.server.constantFields, 'ratelimit', reply.rateLimit, ...fields])
}
