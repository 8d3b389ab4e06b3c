import type { Place, StreamObserver } from '../observer.ts'
import { type Dictionary, dictionaryOf } from '../socket/zstd.ts'
import { type Endpoint, fileUrl } from './hosts.ts'
import { isNearby } from './nearby.ts'
import type { DictionaryChange } from './recovery.ts'

/**
 * `auto` asks distant hosts for zstd, to save traffic, and nearby ones for plain text, to save processor time. `zstd`
 * asks every host for which there is a dictionary.
 */
export type Compression = 'auto' | 'zstd' | 'off'

export type DictionariesOptions = {
  compression: Compression
  /** For wires whose hosts serve none; without it, frames come uncompressed there. */
  userDictionary: Uint8Array | undefined
  observer: StreamObserver
}

/** Far above the 64 to 128 KB of real dictionaries. */
const MAX_BYTES = 4 * 1024 * 1024

/** Picks the dictionary to ask each endpoint for, and gives compression up where it failed. */
export class Dictionaries {
  readonly #options: DictionariesOptions
  readonly #userDictionary: Dictionary | undefined
  /** Dictionaries that hosts served. Keyed by place, as are the next three. */
  readonly #served = new Map<string, Dictionary>()
  /** Why the last fetch failed; not yet reported. */
  readonly #failures = new Map<string, string>()
  /** Where compression was given up. */
  readonly #refused = new Set<string>()
  /** Where the host's dictionary was renewed and the new one has not worked yet. */
  readonly #replaced = new Set<string>()

  constructor(options: DictionariesOptions) {
    this.#options = options
    this.#userDictionary = options.userDictionary && dictionaryOf(options.userDictionary)
  }

  /** The dictionary for `endpoint`; undefined where frames must come uncompressed. Rejects only on abort. */
  async get(endpoint: Endpoint, signal: AbortSignal): Promise<Dictionary | undefined> {
    const { compression } = this.#options
    const { dictionary } = endpoint.wire
    const key = keyOf(endpoint.place)
    if (compression === 'off' || this.#refused.has(key)) return undefined
    if (compression === 'auto' && isNearby(endpoint.url)) return undefined
    if (dictionary.from === 'user') return this.#userDictionary
    const known = this.#served.get(key)
    if (known !== undefined) return known
    try {
      const fetched = await fetchDictionary(fileUrl(endpoint, dictionary.path), signal)
      this.#served.set(key, fetched)
      this.#failures.delete(key)
      return fetched
    } catch (error) {
      signal.throwIfAborted()
      // Tried again at the next dial: a host without a dictionary may have one after its next release.
      this.#failures.set(key, error instanceof Error ? error.message : String(error))
      return undefined
    }
  }

  /** Reports a failed fetch. Call once the endpoint has answered: while the host is down, the fetch is no news. */
  reportFailure(place: Place): void {
    const key = keyOf(place)
    const reason = this.#failures.get(key)
    this.#failures.delete(key)
    if (reason !== undefined) this.#options.observer.uncompressed(place, reason)
  }

  /** True where the host serves a dictionary that was not renewed since it last worked. */
  isRenewable({ place, wire }: Endpoint): boolean {
    return wire.dictionary.from === 'host' && !this.#replaced.has(keyOf(place))
  }

  /** Carries out what `recoveryFrom` has decided about the dictionary at `place`. */
  apply(change: DictionaryChange, place: Place): void {
    const key = keyOf(place)
    if (change === 'keep') return
    if (change === 'renew') {
      this.#replaced.add(key)
      this.#served.delete(key)
      return
    }
    this.#refused.add(key)
    this.#options.observer.uncompressed(place, change.giveUp)
  }

  /** Call once our dictionary has worked at `place`: when the host retires it, a new one may be fetched again. */
  accept(place: Place): void {
    this.#replaced.delete(keyOf(place))
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
    if (size > MAX_BYTES) throw new Error(`${url} answered more than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  const dictionary = dictionaryOf(Buffer.concat(chunks))
  if (dictionary.id === 0) throw new Error(`${url} answered ${size} bytes that are no zstd dictionary`)
  return dictionary
}
