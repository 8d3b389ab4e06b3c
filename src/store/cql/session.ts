// Requests to the cluster: bounded in flight, and sent again as they are while a cluster is out of reach, for whatever is
// sent here may safely arrive twice. Nothing here knows what is in a table.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, errors, types } from 'cassandra-driver'
import type { Consistency } from './address.ts'
import { type Count, type Mutation, STATEMENTS } from './mutations.ts'
import { type Asker, pagesOf, type Row, rowsOf } from './paging.ts'
import { requestsFor, requestsForCounts } from './requests.ts'

export type SessionOptions = {
  client: Client
  keyspace: string
  consistency: Consistency
  /** Requests that this program has in flight at once. @default 96 */
  inFlight?: number
  /** Rows that a server is asked for at once. @default 5000 */
  pageRows?: number
}

/** How many requests went out, by what they were for. */
export type Traffic = Record<'read' | 'write' | 'counter' | 'conditional', number>

const IN_FLIGHT = 96
const PAGE_ROWS = 5_000
/** Attempts to read what somebody waits to be shown. */
const GLANCES = 5
const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 2_000

/** Failures of the moment; whatever else comes is our own fault. */
const PASSING: ReadonlySet<number> = new Set([
  types.responseErrorCodes.serverError,
  types.responseErrorCodes.unavailableException,
  types.responseErrorCodes.overloaded,
  types.responseErrorCodes.isBootstrapping,
  types.responseErrorCodes.writeTimeout,
  types.responseErrorCodes.readTimeout,
  types.responseErrorCodes.readFailure,
  types.responseErrorCodes.writeFailure,
])

export class Session {
  readonly client: Client
  readonly traffic: Traffic = { read: 0, write: 0, counter: 0, conditional: 0 }
  readonly #keyspace: string
  readonly #consistency: number
  readonly #inFlight: number
  readonly #pageRows: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor({ client, keyspace, consistency, inFlight = IN_FLIGHT, pageRows = PAGE_ROWS }: SessionOptions) {
    this.client = client
    this.#keyspace = keyspace
    this.#consistency = codeOf(consistency)
    this.#inFlight = inFlight
    this.#pageRows = pageRows
  }

  /** Reads what owners decide on; tried until there is an answer. */
  read(query: string, params: readonly unknown[]): Promise<Row[]> {
    return rowsOf(this.#asker(query, params, this.#pageRows))
  }

  /** The same page by page, of `most` rows each at most. */
  pages(query: string, params: readonly unknown[], most = this.#pageRows): AsyncGenerator<Row[]> {
    return pagesOf(this.#asker(query, params, Math.min(most, this.#pageRows)))
  }

  /** Reads what is only shown, from the nearest copy; where that one has just gone, from another. */
  glance(query: string, params: readonly unknown[]): Promise<Row[]> {
    return rowsOf(this.#looker(query, params, types.consistencies.localOne))
  }

  /** The same page by page. */
  glances(query: string, params: readonly unknown[]): AsyncGenerator<Row[]> {
    return pagesOf(this.#looker(query, params, types.consistencies.localOne))
  }

  /** Reads what is only shown and has to be as new as what owners decide on. */
  check(query: string, params: readonly unknown[]): Promise<Row[]> {
    return rowsOf(this.#looker(query, params, this.#consistency))
  }

  #asker(query: string, params: readonly unknown[], pageRows: number): Asker {
    return (at) =>
      this.#persist(undefined, () => {
        this.traffic.read += 1
        return this.#page(query, params, this.#consistency, at, pageRows)
      })
  }

  /** Somebody waits for it: after a few attempts they are told that it cannot be had. */
  #looker(query: string, params: readonly unknown[], consistency: number): Asker {
    const ask = (at: string | undefined, attempt: number): Promise<types.ResultSet> =>
      this.#page(query, params, consistency, at, this.#pageRows).catch(async (error: unknown) => {
        if (attempt === GLANCES || !isPassing(error)) throw error
        await sleep(FIRST_WAIT_MS * attempt)
        return ask(at, attempt + 1)
      })
    return (at) => ask(at, 1)
  }

  #page(
    query: string,
    params: readonly unknown[],
    consistency: number,
    at: string | undefined,
    fetchSize: number,
  ): Promise<types.ResultSet> {
    const from = at === undefined ? {} : { pageState: at }
    return this.client.execute(query, [...params], {
      prepare: true,
      isIdempotent: true,
      consistency,
      fetchSize,
      ...from,
    })
  }

  /** One write, by the servers' clock. */
  write(query: string, params: readonly unknown[], signal?: AbortSignal): Promise<void> {
    return this.#persist(signal, async () => {
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
    return this.#persist(signal, async () => {
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
        this.#persist(signal, async () => {
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
        }),
      ),
    )
  }

  /** Moves counters, once: what fails leaves them behind, which `verify --repair` mends. Returns how many may be. */
  async count(counts: readonly Count[]): Promise<number> {
    let behind = 0
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
            behind += items.length
          }
        }),
      ),
    )
    return behind
  }

  /** Tries until it succeeds; what is wrong for good is thrown. */
  #persist<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    return this.#admitted(async () => {
      for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
        signal?.throwIfAborted()
        try {
          return await attempt()
        } catch (error) {
          if (!isPassing(error)) throw error
        }
        await sleep(waitMs * (0.5 + Math.random() / 2), undefined, signal === undefined ? {} : { signal })
      }
    })
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

/** True for what may be over soon: servers that are away, slow or too busy. */
export function isPassing(error: unknown): boolean {
  if (error instanceof errors.ResponseError) return PASSING.has(error.code)
  return (
    error instanceof errors.NoHostAvailableError ||
    error instanceof errors.OperationTimedOutError ||
    error instanceof errors.BusyConnectionError ||
    // A connection that broke off, whatever was under way on it.
    (error instanceof errors.DriverError && 'isSocketError' in error && error.isSocketError === true)
  )
}

function routed(routingKey: Buffer | undefined): { routingKey?: Buffer } {
  return routingKey === undefined ? {} : { routingKey }
}

function codeOf(consistency: Consistency): number {
  const { localQuorum, quorum, eachQuorum, all, localOne, one } = types.consistencies
  return {
    local_quorum: localQuorum,
    quorum,
    each_quorum: eachQuorum,
    all,
    local_one: localOne,
    one,
  }[consistency]
}
