import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { problemOf, sendProblem } from './problem.ts'
import { RateLimit } from './rate-limit.ts'

declare module 'fastify' {
  interface FastifyInstance {
    constantHeaders: Readonly<Record<string, string>>
  }
  interface FastifyReply {
    /** What is left to the client, as the header says it; empty where nothing is counted. */
    rateLimit: string
  }
}

/** Headers that every answer has. */
export const HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'etag, ratelimit, ratelimit-policy, retry-after',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'cross-origin',
}

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'if-none-match, last-event-id, authorization',
  'access-control-max-age': '86400',
}

/** Answered however often they are asked for: whoever watches over the server must not be kept out. */
const UNLIMITED: ReadonlySet<string> = new Set(['/healthz', '/readyz'])

/** What every request passes: CORS and the rate limit. One hook before and one after, because each costs. */
export function protect(app: FastifyInstance, { perMinute }: { perMinute: number }): void {
  const limit = new RateLimit(perMinute)
  app.decorate('constantHeaders', { ...HEADERS, 'ratelimit-policy': `"default";q=${perMinute};w=60` })
  app.decorateReply('rateLimit', '')

  app.addHook('onRequest', function limitRate(request, reply, done) {
    if (request.method === 'OPTIONS') {
      reply.code(204).headers(PREFLIGHT).send()
      return
    }
    if (UNLIMITED.has(request.url)) {
      done()
      return
    }
    const { allowed, remaining, resetSeconds } = limit.take(request.ip)
    reply.rateLimit = `"default";r=${remaining};t=${resetSeconds}`
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
    done(null, payload)
  })
}

/**
 * Begins an answer past the framework, with the headers that all have: for what is sent as it is, or for as long as it
 * lasts. The route's own hooks and error handling are over by then.
 */
export function beginRaw(reply: FastifyReply, status: number, headers: OutgoingHttpHeaders): void {
  reply.hijack()
  reply.raw.writeHead(status, { ...reply.server.constantHeaders, ratelimit: reply.rateLimit, ...headers })
}
