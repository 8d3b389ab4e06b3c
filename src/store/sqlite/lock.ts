import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { StoreBusyError } from '../store.ts'
import { isBusy } from './failure.ts'
import { identity } from './files.ts'

/**
 * Makes this process the only writer of the ledger at `path`, by an exclusive transaction on a small file beside it.
 * The operating system ends it with the process, however that ends. Since that file can be removed, Linux also keeps
 * the ledger itself, by its inode, as the name of a socket.
 * @param path without symbolic links: two names of one ledger must lead to one lock
 * @throws {StoreBusyError} while another process has it
 */
export async function lock(path: string): Promise<Disposable> {
  const busy = (cause: unknown) =>
    new StoreBusyError(
      `another process ingests into ${path}: only one may. Stop it, or name another file in DATABASE_URL.`,
      { cause },
    )
  // First, so that whoever is refused leaves no new file where the lock of the other was.
  const server = await listen(`\0bsky-rpg:${identity(path)}`).catch((error: unknown) => {
    throw busy(error)
  })
  using held = new DisposableStack()
  held.defer(() => server?.close())
  try {
    const db = held.adopt(new DatabaseSync(`${path}.lock`, { timeout: 0 }), (opened) => opened.close())
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    throw isBusy(error) ? busy(error) : error
  }
  return held.move()
}

/**
 * Takes a name that the system gives back with the process; `undefined` where it has no such names.
 * @throws where another process has it
 */
async function listen(name: string): Promise<Server | undefined> {
  if (process.platform !== 'linux') return undefined
  const server = createServer((socket) => socket.destroy())
  server.unref()
  try {
    await once(server.listen({ path: name }), 'listening')
    return server
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') throw error
    // A sandbox may forbid sockets; the file's lock holds all the same.
    return undefined
  }
}
