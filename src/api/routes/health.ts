import { Type } from 'typebox'
import type { Micros } from '../../atproto/event.ts'
import { lasting } from '../../web/format.ts'
import { unlimitedProblems } from '../responses.ts'
import { type Heard, lagOf } from '../status.ts'
import type { Routes } from './route.ts'

/** Maximum age of the status: with the few seconds that a read may take, a lost database shows within five. */
const READY_MAX_AGE_MICROS: Micros = 1_500_000

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
      const heard = await recent.get(READY_MAX_AGE_MICROS).catch(() => undefined)
      const failure = ingestFailure()
      const reasons = [
        ...(failure === undefined ? [] : [`ingest has ended: ${failure}`]),
        ...(heard === undefined ? ['the ledger cannot be read'] : shortcomings(heard, settings.readyLag)),
      ]
      const lag = heard && lagOf(heard.status)
      const lagSeconds = lag === undefined ? null : lag / 1_000_000
      reply.header('cache-control', 'no-store').code(reasons.length === 0 ? 200 : 503)
      return {
        status: reasons.length === 0 ? ('ready' as const) : ('not ready' as const),
        reasons,
        lagSeconds,
      }
    },
  )
}

/**
 * Why the ledger is not up to date; empty if it is.
 * @param maxLag microseconds that it may be behind
 */
export function shortcomings({ status, heartbeatAge = 0 }: Heard, maxLag: Micros): string[] {
  const { heartbeat } = status
  if (heartbeat === undefined) return ['no ingest process has written to this ledger yet']
  const reasons: string[] = []
  if (heartbeatAge > maxLag) reasons.push(`the last heartbeat of ingest was ${lasting(heartbeatAge)} ago`)
  if (heartbeat.lag > maxLag) {
    const behind =
      lagOf(status) === undefined
        ? 'the ledger has nothing of the stream yet'
        : `the ledger is ${lasting(heartbeat.lag)} behind, more than ${lasting(maxLag)}`
    reasons.push(behind)
  }
  if (heartbeat.host === undefined) reasons.push('ingest is not connected to any Jetstream host')
  return reasons
}
