import type { Cursor } from '../../../atproto/event.ts'
import type { Meta } from '../rows/meta.ts'

const NAME = 'beginning'

/** Where the ledger's stream begins. The worker that first receives an event decides it for all shards and for good. */
export class Beginning {
  readonly #meta: Pick<Meta, 'get' | 'setOnce'>
  #cursor: Cursor | undefined

  constructor(meta: Pick<Meta, 'get' | 'setOnce'>) {
    this.#meta = meta
  }

  /** `undefined` before any worker has received an event. */
  async read(): Promise<Cursor | undefined> {
    if (this.#cursor !== undefined) return this.#cursor
    const json = await this.#meta.get(NAME)
    if (json !== undefined) this.#cursor = JSON.parse(json) as Cursor
    return this.#cursor
  }

  /** @returns `cursor`, or the beginning that another worker decided before */
  async decide(cursor: Cursor): Promise<Cursor> {
    await this.#meta.setOnce(NAME, JSON.stringify(cursor))
    return (await this.read()) ?? cursor
  }
}
