import type { Did } from '@atcute/lexicons/syntax'

/** Keeps pictures of people within a bound, and erases all of a person's. Losing one costs time and nothing else. */
export interface PictureCache {
  /** `key` names one picture among the owner's: letters, digits, `-`, `_` and `.`. */
  get(owner: Did, key: string): Promise<Buffer | undefined>
  put(owner: Did, key: string, picture: Buffer): Promise<void>
  /** Removes everything of `owner`. */
  erase(owner: Did): Promise<void>
  /** Whether there may be anything of `owner`. */
  has(owner: Did): boolean
  /** Everybody of whom there is something. */
  owners(): Iterable<Did>
}

/** For a machine without a place to write to. */
export class MemoryCache implements PictureCache {
  readonly #maxBytes: number
  /** By owner, the least recently used owner first. */
  readonly #byOwner = new Map<Did, Map<string, Buffer>>()
  #bytes = 0

  constructor({ maxBytes }: { maxBytes: number }) {
    this.#maxBytes = maxBytes
  }

  async get(owner: Did, key: string): Promise<Buffer | undefined> {
    const pictures = this.#byOwner.get(owner)
    const picture = pictures?.get(key)
    if (pictures === undefined || picture === undefined) return undefined
    this.#byOwner.delete(owner)
    this.#byOwner.set(owner, pictures)
    return picture
  }

  async put(owner: Did, key: string, picture: Buffer): Promise<void> {
    const pictures = this.#byOwner.get(owner) ?? new Map<string, Buffer>()
    this.#bytes += picture.length - (pictures.get(key)?.length ?? 0)
    pictures.set(key, picture)
    this.#byOwner.delete(owner)
    this.#byOwner.set(owner, pictures)
    for (const oldest of this.#byOwner.keys()) {
      if (this.#bytes <= this.#maxBytes) break
      this.#drop(oldest)
    }
  }

  async erase(owner: Did): Promise<void> {
    this.#drop(owner)
  }

  has(owner: Did): boolean {
    return this.#byOwner.has(owner)
  }

  owners(): Iterable<Did> {
    return this.#byOwner.keys()
  }

  #drop(owner: Did): void {
    for (const picture of this.#byOwner.get(owner)?.values() ?? []) this.#bytes -= picture.length
    this.#byOwner.delete(owner)
  }
}
