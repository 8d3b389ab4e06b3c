import { clientOf } from './rate-limit.ts'

/** Gives a place back; call it once. */
export type Release = () => void

/** Why a client gets no place: all are taken, or the client has as many as it may. */
export type Refused = 'all taken' | 'client has enough'

/** Limits how much of something there is at a time, in all and by client, so that one client cannot keep out the others. */
export class Places {
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

  /** Takes a place for the client at `address`. */
  take(address: string): Release | Refused {
    const { client } = clientOf(address)
    const own = this.#byClient.get(client) ?? 0
    if (own >= this.#maxOfAClient) return 'client has enough'
    if (this.#taken >= this.#max) return 'all taken'
    this.#taken += 1
    this.#byClient.set(client, own + 1)
    return () => {
      this.#taken -= 1
      const left = (this.#byClient.get(client) ?? 1) - 1
      if (left === 0) this.#byClient.delete(client)
      else this.#byClient.set(client, left)
    }
  }
}
