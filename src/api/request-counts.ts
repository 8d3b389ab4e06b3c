import { Counter, type Metric, type Registry } from 'prom-client'

/** Upper bounds of the histogram's buckets, in seconds. */
const BOUNDS = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3] as const
const SECONDS = 'bsky_rpg_http_request_seconds'

/** What is counted of one route: answers by status code, and their times. `buckets` has one more for what took longest. */
type RouteCounts = { codes: Map<number, number>; buckets: number[]; seconds: number; timed: number }

/**
 * Counts requests for Prometheus. Every request comes through here, and prom-client looks a series up by a text that it puts
 * together of its labels each time: twice that took 3 % of the fastest route. So it is only given the counts at a scrape.
 */
export class RequestCounts {
  readonly #routes = new Map<string, RouteCounts>()
  readonly #refused = new Map<string, number>()

  constructor(registry: Registry) {
    const [routes, refused] = [this.#routes, this.#refused]
    // Where nothing has failed, the share of failures is 0 and not unknown.
    this.#of('none').codes.set(500, 0)
    refused.set('none', 0)
    new Counter({
      name: 'bsky_rpg_http_requests_total',
      help: "Requests answered, by route and status code; `limit` is yes for a 503 by a limit of the server's own",
      labelNames: ['route', 'code', 'limit'],
      registers: [registry],
      collect() {
        this.reset()
        for (const [route, { codes }] of routes) for (const [code, n] of codes) this.inc({ route, code }, n)
        for (const [route, n] of refused) this.inc({ route, code: 503, limit: 'yes' }, n)
      },
    })
    const help = 'Time from a request to the end of its answer, by route; streams of events are left out'
    const get = async () => ({
      ...{ name: SECONDS, help, type: 'histogram', aggregator: 'sum' },
      values: [...routes].flatMap(([route, counts]) => (counts.timed === 0 ? [] : seriesOf(route, counts))),
    })
    // The least of a metric that a registry reads. Its own histogram cannot be given counts.
    registry.registerMetric({ name: SECONDS, get, reset: () => {} } as unknown as Metric)
  }

  /** @param seconds how long the answer took; `undefined` where that says nothing */
  answered(route: string, code: number, seconds: number | undefined): void {
    const counts = this.#of(route)
    counts.codes.set(code, (counts.codes.get(code) ?? 0) + 1)
    if (seconds === undefined) return
    let bucket = 0
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] as number)) bucket += 1
    counts.buckets[bucket] = (counts.buckets[bucket] as number) + 1
    counts.seconds += seconds
    counts.timed += 1
  }

  refused(route: string): void {
    this.#refused.set(route, (this.#refused.get(route) ?? 0) + 1)
  }

  #of(route: string): RouteCounts {
    const known = this.#routes.get(route)
    if (known !== undefined) return known
    const begun = { codes: new Map(), buckets: Array(BOUNDS.length + 1).fill(0), seconds: 0, timed: 0 }
    this.#routes.set(route, begun)
    return begun
  }
}

/** The series of a histogram: how many took no longer than each bound, the sum of all times, and their number. */
function seriesOf(route: string, { buckets, seconds, timed }: RouteCounts) {
  let sum = 0
  const bounded = [...BOUNDS, '+Inf'].map((le, i) => {
    sum += buckets[i] ?? 0
    return { labels: { le, route }, value: sum, metricName: `${SECONDS}_bucket` }
  })
  return [
    ...bounded,
    { labels: { route }, value: seconds, metricName: `${SECONDS}_sum` },
    { labels: { route }, value: timed, metricName: `${SECONDS}_count` },
  ]
}
