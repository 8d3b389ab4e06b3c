import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from './actors.ts'
import { readAddress } from './addresses.ts'
import { problemOf, sendProblem } from './problem.ts'
import { RateLimit } from './rate-limit.ts'

declare module 'fastify' {
  interface FastifyInstance {
    constantHeaders: Readonly<Record<string, string>>
    clients: RateLimit
  }
  interface FastifyReply {
    /** What is left to the client, as the header says it; empty where nothing is counted. */
    rateLimit: string
  }
}

/** Headers that every answer has. */
export const HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'etag, link, ratelimit, ratelimit-policy, retry-after',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'cross-origin',
}

/** Answered however often they are asked for: whoever watches over the server must not be kept out. */
const UNLIMITED: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** What every request passes: CORS and the rate limit. One hook before and one after, because each costs. */
export function protect(app: FastifyInstance, { perMinute }: { perMinute: number }): void {
  const limit = new RateLimit(perMinute)
  app.decorate('clients', limit)
  app.decorate('constantHeaders', { ...HEADERS, 'ratelimit-policy': `"default";q=${perMinute};w=60` })
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
    const detail = `At most ${perMinute} requests a minute; the next is answered in ${resetSeconds} s.`
    sendProblem(reply, problemOf(429, 'RateLimitExceeded', detail))
  })

  app.addHook('onSend', function addHeaders(_request, reply, payload, done) {
    reply.headers(app.constantHeaders)
    if (reply.rateLimit !== '') reply.header('ratelimit', reply.rateLimit)
    // Kept by nobody without a question, where a route does not say for how long it holds.
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-cache')
    done(null, payload)
  })
}

/**
 * Where `request` comes from. A proxy that we trust may write rubbish into X-Forwarded-For; all of that counts as the
 * proxy's own.
 */
export function addressOf(request: FastifyRequest): string {
  return readAddress(request.ip) ?? request.socket.remoteAddress ?? ''
}

/** Who asks for `request`. Most requests charge nothing more and wait for nothing, so all of it is made when it is needed. */
export function clientOf(request: FastifyRequest, reply: FastifyReply): Client {
  let left: AbortController | undefined
  return {
    charge: (cost) => {
      const { allowed, remaining, resetSeconds } = request.server.clients.take(addressOf(request), cost)
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
 * Begins an answer past the framework, with the headers that all have: for what is sent as it is, or for as long as it
 * lasts. The route's own hooks and error handling are over by then.
 */
export function beginRaw(reply: FastifyReply, status: number, headers: OutgoingHttpHeaders): void {
  reply.hijack()
  reply.raw.writeHead(status, { ...reply.server.constantHeaders, ratelimit: reply.rateLimit, ...headers })
}
