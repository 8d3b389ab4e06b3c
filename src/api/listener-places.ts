import type { ServerResponse } from 'node:http'
import { ProblemError } from './problem.ts'
import { clientOf } from './rate-limit.ts'

/** Limits how many listeners there are at a time, in all and by client. */
export class ListenerPlaces {
  readonly #max: number
  readonly #maxOfAClient: number
  readonly #byClient = new Map<string, number>()
  #taken = 0

  constructor({ max, maxOfAClient }: { max: number; maxOfAClient: number }) {
    this.#max = max
    this.#maxOfAClient = maxOfAClient
  }

  get taken(): number {
    return this.#taken
  }

  /**
   * Takes a place for the client at `address` until `response` closes.
   * @throws {ProblemError} 503 if none is free, 429 if the client has `maxOfAClient`
   */
  take(address: string, response: ServerResponse): void {
    const { client } = clientOf(address)
    const own = this.#byClient.get(client) ?? 0
    if (own >= this.#maxOfAClient) {
      throw new ProblemError(
        429,
        'TooManyStreams',
        `A client may have ${this.#maxOfAClient} streams at a time; close one, or name more actors in one.`,
      )
    }
    if (this.#taken >= this.#max) {
      throw new ProblemError(503, 'TooManyListeners', 'All places for streams are taken; try again later.')
    }
    if (response.destroyed) return
    this.#taken += 1
    this.#byClient.set(client, own + 1)
    response.once('close', () => {
      this.#taken -= 1
      const left = (this.#byClient.get(client) ?? 1) - 1
      if (left === 0) this.#byClient.delete(client)
      else this.#byClient.set(client, left)
    })
  }
}
