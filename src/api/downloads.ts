import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { Places } from './places.ts'
import { BusyError, ProblemError } from './problem.ts'

export type DownloadsOptions = {
  /** Maximum downloads at a time, in all and of a client, which may read as slowly as it likes. */
  max: number
  maxOfAClient: number
  /** The `error` of the problem where there are too many, and what they are called in its text. */
  error: string
  name: string
}

/** Long answers that are read from the ledger as fast as their clients take them. */
export class Downloads {
  readonly #options: DownloadsOptions
  readonly #places: Places
  readonly #open = new Set<Readable>()

  constructor(app: Pick<FastifyInstance, 'addHook'>, options: DownloadsOptions) {
    this.#options = options
    this.#places = new Places(options)
    // A slow client must not delay the shutdown.
    app.addHook('preClose', async () => {
      for (const download of this.#open) download.destroy()
    })
  }

  /**
   * Begins a download of `lines` for the client at `address`.
   * @param pay takes its price from the client; throws where that cannot pay it
   * @throws {ProblemError} 503 if all places are taken, 429 if the client has as many as it may
   */
  begin(address: string, pay: () => void, lines: () => AsyncIterable<string>): Readable {
    const { maxOfAClient, error, name } = this.#options
    const place = this.#places.take(address)
    if (place === 'client has enough')
      throw new ProblemError(
        429,
        error,
        `A client may have ${maxOfAClient} ${name} at a time; wait until one has ended.`,
      )
    if (place === 'all taken') throw new BusyError(error, `Too many ${name} are being sent; try again soon.`)
    try {
      pay()
      const download = Readable.from(lines())
      this.#open.add(download)
      download.once('close', () => {
        this.#open.delete(download)
        place()
      })
      return download
    } catch (refusal) {
      place()
      throw refusal
    }
  }
}
