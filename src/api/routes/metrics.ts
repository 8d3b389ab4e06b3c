import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { isLoopback } from '../addresses.ts'
import { ProblemError } from '../problem.ts'
import { problems } from '../responses.ts'
import type { AppSettings, Routes } from './route.ts'

export const metricsRoutes: Routes = (app, { metrics, settings }) => {
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'getMetrics',
        tags: ['operating'],
        summary: 'Get metrics',
        description:
          'For Prometheus. Forbidden except for this machine or with ADMIN_TOKEN; see METRICS_PORT.',
        security: [{ adminToken: [] }, {}],
        response: {
          200: Type.Unsafe<string>({
            description: 'metrics in the text format',
            content: { 'text/plain': { schema: Type.String() } },
          }),
          ...problems(400, 403),
        },
      },
    },
    async (request, reply) => {
      const { adminToken, metricsPublic, metricsPort } = settings
      const local = metricsPort === undefined && isLocal(request, settings)
      if (!metricsPublic && !local && !hasToken(request.headers.authorization, adminToken)) {
        throw new ProblemError(
          403,
          'Forbidden',
          'Metrics answer this machine alone, asked for at a loopback address; METRICS_PORT gives them a port of their own, and ADMIN_TOKEN as a bearer token opens them to the one who has it.',
        )
      }
      reply.type(metrics.contentType).header('cache-control', 'no-store')
      return metrics.metrics()
    },
  )
}

/**
 * From this machine itself: over its loopback device, for a name of it, and not passed on. A proxy on this machine may add
 * no header and name us as it knows us; it still gives itself away by a server that has a public address, by the proxies
 * that we are told to trust, or by HTTP/1.0, which nginx speaks unless it is told otherwise. What headers say of an address
 * is never trusted here.
 */
function isLocal(request: FastifyRequest, { trustProxy, publicUrl }: AppSettings): boolean {
  const { socket, headers, raw } = request
  const passedOn = FORWARDED.some((name) => headers[name] !== undefined)
  const behindProxy =
    trustProxy.length > 0 || (publicUrl !== undefined && !isLocalName(new URL(publicUrl).host))
  return (
    isLoopback(socket.remoteAddress ?? '') &&
    isLocalName(headers.host ?? '') &&
    !passedOn &&
    !behindProxy &&
    raw.httpVersion !== '1.0'
  )
}

const FORWARDED = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'forwarded',
  'x-real-ip',
  'via',
]

/** Whether `host`, as a Host header has it, can only be this machine. */
function isLocalName(host: string): boolean {
  const name = URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, '') ?? ''
  return name === 'localhost' || isLoopback(name)
}

/** Takes as long whatever is given: digests are compared, which have one length. */
function hasToken(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined || authorization === undefined) return false
  return timingSafeEqual(digest(authorization), digest(`Bearer ${token}`))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
