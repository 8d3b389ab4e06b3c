import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { isLoopback } from '../addresses.ts'
import { hasToken } from '../admin-token.ts'
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
        description: 'For Prometheus. Allowed from this machine, or with ADMIN_TOKEN; see METRICS_PORT.',
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
          'Metrics are for this machine only, at a loopback address. From elsewhere, send ADMIN_TOKEN as a bearer token, or serve them on a port of their own with METRICS_PORT.',
        )
      }
      reply.type(metrics.contentType).header('cache-control', 'no-store')
      return metrics.metrics()
    },
  )
}

/**
 * Whether a process on this machine asks: over loopback, by a loopback name, and not through a proxy. A proxy on this
 * machine may add no header and use a loopback name; then PUBLIC_URL or TRUST_PROXY shows that there is one, or HTTP/1.0,
 * which nginx speaks by default. Addresses in headers are never trusted here.
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

/** Whether `host`, a Host header, names loopback. */
function isLocalName(host: string): boolean {
  const name = URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, '') ?? ''
  return name === 'localhost' || isLoopback(name)
}
