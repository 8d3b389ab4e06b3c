import { statSync } from 'node:fs'
import { StoreError } from '../store.ts'

/** Suffixes of a ledger's files while it is written: itself, its write-ahead log, the log's index, the writer's lock. */
const SUFFIXES = ['', '-wal', '-shm', '.lock']

/**
 * The files of an open ledger. A file that is moved or deleted stays open, so without this check the writer would go on
 * writing into a file that nobody finds again.
 */
export class OpenFiles {
  readonly #path: string
  readonly #opened: ReadonlyMap<string, string | undefined>

  /** Notes the identities of the files now; call it once they are open. Those that are missing are not checked later. */
  constructor(path: string, suffixes: readonly string[] = SUFFIXES) {
    this.#path = path
    this.#opened = new Map(suffixes.map((suffix) => [suffix, identity(path + suffix)]))
  }

  /** @throws {StoreError} where one of them is gone or is another file */
  assertInPlace(): void {
    for (const [suffix, opened] of this.#opened) {
      if (opened === undefined) continue
      const now = identity(this.#path + suffix)
      if (now === opened) continue
      throw new StoreError(
        `${this.#path}${suffix} was ${now === undefined ? 'moved or deleted' : 'replaced'} while the ledger was in use: anything written now would be lost. Put the ledger's files back together (or a backup in their place), then start again.`,
      )
    }
  }
}

/** Device and inode, which are the same under every name of a file; `undefined` where there is none. */
export function identity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true })
  return found && `${found.dev}:${found.ino}`
}
