import { rmSync } from 'node:fs'
import { StoreBusyError } from '../../store.ts'
import { lock } from '../lock.ts'
import { prepareFile } from '../prepare.ts'
import { type BackupOptions, backUp } from './backup.ts'

/** A ledger's file that nobody writes until it is disposed. */
export type StillFile = AsyncDisposable & { readonly path: string }

/**
 * Keeps others from writing the ledger; where one does already, copies it to a file beside it, which is deleted in the end. To read
 * a ledger in use for long would make its log grow for as long. As `backUp`, only for a process without other connections to it.
 * @throws {StoreError | StoreFullError} where there is no room for the copy
 */
export async function keepStill(options: Omit<BackupOptions, 'to'>): Promise<StillFile> {
  const path = prepareFile(options.path, 'nothing')
  try {
    const own = await lock(path)
    return { path, [Symbol.asyncDispose]: async () => own[Symbol.dispose]() }
  } catch (error) {
    if (!(error instanceof StoreBusyError)) throw error
  }
  const copy = `${path}.export-copy`
  const remove = (): void => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true })
  }
  // Of an export that was killed.
  remove()
  await backUp({ ...options, to: copy })
  return { path: copy, [Symbol.asyncDispose]: async () => remove() }
}
