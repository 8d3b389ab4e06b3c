import type { Place, StreamObserver } from '../observer.ts'
import { type Dictionary, dictionaryOf } from '../socket/zstd.ts'
import { type Endpoint, fileUrl } from './hosts.ts'
import { isNearby } from './nearby.ts'
import type { DictionaryChange } from './recovery.ts'

/**
 * `auto` chooses by what is scarce: traffic with a host far away, so that it is asked for zstd, and our own time with one
 * nearby. `zstd` asks wherever a dictionary can be had.
 */
export type Compression = 'auto' | 'zstd' | 'off'

export type DictionariesOptions = {
  compression: Compression
  /** For the wires whose hosts serve none; frames come uncompressed there without. */
  userDictionary: Uint8Array | undefined
  observer: StreamObserver
}

/** Far above the 64 to 128 KB that dictionaries have. */
const MAX_BYTES = 4 * 1024 * 1024

/** Which dictionary to ask an endpoint for. One that failed at an endpoint is not tried there again. */
export class Dictionaries {
  readonly #options: DictionariesOptions
  readonly #users: Dictionary | undefined
  /** What hosts served. By place, like all that follows. */
  readonly #served = new Map<string, Dictionary>()
  /** Why a dictionary could not be fetched. */
  readonly #failures = new Map<string, string>()
  readonly #refused = new Set<string>()
  /** Where a retired dictionary has been replaced once already. */
  readonly #replaced = new Set<string>()

  constructor(options: DictionariesOptions) {
    this.#options = options
    this.#users = options.userDictionary && dictionaryOf(options.userDictionary)
  }

  /** The dictionary for `endpoint`; undefined when frames have to come uncompressed. Rejects only by `signal`. */
  async get(endpoint: Endpoint, signal: AbortSignal): Promise<Dictionary | undefined> {
    const { compression } = this.#options
    const { dictionary } = endpoint.wire
    const key = keyOf(endpoint.place)
    if (compression === 'off' || this.#refused.has(key)) return undefined
    if (compression === 'auto' && isNearby(endpoint.url)) return undefined
    if (dictionary.from === 'user') return this.#users
    const known = this.#served.get(key)
    if (known !== undefined) return known
    try {
      const fetched = await fetchDictionary(fileUrl(endpoint, dictionary.path), signal)
      this.#served.set(key, fetched)
      this.#failures.delete(key)
      return fetched
    } catch (error) {
      signal.throwIfAborted()
      // A host that has none may well have one after its next release.
      this.#failures.set(key, error instanceof Error ? error.message : String(error))
      return undefined
    }
  }

  /** The endpoint has answered: reports a dictionary that could not be fetched before. */
  reportFailure(place: Place): void {
    const key = keyOf(place)
    const reason = this.#failures.get(key)
    this.#failures.delete(key)
    if (reason !== undefined) this.#options.observer.uncompressed(place, reason)
  }

  /** The host serves its dictionary, and has not been asked for a new one since it last worked. */
  isRenewable({ place, wire }: Endpoint): boolean {
    return wire.dictionary.from === 'host' && !this.#replaced.has(keyOf(place))
  }

  /** Carries out what an ending at `place` has led to. */
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

  /** The endpoint sends what our dictionary can read: once that is retired, a new one may be fetched. */
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
