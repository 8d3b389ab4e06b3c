import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { isLoopback } from '../addresses.ts'
import type { AppSettings, Routes } from '../app.ts'
import { ProblemError } from '../problem.ts'
import { problems } from '../responses.ts'

export const metricsRoutes: Routes = (app, { metrics, settings }) => {
  app.get(
    '/metrics',
    {
      schema: {
        summary: 'For Prometheus',
        response: {
          200: Type.Unsafe<string>({
            description: 'in the text format',
            content: { 'text/plain': { schema: Type.String() } },
          }),
          ...problems(403),
        },
      },
    },
    async (request, reply) => {
      const { adminToken, metricsPublic } = settings
      const trusted =
        metricsPublic || isLocal(request, settings) || hasToken(request.headers.authorization, adminToken)
      if (!trusted) {
        throw new ProblemError(
          403,
          'Forbidden',
          'Metrics answer only this machine, unless METRICS_PUBLIC is true or the request carries ADMIN_TOKEN as a bearer token.',
        )
      }
      reply.type(metrics.contentType).header('cache-control', 'no-store')
      return metrics.metrics()
    },
  )
}

/** From this machine, and not passed on by a proxy here that we were not told of. */
function isLocal({ ip, headers }: FastifyRequest, { trustProxy }: AppSettings): boolean {
  const passedOn = headers['x-forwarded-for'] ?? headers.forwarded ?? headers['x-real-ip']
  return isLoopback(ip) && (passedOn === undefined || trustProxy.length > 0)
}

/** Takes as long whatever is given: digests are compared, which have one length. */
function hasToken(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined || authorization === undefined) return false
  return timingSafeEqual(digest(authorization), digest(`Bearer ${token}`))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
