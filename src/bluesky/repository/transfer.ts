import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Opened } from '../request.ts'
import type { RepositoryLimits } from './limits.ts'
import { malformed, RepositoryError, tooLarge } from './repository-error.ts'

export type TransferLimits = Pick<
  RepositoryLimits,
  'totalMs' | 'minBytesPerSecond' | 'rateWindowMs' | 'maxWireBytes'
>

/** Limits the duration, rate and size of a download: aborts `signal` if it is too slow. */
export class Transfer implements Disposable {
  /** Bytes received over the network so far. */
  wireBytes = 0
  readonly #limits: TransferLimits
  readonly #end = new AbortController()
  readonly #timers: NodeJS.Timeout[]

  constructor(limits: TransferLimits) {
    this.#limits = limits
    const { totalMs, minBytesPerSecond, rateWindowMs } = limits
    const minBytes = (minBytesPerSecond * rateWindowMs) / 1_000
    let before = 0
    const checkRate = (): void => {
      if (this.wireBytes - before < minBytes)
        this.#giveUp(`fewer than ${minBytesPerSecond} bytes a second over ${rateWindowMs} ms`)
      before = this.wireBytes
    }
    this.#timers = [
      setInterval(checkRate, rateWindowMs),
      setTimeout(() => this.#giveUp(`more than ${totalMs} ms`), totalMs),
    ]
  }

  /** Aborts with a `RepositoryError` when the download is too slow. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** The decompressed body. */
  inflated({ headers, body }: Pick<Opened, 'headers' | 'body'>): AsyncIterable<Uint8Array> {
    const encoding = headers.get('content-encoding') ?? 'identity'
    switch (encoding.trim().toLowerCase()) {
      case 'identity':
        return this.#counted(body)
      case 'gzip':
      case 'x-gzip':
        // Its reader gets the errors.
        return pipeline(this.#counted(body), createGunzip(), () => {})
      default:
        throw malformed(`compressed by ${JSON.stringify(encoding)}, which was not asked for`)
    }
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  async *#counted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { maxWireBytes } = this.#limits
    for await (const chunk of body) {
      this.wireBytes += chunk.length
      if (this.wireBytes > maxWireBytes) throw tooLarge(`more than ${maxWireBytes} bytes were sent`)
      yield chunk
    }
  }

  #giveUp(what: string): void {
    this.#end.abort(new RepositoryError('too-slow', `the repository came too slowly: ${what}`))
  }
}
