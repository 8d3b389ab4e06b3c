import { timingSafeEqual } from 'node:crypto'
import { Type } from 'typebox'
import { isLoopback } from '../addresses.ts'
import type { Routes } from '../app.ts'
import { ProblemError } from '../problem.ts'
import { problems } from '../responses.ts'

export const metricsRoutes: Routes = (app, { metrics, settings }) => {
  app.get(
    '/metrics',
    { schema: { summary: 'For Prometheus', response: { 200: Type.String(), ...problems(403) } } },
    async (request, reply) => {
      const { adminToken, metricsPublic } = settings
      const trusted =
        metricsPublic || isLoopback(request.ip) || hasToken(request.headers.authorization, adminToken)
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

function hasToken(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined || authorization === undefined) return false
  const given = Buffer.from(authorization)
  const expected = Buffer.from(`Bearer ${token}`)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
