// Requests to the cluster: bounded in flight, and sent again as they are while a cluster is out of reach, for whatever is
// sent here may safely arrive twice. Nothing here knows what is in a table.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, errors, types } from 'cassandra-driver'
import { type Count, type Moment, type Mutation, STATEMENTS } from '../rows/mutations.ts'
import { requestsFor, requestsForCounts } from '../rows/requests.ts'
import type { Consistency } from './address.ts'
import type { Outages } from './outages.ts'
import { type Asker, pagesOf, type Row, rowsOf } from './paging.ts'
import { isPassing, type Retries } from './retries.ts'

export type SessionOptions = {
  client: Client
  keyspace: string
  consistency: Consistency
  retries: Retries
  outages: Pick<Outages, 'count'>
  /** Requests that this program has in flight at once. @default 96 */
  inFlight?: number
  /** Rows that a server is asked for at once. @default 5000 */
  pageRows?: number
}

/** How many requests went out, by what they were for. */
export type Traffic = Record<'read' | 'write' | 'counter' | 'conditional', number>

const IN_FLIGHT = 96
const PAGE_ROWS = 5_000
/** Somebody waits for what they want to be shown: how long for one answer and for all attempts, in milliseconds. */
const LOOK_TIMEOUT_MS = 2_000
const LOOK_WITHIN_MS = 3_000
const LOOK_WAIT_MS = 50

