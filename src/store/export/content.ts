import { hash } from 'node:crypto'

/**
 * A digest of what a ledger contains, the same in whichever order its people and records are read, and from whichever store.
 * Four sums of 64 bits each over the hashes of all lines.
 */
export class Content {
  readonly #sums = new BigUint64Array(4)

  /** Adds a line; `of` tells it from equal ones of other people and other places. */
  add(of: string, line: object): void {
    const digest = hash('sha256', `${of}\n${JSON.stringify(line)}`, 'buffer')
    for (let i = 0; i < 4; i++) this.#sums[i] = (this.#sums[i] ?? 0n) + digest.readBigUInt64BE(8 * i)
  }

  get digest(): string {
    return [...this.#sums].map((sum) => sum.toString(16).padStart(16, '0')).join('')
  }
}
