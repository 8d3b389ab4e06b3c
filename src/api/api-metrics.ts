import { Gauge, Histogram, type Registry } from 'prom-client'
import type { BandCount } from './ranks.ts'
import { RequestCounts } from './request-counts.ts'

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
  readonly #requests: RequestCounts
  readonly #queries: Histogram<'query'>
  #clients = (): number => 0
  #bands: Bands = async () => undefined

  constructor(registry: Registry) {
    const registers = [registry]
    this.#requests = new RequestCounts(registry)
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
    this.#requests.answered(route ?? 'none', code, seconds)
  }

  /** Counts a request that a limit of our own refused for all, which is no failure. */
  refused(route: string | undefined): void {
    this.#requests.refused(route ?? 'none')
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
