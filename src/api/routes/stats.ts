import { Type } from 'typebox'
import { iso } from '../../game/time.ts'
import type { ReconciliationStatus } from '../../store/reconciliation.ts'
import { problems } from '../responses.ts'
import { isConnected, lagSecondsOf } from '../status.ts'
import { mediaToday } from '../today.ts'
import type { Routes } from './route.ts'

const maybe = <T extends ReturnType<typeof Type.Integer> | ReturnType<typeof Type.String>>(type: T) =>
  Type.Union([type, Type.Null()])
const whole = (description: string) => Type.Integer({ description })

const Stats = Type.Object({
  characters: whole('characters shown'),
  introductions: whole('characters not shown yet: their profile has not been seen'),
  records: whole('live records and tombstones'),
  events: whole('events in the ledger now'),
  experience: whole('XP of all characters'),
  today: Type.Object(
    {
      date: Type.String({ format: 'date' }),
      media: Type.Integer({ description: 'live posts with media' }),
      described: Type.Integer({ description: 'those of them whose media are all described' }),
    },
    { description: 'what everybody has posted today, UTC' },
  ),
  waiting: Type.Object(
    { subject: Type.Integer(), profile: Type.Integer(), repository: Type.Integer() },
    { description: 'questions to the network that wait for their first try' },
  ),
  postponed: Type.Object(
    { subject: Type.Integer(), profile: Type.Integer(), repository: Type.Integer() },
    { description: 'questions to the network that wait for another try' },
  ),
  stream: Type.Object({
    host: maybe(Type.String()),
    wire: maybe(Type.String()),
    reached: maybe(Type.String({ format: 'date-time', description: 'time of the last event in the ledger' })),
    heard: maybe(Type.String({ format: 'date-time', description: 'last heartbeat of ingest' })),
    lagSeconds: maybe(
      Type.Integer({
        description:
          'how far behind the network ingest was at its last heartbeat; null before the first event',
      }),
    ),
    connected: Type.Boolean(),
  }),
  gaps: Type.Array(
    Type.Object({
      host: Type.String(),
      reason: Type.String(),
      from: Type.String({ format: 'date-time' }),
      to: maybe(Type.String({ format: 'date-time' })),
      noted: Type.String({ format: 'date-time' }),
    }),
    { description: 'pieces of the stream that were missed, newest first' },
  ),
  reconciliation: Type.Union(
    [
      Type.Object({
        since: Type.String({ format: 'date-time', description: 'when the gap began' }),
        queued: Type.String({ format: 'date-time' }),
        finished: maybe(Type.String({ format: 'date-time', description: 'null while it is under way' })),
        people: whole('about how many there are to compare'),
        checked: whole('how many are done'),
        changed: whole('those of them whose repository was newer than the gap, and has been read'),
        failed: whole('those of them whose repository could not be asked for'),
        another: Type.Boolean({ description: 'there has been another gap, which comes after this one' }),
      }),
      Type.Null(),
    ],
    {
      description:
        'how far the people who were known before the last gap are compared with their repositories; null where there was none',
    },
  ),
  diskBytes: maybe(Type.Integer()),
  perDay: Type.Union([
    Type.Object({
      events: Type.Integer(),
      diskBytes: maybe(Type.Integer()),
      networkBytes: Type.Integer(),
    }),
    Type.Null(),
  ]),
})

function told({ since, at, people, checked, changed, failed, next, endedAt }: ReconciliationStatus) {
  return {
    since: iso(since),
    queued: iso(at),
    finished: endedAt === undefined ? null : iso(endedAt),
    ...{ people, checked, changed, failed, another: next !== undefined },
  }
}

export const statsRoutes: Routes = (app, { status: recent, clock }) => {
  app.get(
    '/v1/stats',
    {
      schema: {
        operationId: 'getStats',
        tags: ['game'],
        summary: 'Get totals of the whole ledger',
        description: 'Totals, the position in the stream, gaps, and growth a day.',
        response: { 200: Stats, ...problems(503) },
      },
    },
    async (_request, reply) => {
      const heard = await recent.get()
      const { cursor, heartbeat, gaps, reconciliation, bytes, perDay, today: _, ...totals } = heard.status
      reply.header('cache-control', 'public, max-age=5')
      return {
        ...totals,
        today: mediaToday(heard.status, clock()),
        stream: {
          host: cursor?.host ?? null,
          wire: cursor?.wire ?? null,
          reached: cursor === undefined ? null : iso(cursor.at),
          heard: heartbeat === undefined ? null : iso(heartbeat.at),
          lagSeconds: lagSecondsOf(heard.status),
          connected: isConnected(heard),
        },
        gaps: gaps.map(({ host, reason, from, to, at }) => ({
          host,
          reason,
          from: iso(from),
          to: to === undefined ? null : iso(to),
          noted: iso(at),
        })),
        reconciliation: reconciliation === undefined ? null : told(reconciliation),
        diskBytes: bytes ?? null,
        perDay: perDay === undefined ? null : { ...perDay, diskBytes: perDay.diskBytes ?? null },
      }
    },
  )
}
