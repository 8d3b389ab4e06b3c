import { Type } from 'typebox'
import type { Micros } from '../../atproto/event.ts'
import { unlimitedProblems } from '../responses.ts'
import type { Heard } from '../status.ts'
import type { Routes } from './route.ts'

/** How old what readiness goes by may be: with the few seconds that a read may take, a database that is away shows within five. */
const READY_HELD: Micros = 1_500_000

const Ready = Type.Object({
  status: Type.Enum(['ready', 'not ready']),
  reasons: Type.Array(Type.String()),
  lagSeconds: Type.Union([Type.Number(), Type.Null()]),
})

export const healthRoutes: Routes = (app, { status: recent, settings, ingestFailure }) => {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'getHealth',
        tags: ['operating'],
        summary: 'Check that the process is up',
        response: { 200: Type.Object({ status: Type.Literal('ok') }), ...unlimitedProblems(400) },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return { status: 'ok' as const }
    },
  )
  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        tags: ['operating'],
        summary: 'Check that the ledger keeps up with the network',
        response: { ...unlimitedProblems(400), 200: Ready, 503: Ready },
      },
    },
    async (_request, reply) => {
      const heard = await recent.get(READY_HELD).catch(() => undefined)
      const failure = ingestFailure()
      const reasons = [
        ...(failure === undefined ? [] : [`ingest has ended: ${failure}`]),
        ...(heard === undefined ? ['the ledger cannot be read'] : shortcomings(heard, settings.readyLag)),
      ]
      const heartbeat = heard?.status.heartbeat
      const lagSeconds = heartbeat === undefined ? null : heartbeat.lag / 1_000_000
      reply.header('cache-control', 'no-store').code(reasons.length === 0 ? 200 : 503)
      return {
        status: reasons.length === 0 ? ('ready' as const) : ('not ready' as const),
        reasons,
        lagSeconds,
      }
    },
  )
}

/** Why what is read here is not what the network knows. */
export function shortcomings({ status: { heartbeat }, pulseAge = 0 }: Heard, most: Micros): string[] {
  if (heartbeat === undefined) return ['nobody has ingested into this ledger yet']
  const reasons: string[] = []
  if (pulseAge > most) reasons.push(`ingest was last heard of ${duration(pulseAge)} ago`)
  if (heartbeat.lag > most)
    reasons.push(`the ledger is ${duration(heartbeat.lag)} behind, more than ${duration(most)}`)
  if (heartbeat.host === undefined) reasons.push('ingest is not connected to any Jetstream host')
  return reasons
}

function duration(time: Micros): string {
  const days = Math.floor(time / 86_400_000_000)
  return days < 2 ? `${Math.round(time / 1_000_000)} s` : `${days.toLocaleString('en')} days`
}
