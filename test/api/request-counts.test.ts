import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Counter, Histogram, Registry } from 'prom-client'
import { RequestCounts } from '../../src/api/request-counts.ts'

const requests = fc.array(
  fc.record({
    route: fc.constantFrom('/', '/v1/stats', 'none'),
    code: fc.constantFrom(200, 304, 503),
    seconds: fc.option(fc.constantFrom(0, 0.001, 0.003, 0.0030001, 0.5, 3, 3.5, 40), { nil: undefined }),
    refused: fc.boolean(),
  }),
  { maxLength: 30 },
)

/** Lines of a scrape in any order, those of sums to a millionth. */
const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/(_sum\{.*\}) (.*)$/, (_, name, sum) => `${name} ${Number(sum).toFixed(6)}`))
    .sort()

test('what a scrape reads is what prom-client counts itself', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(requests, { maxLength: 3 }), async (scrapes) => {
      const [ours, theirs] = [new Registry(), new Registry()]
      const counts = new RequestCounts(ours)
      const total = new Counter({
        name: 'bsky_rpg_http_requests_total',
        help: "Requests answered, by route and status code; `limit` is yes for a 503 by a limit of the server's own",
        labelNames: ['route', 'code', 'limit'],
        registers: [theirs],
      })
      total.inc({ route: 'none', code: 500 }, 0)
      total.inc({ route: 'none', code: 503, limit: 'yes' }, 0)
      const times = new Histogram({
        name: 'bsky_rpg_http_request_seconds',
        help: 'Time from a request to the end of its answer, by route; streams of events are left out',
        labelNames: ['route'],
        buckets: [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
        registers: [theirs],
      })
      for (const scrape of scrapes) {
        for (const { route, code, seconds, refused } of scrape) {
          if (refused) {
            counts.refused(route)
            total.inc({ route, code: 503, limit: 'yes' })
            continue
          }
          counts.answered(route, code, seconds)
          total.inc({ route, code })
          if (seconds !== undefined) times.observe({ route }, seconds)
        }
        assert.deepEqual(linesOf(await ours.metrics()), linesOf(await theirs.metrics()))
      }
    }),
  )
})
