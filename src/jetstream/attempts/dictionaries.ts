import type { Ending, Place, StreamObserver } from '../observer.ts'
import { type Dictionary, dictionaryOf } from '../socket/zstd.ts'
import { dictionaryUrl, type Endpoint } from './hosts.ts'
import { isNearby } from './nearby.ts'

/**
 * `auto` chooses by what is scarce: traffic with a host far away, so that it is asked for zstd, and our own time with one
 * nearby. `zstd` asks wherever a dictionary can be had.
 */
export type Compression = 'auto' | 'zstd' | 'off'

export type DictionariesOptions = {
  compression: Compression
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
  /** By host; why its dictionary could not be fetched. */
  readonly #failures = new Map<string, string>()
  readonly #refused = new Set<string>()
  /** Hosts whose retired dictionary has been replaced once already. */
  readonly #replaced = new Set<string>()

  constructor(options: DictionariesOptions) {
    this.#options = options
    this.#v1 = options.v1Dictionary === undefined ? undefined : dictionaryOf(options.v1Dictionary)
  }

  /** The dictionary for `endpoint`; undefined when frames have to come uncompressed. Rejects only by `signal`. */
  async get(endpoint: Endpoint, signal: AbortSignal): Promise<Dictionary | undefined> {
    const { compression } = this.#options
    if (compression === 'off' || this.#refused.has(keyOf(endpoint))) return undefined
    if (compression === 'auto' && isNearby(endpoint.url)) return undefined
    if (endpoint.wire === 'v1') return this.#v1
    const known = this.#v2.get(endpoint.host)
    if (known !== undefined) return known
    try {
      const fetched = await fetchDictionary(dictionaryUrl(endpoint), signal)
      this.#v2.set(endpoint.host, fetched)
      return fetched
    } catch (error) {
      signal.throwIfAborted()
      // A host that has none may well have one after its next release.
      this.#failures.set(endpoint.host, error instanceof Error ? error.message : String(error))
      return undefined
    }
  }

  /** The endpoint has answered, so that a dictionary which could not be fetched is worth a word. */
  tellFailure({ host, wire }: Place): void {
    const reason = this.#failures.get(host)
    this.#failures.delete(host)
    if (reason !== undefined && wire === 'v2') this.#options.observer.uncompressed({ host, wire }, reason)
  }

  /** Takes note of how a compressed attempt or connection at `endpoint` ended. */
  note(ending: Ending, endpoint: Endpoint): void {
    if (ending.kind === 'undecodable') this.#replace(endpoint, ending.message)
    if (ending.kind !== 'refused' || ending.status !== 400 || ending.error === 'CursorTooOld') return
    if (ending.error === 'UnknownZstdDictionary') this.#replace(endpoint, ending.message)
    else this.#refuse(endpoint, `the host answered 400: ${ending.message}`)
  }

  /** The endpoint sends what our dictionary can read: once that is retired, a new one may be fetched. */
  accept({ host, wire }: Place): void {
    if (wire === 'v2') this.#replaced.delete(host)
  }

  /** Our dictionary is not the host's: fetch the current one, unless that was just done or there is none. */
  #replace(endpoint: Endpoint, reason: string): void {
    if (endpoint.wire === 'v1' || this.#replaced.has(endpoint.host)) {
      this.#refuse(endpoint, reason)
    } else {
      this.#replaced.add(endpoint.host)
      this.#v2.delete(endpoint.host)
    }
  }

  /** Compression does not work at `endpoint`: go on without. */
  #refuse(endpoint: Endpoint, reason: string): void {
    this.#refused.add(keyOf(endpoint))
    this.#options.observer.uncompressed(endpoint, reason)
  }
}

function keyOf({ host, wire }: Place): string {
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
