// Requests to the cluster: a bounded number in flight, repeated while the cluster is out of reach, since each of them may
// safely arrive twice. Nothing here knows a table.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, errors, types } from 'cassandra-driver'
import type { Consistency } from './address.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import type { Outages } from './outages.ts'
import { type Asker, pagesOf, type Row, rowsOf } from './paging.ts'
import { isPassing, type Retries, unanswered } from './retries.ts'

export type SessionOptions = {
  client: Client
  keyspace: string
  consistency: Consistency
  retries: Retries
  outages: Pick<Outages, 'count'>
  /** Requests that this program has in flight at once. @default 96 */
  inFlight?: number
  /** Rows in one page of an answer. @default 5000 */
  pageRows?: number
}

/** Statements for rows that the same servers store, sent as one request. */
export type Batch = {
  statements: readonly { query: string; params: unknown[] }[]
  routingKey: Buffer | undefined
  /** The write time of the rows, in microseconds; `undefined`: the servers' clock. */
  timestamp: number | undefined
}

/** How many requests went out, by kind. */
export type Traffic = Record<'read' | 'write' | 'counter' | 'conditional', number>

const IN_FLIGHT = 96
const PAGE_ROWS = 5_000
/** For a read that a client waits for: the time limits of one answer and of all attempts. */
const DISPLAY_TIMEOUT_MS = 2_000
const DISPLAY_GIVE_UP_MS = 3_000
const DISPLAY_PAUSE_MS = 50

export class Session {
  readonly client: Client
  readonly keyspace: string
  readonly traffic: Traffic = { read: 0, write: 0, counter: 0, conditional: 0 }
  readonly retries: Retries
  readonly #outages: Pick<Outages, 'count'>
  readonly #consistency: number
  readonly #requests: ConcurrencyLimit
  readonly #pageRows: number

  constructor(options: SessionOptions) {
    const { client, keyspace, consistency, retries, outages } = options
    const { inFlight = IN_FLIGHT, pageRows = PAGE_ROWS } = options
    this.client = client
    this.retries = retries
    this.#outages = outages
    this.keyspace = keyspace
    this.#consistency = codeOf(consistency)
    this.#requests = new ConcurrencyLimit(inFlight)
    this.#pageRows = pageRows
  }

  /** How many times all connections were lost so far. */
  get outages(): number {
    return this.#outages.count
  }

  /** Reads state that an owner decides on, and repeats that until there is an answer. */
  readForDecision(query: string, params: readonly unknown[]): Promise<Row[]> {
    return rowsOf(this.#forDecision(query, params, this.#pageRows))
  }

  /** The same page by page, of `maxRows` rows each at most. */
  pagesForDecision(
    query: string,
    params: readonly unknown[],
    maxRows = this.#pageRows,
  ): AsyncGenerator<Row[]> {
    return pagesOf(this.#forDecision(query, params, Math.min(maxRows, this.#pageRows)))
  }

  /**
   * Reads state that is only shown, and gives up after three seconds, since a client waits for it. It reads from a quorum, too:
   * a server that was away has old rows until it is repaired, maybe for hours, and these may still show a person who has left.
   */
  readForDisplay(query: string, params: readonly unknown[]): Promise<Row[]> {
    return rowsOf(this.#forDisplay(query, params, this.#pageRows))
  }

  /** The same page by page, of `maxRows` rows each at most. */
  pagesForDisplay(
    query: string,
    params: readonly unknown[],
    maxRows = this.#pageRows,
  ): AsyncGenerator<Row[]> {
    return pagesOf(this.#forDisplay(query, params, Math.min(maxRows, this.#pageRows)))
  }

  #forDecision(query: string, params: readonly unknown[], pageRows: number): Asker {
    return (at) =>
      this.#persist('a read', undefined, () => {
        this.traffic.read += 1
        return this.#page(query, params, at, pageRows)
      })
  }

  #forDisplay(query: string, params: readonly unknown[], pageRows: number): Asker {
    const ask = (at: string | undefined, begun: number): Promise<types.ResultSet> =>
      this.#page(query, params, at, pageRows, DISPLAY_TIMEOUT_MS).catch(async (error: unknown) => {
        if (!isPassing(error)) throw error
        if (performance.now() - begun > DISPLAY_GIVE_UP_MS - DISPLAY_TIMEOUT_MS)
          throw unanswered(error, DISPLAY_GIVE_UP_MS)
        await sleep(DISPLAY_PAUSE_MS * (1 + Math.random()))
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
   * A conditional write whose condition is still true after it, so that it may arrive twice. After a failure it is not known
   * whether it was applied.
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

  /** Reads the row that conditional writes have agreed on. */
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

  /** Writes all of a batch; durable when it resolves. Writing it again changes nothing. */
  async writeBatch(batch: Batch, signal?: AbortSignal): Promise<void> {
    const { statements, routingKey, timestamp } = batch
    try {
      await this.#persist('a batch of rows', signal, async () => {
        this.traffic.write += 1
        await this.client.batch([...statements], {
          prepare: true,
          logged: false,
          isIdempotent: true,
          consistency: this.#consistency,
          ...routed(routingKey),
          ...(timestamp === undefined ? {} : { timestamp }),
        })
      })
    } catch (error) {
      // A committed batch has to be written: the server, not our estimate, says how much it takes at once.
      if (!isTooLarge(error) || statements.length === 1) throw error
      const half = Math.ceil(statements.length / 2)
      const parts = [statements.slice(0, half), statements.slice(half)]
      await Promise.all(parts.map((part) => this.writeBatch({ ...batch, statements: part }, signal)))
    }
  }

  /** Moves counters, once. @returns false where they may or may not have moved */
  countBatch({ statements, routingKey }: Omit<Batch, 'timestamp'>): Promise<boolean> {
    return this.#requests.run(async () => {
      this.traffic.counter += 1
      try {
        await this.client.batch([...statements], {
          prepare: true,
          counter: true,
          isIdempotent: false,
          consistency: this.#consistency,
          ...routed(routingKey),
        })
        return true
      } catch {
        return false
      }
    })
  }

  /** Repeats `attempt` until it succeeds; throws errors that no repetition can cure. */
  #persist<T>(what: string, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    return this.#requests.run(() => this.retries.run(what, signal, attempt))
  }
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
