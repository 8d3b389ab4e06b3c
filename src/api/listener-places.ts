import type { ServerResponse } from 'node:http'
import { Places } from './places.ts'
import { BusyError, ProblemError } from './problem.ts'

/** Limits how many listeners there are at a time, in all and by client. */
export class ListenerPlaces {
  readonly #places: Places
  readonly #maxOfAClient: number

  constructor(options: { max: number; maxOfAClient: number }) {
    this.#places = new Places(options)
    this.#maxOfAClient = options.maxOfAClient
  }

  get taken(): number {
    return this.#places.taken
  }

  /**
   * Takes a place for the client at `address` until `response` closes.
   * @throws {ProblemError} 503 if none is free, 429 if the client has `maxOfAClient`
   */
  take(address: string, response: ServerResponse): void {
    const place = this.#places.take(address)
    switch (place) {
      case 'client has enough':
        throw new ProblemError(
          429,
          'TooManyStreams',
          `A client may have ${this.#maxOfAClient} streams at a time; close one, or name more actors in one.`,
        )
      case 'all taken':
        throw new BusyError('TooManyListeners', 'All places for streams are taken; try again later.')
      default:
        if (response.destroyed) place()
        else response.once('close', place)
    }
  }
}
