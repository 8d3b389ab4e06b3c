import { statSync } from 'node:fs'
import { StoreError } from '../store.ts'

/** What stands beside a ledger's name while it is written: its log, the log's index, and the writer's lock. */
const BESIDE = ['', '-wal', '-shm', '.lock']

/**
 * The files that are open under a ledger's name. A file that is moved or deleted stays open, so everything goes on as
 * if nothing had happened, into a file that nobody finds again.
 */
export class OpenFiles {
  readonly #path: string
  readonly #opened: ReadonlyMap<string, string | undefined>

  /** Takes the files as they are now, some of which may not be there, for those that are open. */
  constructor(path: string, suffixes: readonly string[] = BESIDE) {
    this.#path = path
    this.#opened = new Map(suffixes.map((suffix) => [suffix, identity(path + suffix)]))
  }

  /** @throws {StoreError} where one of them is no longer there, or is another file */
  assertInPlace(): void {
    for (const [suffix, opened] of this.#opened) {
      if (opened === undefined) continue
      const now = identity(this.#path + suffix)
      if (now === opened) continue
      throw new StoreError(
        `${this.#path}${suffix} was ${now === undefined ? 'moved or deleted' : 'replaced'} while the ledger was in use: what is written now would be lost. Put the ledger's files back together (or a backup in their place), then start again.`,
      )
    }
  }
}

/** Tells one file from another, under whichever name; `undefined` where there is none. */
export function identity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true })
  return found && `${found.dev}:${found.ino}`
}
