import type { Wire } from '../atproto/event.ts'
import { dictionaryUrl, type Endpoint } from './hosts.ts'
import type { StreamObserver } from './observer.ts'
import { type Dictionary, dictionaryOf } from './zstd.ts'

export type DictionariesOptions = {
  compression: 'auto' | 'off'
  /** The file that the user names for the v1 wire, which serves none itself. */
  v1Dictionary: Uint8Array | undefined
  observer: StreamObserver
}

/** Far above the 64 to 128 KB that dictionaries have. */
const MOST_BYTES = 4 * 1024 * 1024

/** Which dictionary to ask an endpoint for. One that failed at an endpoint is not tried there again. */
export class Dictionaries {
  readonly #options: DictionariesOptions
  readonly #v1: Dictionary | undefined
  /** By host; what v2 hosts served. */
  readonly #v2 = new Map<string, Dictionary>()
  readonly #refused = new Set<string>()
  /** Hosts whose retired dictionary has been replaced once already. */
  readonly #replaced = new Set<string>()

  constructor(options: DictionariesOptions) {
    this.#options = options
    this.#v1 = options.v1Dictionary === undefined ? undefined : dictionaryOf(options.v1Dictionary)
  }

  /** The dictionary for `endpoint`; undefined when frames have to come uncompressed. Rejects only by `signal`. */
  async get(endpoint: Endpoint, signal: AbortSignal): Promise<Dictionary | undefined> {
    if (this.#options.compression === 'off' || this.#refused.has(keyOf(endpoint))) return undefined
    if (endpoint.wire === 'v1') return this.#v1
    const known = this.#v2.get(endpoint.host)
    if (known !== undefined) return known
    try {
      const fetched = await fetchDictionary(dictionaryUrl(endpoint), signal)
      this.#v2.set(endpoint.host, fetched)
      return fetched
    } catch (error) {
      signal.throwIfAborted()
      // A host that has none may well have one after its next release; one that is away says so when dialled.
      this.#options.observer.uncompressed(endpoint, error instanceof Error ? error.message : String(error))
      return undefined
    }
  }

  /** The host no longer knows the dictionary: fetch the current one, unless that was just done. */
  retire(endpoint: Endpoint): void {
    if (this.#replaced.has(endpoint.host)) {
      this.refuse(endpoint, 'its current dictionary is refused')
      return
    }
    this.#replaced.add(endpoint.host)
    this.#v2.delete(endpoint.host)
  }

  /** The endpoint accepted our dictionary: when it is retired one day, a new one may be fetched. */
  accept(endpoint: Endpoint): void {
    if (endpoint.wire === 'v2') this.#replaced.delete(endpoint.host)
  }

  /** Compression does not work at `endpoint`: go on without. */
  refuse(endpoint: Endpoint, reason: string): void {
    this.#refused.add(keyOf(endpoint))
    this.#options.observer.uncompressed(endpoint, reason)
  }
}

function keyOf({ host, wire }: { host: string; wire: Wire }): string {
  return `${wire} ${host}`
}

async function fetchDictionary(url: string, signal: AbortSignal): Promise<Dictionary> {
  const response = await fetch(url, { signal })
  if (!response.ok) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > MOST_BYTES) throw new Error(`${url} answered more than ${MOST_BYTES} bytes`)
    chunks.push(chunk)
  }
  const dictionary = dictionaryOf(Buffer.concat(chunks))
  if (dictionary.id === 0) throw new Error(`${url} answered ${size} bytes that are no zstd dictionary`)
  return dictionary
}
