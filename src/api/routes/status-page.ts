import type { Micros } from '../../atproto/event.ts'
import { iso } from '../../game/time.ts'
import { statusPage } from '../../web/status-page.ts'
import { sendPage } from '../pages.ts'
import { StatusHistory } from '../status-history.ts'
import { shortcomings } from './health.ts'
import type { Routes } from './route.ts'

const SAMPLE_EVERY_MS = 60_000
/** Maximum age of the status that a sample takes. */
const SAMPLE_MAX_AGE_MICROS: Micros = 30_000_000

/** The last day of this server, for those who have no Grafana. */
export const statusPageRoutes: Routes = (app, options) => {
  const { status: recent, clock, settings, ingestFailure, ingestRetries } = options
  const { site } = app
  const history = new StatusHistory()
  const sample = async (): Promise<void> => {
    // What cannot be read leaves a hole, and is logged where it is read.
    const heard = await recent.get(SAMPLE_MAX_AGE_MICROS).catch(() => undefined)
    if (heard !== undefined) history.add(clock(), { status: heard.status, retries: ingestRetries() })
  }
  const timer = setInterval(() => void sample(), SAMPLE_EVERY_MS).unref()
  app.addHook('preClose', async () => clearInterval(timer))

  app.get('/status', { schema: { hide: true } }, async (_request, reply) => {
    const heard = await recent.get()
    history.add(clock(), { status: heard.status, retries: ingestRetries() })
    const failure = ingestFailure()
    reply.header('cache-control', 'public, max-age=30')
    return sendPage(
      reply,
      statusPage({
        site,
        now: clock(),
        reasons: [
          ...(failure === undefined ? [] : [`ingest has ended: ${failure}`]),
          ...shortcomings(heard, settings.readyLag),
        ],
        reached: heard.status.cursor === undefined ? undefined : iso(heard.status.cursor.at),
        slots: history.slots(),
        gaps: heard.status.gaps,
      }),
    )
  })
}
