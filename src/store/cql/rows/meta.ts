// The table `meta`: a few settings by name, and the lock that a process takes while it changes the schema.
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, types } from 'cassandra-driver'
import { StoreError } from '../../store.ts'
import type { Retries } from '../driver/retries.ts'

/** How long a lock lasts without renewals, and how many renewals are sent in that time. */
const LOCK_SECONDS = 60
const RENEWALS = 3
const LOOK_AGAIN_MS = 250

/**
 * How long one change of the schema may take, in milliseconds: on a busy machine servers take seconds, and may carry out
 * a change after the client has given up waiting.
 */
export const CHANGE_TIMEOUT_MS = 60_000

export class Meta {
  readonly #client: Client
  readonly #table: string
  readonly #retries: Pick<Retries, 'run' | 'isEnding'>

  /** @param retries for requests that an outage interrupts: all but the renewal of the lock */
  constructor(client: Client, keyspace: string, retries: Pick<Retries, 'run' | 'isEnding'>) {
    this.#client = client
    this.#table = `${keyspace}.meta`
    this.#retries = retries
  }

  async create(scylla: boolean): Promise<void> {
    // Cassandra does not order changes of the schema: with the same id, two processes that create it at once make one table.
    const id = scylla ? '' : ` WITH id = ${idOf(this.#table)}`
    const query = `CREATE TABLE IF NOT EXISTS ${this.#table} (name text PRIMARY KEY, value text)${id}`
    await this.#persist(() => this.#client.execute(query, [], { readTimeout: CHANGE_TIMEOUT_MS }))
  }

  async get(name: string): Promise<string | undefined> {
    const query = `SELECT value FROM ${this.#table} WHERE name = ?`
    // Reads what conditional writes have agreed on, even where their answers were lost.
    const { serial } = types.consistencies
    const { rows } = await this.#persist(() => this.#run(query, [name], { consistency: serial }))
    return (rows[0]?.value as string | null | undefined) ?? undefined
  }

  async set(name: string, value: string): Promise<void> {
    // Conditional, as all writes of this table: conditional and plain writes are not ordered against each other.
    const query = `UPDATE ${this.#table} SET value = ? WHERE name = ? IF EXISTS`
    await this.#persist(() => this.#run(query, [value, name]))
    await this.setOnce(name, value)
  }

  /** Sets `name` to `to` where its value is `from`. Where another process was faster, its value stays. */
  async replace(name: string, from: string, to: string): Promise<void> {
    const query = `UPDATE ${this.#table} SET value = ? WHERE name = ? IF value = ?`
    await this.#persist(() => this.#run(query, [to, name, from]))
  }

  /** Sets `name` unless it has a value already. */
  async setOnce(name: string, value: string): Promise<void> {
    const query = `INSERT INTO ${this.#table} (name, value) VALUES (?, ?) IF NOT EXISTS`
    await this.#persist(() => this.#run(query, [name, value]))
  }

  /**
   * Runs `work` under the lock, which is renewed meanwhile and ends by itself a minute after its holder died.
   * @param work calls `assertHeld` before each step, which throws a {@link StoreError} once another process has the lock
   */
  async locked(work: (assertHeld: () => void) => Promise<void>): Promise<void> {
    const holder = randomUUID()
    const take = `INSERT INTO ${this.#table} (name, value) VALUES ('lock', ?) IF NOT EXISTS USING TTL ${LOCK_SECONDS}`
    while (!(await this.#take(take, holder))) {
      if (this.#retries.isEnding) {
        throw new StoreError('ended while another process changes the schema: start it again.')
      }
      await sleep(LOOK_AGAIN_MS)
    }
    let isLost = false
    const renewal = `UPDATE ${this.#table} USING TTL ${LOCK_SECONDS} SET value = ? WHERE name = 'lock' IF value = ?`
    const timer = setInterval(
      () => {
        this.#run(renewal, [holder, holder]).then(
          (result) => {
            isLost ||= !result.wasApplied()
          },
          // The next one may get through; the lock lasts for three.
          () => {},
        )
      },
      (LOCK_SECONDS * 1_000) / RENEWALS,
    )
    try {
      await work(() => {
        if (isLost) {
          throw new StoreError(
            'another process has begun to change the schema, since this one was not heard of for a minute: start it again.',
          )
        }
      })
    } finally {
      clearInterval(timer)
      const release = `DELETE FROM ${this.#table} WHERE name = 'lock' IF value = ?`
      await this.#persist(() => this.#run(release, [holder]))
    }
  }

  /** An attempt whose answer did not come may have been carried out: the next one finds our own name then. */
  async #take(query: string, holder: string): Promise<boolean> {
    const result = await this.#persist(() => this.#run(query, [holder]))
    return result.wasApplied() || result.rows[0]?.value === holder
  }

  /** Repeats an attempt that may safely arrive twice. */
  #persist<T>(attempt: () => Promise<T>): Promise<T> {
    return this.#retries.run('a setting', undefined, attempt)
  }

  #run(query: string, params: unknown[], options: { consistency?: types.consistencies } = {}) {
    return this.#client.execute(query, params, { prepare: true, ...options })
  }
}

/** A UUID made of a name, in the form of those made of a time, as ids of tables are. */
function idOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-1${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