export class Session {
  readonly client: Client
  readonly traffic: Traffic = { read: 0, write: 0, counter: 0, conditional: 0 }
  readonly retries: Retries
  readonly #outages: Pick<Outages, 'count'>
  readonly #keyspace: string
  readonly #consistency: number
  readonly #inFlight: number
  readonly #pageRows: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(options: SessionOptions) {
    const { client, keyspace, consistency, retries, outages } = options
    const { inFlight = IN_FLIGHT, pageRows = PAGE_ROWS } = options
    this.client = client
    this.retries = retries
    this.#outages = outages
    this.#keyspace = keyspace
    this.#consistency = codeOf(consistency)
    this.#inFlight = inFlight
    this.#pageRows = pageRows
  }

  /** How often the last connection was lost so far. */
  get outages(): number {
    return this.#outages.count
  }

  /** Reads what owners decide on; tried until there is an answer. */
  read(query: string, params: readonly unknown[]): Promise<Row[]> {
    return rowsOf(this.#asker(query, params, this.#pageRows))
  }

  /** The same page by page, of `most` rows each at most. */
  pages(query: string, params: readonly unknown[], most = this.#pageRows): AsyncGenerator<Row[]> {
    return pagesOf(this.#asker(query, params, Math.min(most, this.#pageRows)))
  }

  /**
   * Reads what is only shown, as new as what owners decide on: a server that was away has old rows until others have told it
   * what it missed, which may be hours, and somebody who has gone meanwhile is still there in them.
   */
  check(query: string, params: readonly unknown[]): Promise<Row[]> {
    return rowsOf(this.#looker(query, params, this.#pageRows))
  }

  /** The same page by page, of `most` rows each at most. */
  checkPages(query: string, params: readonly unknown[], most = this.#pageRows): AsyncGenerator<Row[]> {
    return pagesOf(this.#looker(query, params, Math.min(most, this.#pageRows)))
  }

  #asker(query: string, params: readonly unknown[], pageRows: number): Asker {
    return (at) =>
      this.#persist('a read', undefined, () => {
        this.traffic.read += 1
        return this.#page(query, params, at, pageRows)
      })
  }

  /** Somebody waits for it: after a few attempts they are told that it cannot be had. */
  #looker(query: string, params: readonly unknown[], pageRows: number): Asker {
    const ask = (at: string | undefined, begun: number): Promise<types.ResultSet> =>
      this.#page(query, params, at, pageRows, LOOK_TIMEOUT_MS).catch(async (error: unknown) => {
        if (!isPassing(error) || performance.now() - begun > LOOK_WITHIN_MS - LOOK_TIMEOUT_MS) throw error
        await sleep(LOOK_WAIT_MS * (1 + Math.random()))
        return ask(at, begun)
      })
    return (at) => ask(at, performance.now())
  }

  #page(
    query: string,
    params: readonly unknown[],
    at: string | undefined,
    fetchSize: number,
    readTimeout?: number,
  ): Promise<types.ResultSet> {
    const from = at === undefined ? {} : { pageState: at }
    const within = readTimeout === undefined ? {} : { readTimeout }
    return this.client.execute(query, [...params], {
      prepare: true,
      isIdempotent: true,
      consistency: this.#consistency,
      fetchSize,
      ...from,
      ...within,
    })
  }

  /** One write, by the servers' clock. */
  write(query: string, params: readonly unknown[], signal?: AbortSignal): Promise<void> {
    return this.#persist('a write', signal, async () => {
      this.traffic.write += 1
      await this.client.execute(query, [...params], {
        prepare: true,
        isIdempotent: true,
        consistency: this.#consistency,
      })
    })
  }

  /**
   * A conditional write whose condition still holds after it: it may arrive twice. A failure leaves open whether it
   * happened.
   */
  async conditional(
    query: string,
    params: readonly unknown[],
  ): Promise<{ applied: boolean; row: Row | undefined }> {
    this.traffic.conditional += 1
    const result = await this.client.execute(query, [...params], {
      prepare: true,
      isIdempotent: true,
      consistency: this.#consistency,
      serialConsistency: types.consistencies.serial,
    })
    return { applied: result.wasApplied(), row: result.rows[0] }
  }

  /** What conditional writes have agreed on by now. */
  readAgreed(query: string, params: readonly unknown[], signal?: AbortSignal): Promise<Row[]> {
    return this.#persist('a read of what was agreed on', signal, async () => {
      this.traffic.conditional += 1
      const { rows } = await this.client.execute(query, [...params], {
        prepare: true,
        isIdempotent: true,
        consistency: types.consistencies.serial,
      })
      return rows
    })
  }

  /**
   * Writes all of `mutations` under the given times, those for the same servers together. Resolves when all of them are
   * durable; the same again is the same.
   */
  async apply(
    mutations: readonly Mutation[],
    times: { delete: number; write: number },
    signal?: AbortSignal,
  ): Promise<void> {
    await Promise.all(
      requestsFor(mutations, this.client, this.#keyspace).map(({ moment, items, routingKey }) =>
        this.#applySome(items, { moment, times, routingKey, signal }),
      ),
    )
  }

  async #applySome(items: readonly Mutation[], how: ApplyOptions): Promise<void> {
    const { moment, times, routingKey, signal } = how
    try {
      await this.#persist('a batch of rows', signal, async () => {
        this.traffic.write += 1
        await this.client.batch(
          items.map(([statement, ...params]) => ({ query: STATEMENTS[statement].cql, params })),
          {
            prepare: true,
            logged: false,
            isIdempotent: true,
            consistency: this.#consistency,
            ...routed(routingKey),
            ...(moment === 'now' ? {} : { timestamp: times[moment] }),
          },
        )
      })
    } catch (error) {
      // What counts already has to be written, however much a server takes at once: it knows better than our reckoning.
      if (!isTooLarge(error) || items.length === 1) throw error
      const half = Math.ceil(items.length / 2)
      await Promise.all([items.slice(0, half), items.slice(half)].map((part) => this.#applySome(part, how)))
    }
  }

  /** Moves counters, once. Returns those of which it is not known whether they have moved. */
  async count(counts: readonly Count[]): Promise<Count[]> {
    const unknown: Count[] = []
    await Promise.all(
      requestsForCounts(counts, this.client, this.#keyspace).map(({ items, routingKey }) =>
        this.#admitted(async () => {
          this.traffic.counter += 1
          try {
            await this.client.batch(
              items.map(({ did, delta }) => ({
                query: 'UPDATE characters_experience SET experience = experience + ? WHERE did = ?',
                params: [delta, did],
              })),
              {
                prepare: true,
                counter: true,
                isIdempotent: false,
                consistency: this.#consistency,
                ...routed(routingKey),
              },
            )
          } catch {
            unknown.push(...items)
          }
        }),
      ),
    )
    return unknown
  }

  /** Tries until it succeeds; what is wrong for good is thrown. */
  #persist<T>(what: string, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    return this.#admitted(() => this.retries.run(what, signal, attempt))
  }

  /** Runs `work` when fewer than so many others run. */
  async #admitted<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#inFlight) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running += 1
    try {
      return await work()
    } finally {
      // Whoever waits takes the place over.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}

type ApplyOptions = {
  moment: Moment
  times: { delete: number; write: number }
  routingKey: Buffer | undefined
  signal: AbortSignal | undefined
}

function isTooLarge(error: unknown): boolean {
  return (
    error instanceof errors.ResponseError &&
    error.code === types.responseErrorCodes.invalid &&
    /too large/i.test(error.message)
  )
}

function routed(routingKey: Buffer | undefined): { routingKey?: Buffer } {
  return routingKey === undefined ? {} : { routingKey }
}

function codeOf(consistency: Consistency): number {
  const { localQuorum, quorum, eachQuorum, all } = types.consistencies
  return {
    local_quorum: localQuorum,
    quorum,
    each_quorum: eachQuorum,
    all,
  }[consistency]
}
