import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { BandCount } from './ranks.ts'

/** Reads of the ledger whose time is measured, by their names in `Reader`. */
export type QueryName =
  | 'character'
  | 'characters'
  | 'didOf'
  | 'events'
  | 'days'
  | 'board'
  | 'periodBoard'
  | 'xpHistogram'
  | 'recent'
  | 'own'
  | 'importStatus'
  | 'latest'
  | 'status'

/** How the levels of characters are distributed; `undefined` while that is not known. */
type Bands = () => Promise<readonly BandCount[] | undefined>

/** Prometheus metrics of the API. */
export class ApiMetrics {
  readonly #requests: Counter<'route' | 'code' | 'limit'>
  readonly #seconds: Histogram<'route'>
  readonly #queries: Histogram<'query'>
  #clients = (): number => 0
  #bands: Bands = async () => undefined

  constructor(registry: Registry) {
    const registers = [registry]
    this.#requests = new Counter({
      name: 'bsky_rpg_http_requests_total',
      help: "Requests answered, by route and status code; `limit` is yes for a 503 by a limit of the server's own",
      labelNames: ['route', 'code', 'limit'],
      registers,
    })
    // Where nothing has failed, the share of failures is 0 and not unknown.
    this.#requests.inc({ route: 'none', code: 500 }, 0)
    this.#requests.inc({ route: 'none', code: 503, limit: 'yes' }, 0)
    this.#seconds = new Histogram({
      name: 'bsky_rpg_http_request_seconds',
      help: 'Time from a request to the end of its answer, by route; streams of events are left out',
      labelNames: ['route'],
      buckets: [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      registers,
    })
    this.#queries = new Histogram({
      name: 'bsky_rpg_query_seconds',
      help: 'Time that a read of the ledger took, failed ones included',
      labelNames: ['query'],
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      registers,
    })
    const clients = (): number => this.#clients()
    new Gauge({
      name: 'bsky_rpg_sse_clients',
      help: 'Clients that follow the stream of events',
      registers,
      collect() {
        this.set(clients())
      },
    })
    const bands: Bands = () => this.#bands()
    new Gauge({
      name: 'bsky_rpg_characters_by_level',
      help: 'Characters shown whose level is from `from` to `to`; as old as RANK_REFRESH says',
      labelNames: ['from', 'to'],
      registers,
      async collect() {
        const known = await bands()
        this.reset()
        for (const { from, to, characters } of known ?? []) this.set({ from, to }, characters)
      },
    })
  }

  /** @param route the route's pattern; `undefined` where there is none at the address */
  answered(route: string | undefined, code: number, seconds: number | undefined): void {
    const name = route ?? 'none'
    this.#requests.inc({ route: name, code })
    if (seconds !== undefined) this.#seconds.observe({ route: name }, seconds)
  }

  /** Counts a request that a limit of our own refused for all, which is no failure. */
  refused(route: string | undefined): void {
    this.#requests.inc({ route: route ?? 'none', code: 503, limit: 'yes' })
  }

  queried(query: QueryName, seconds: number): void {
    this.#queries.observe({ query }, seconds)
  }

  /** @param count gives the number of clients of the stream; called at each scrape */
  watchClients(count: () => number): void {
    this.#clients = count
  }

  /** @param bands is called at each scrape */
  watchLevels(bands: Bands): void {
    this.#bands = bands
  }
}
