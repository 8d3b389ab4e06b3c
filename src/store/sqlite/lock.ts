import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { StoreBusyError } from '../store.ts'
import { isBusy } from './failure.ts'
import { identity } from './files.ts'

/**
 * Makes this process the only writer of the ledger at `path`, by an exclusive transaction on a small file beside it. The
 * operating system ends it with the process, also after a crash. Since that file can be deleted, this also listens on Linux
 * on an abstract socket that is named after the ledger's inode, which only one process can do.
 * @param path without symbolic links: two names of one ledger must lead to one lock
 * @throws {StoreBusyError} while another process has it
 */
export async function lock(path: string): Promise<Disposable> {
  const busy = (cause: unknown) =>
    new StoreBusyError(
      `another process ingests into ${path}: only one may. Stop it, or name another file in DATABASE_URL.`,
      { cause },
    )
  // The socket first: a process that is refused must not create a new lock file where the owner's was deleted.
  const server = await listen(`\0bsky-rpg:${identity(path)}`).catch((error: unknown) => {
    throw busy(error)
  })
  using stack = new DisposableStack()
  stack.defer(() => server?.close())
  try {
    const db = stack.adopt(new DatabaseSync(`${path}.lock`, { timeout: 0 }), (opened) => opened.close())
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    throw isBusy(error) ? busy(error) : error
  }
  return stack.move()
}

/**
 * Listens on a name that the system frees when the process ends; `undefined` where the system has no such names.
 * @throws where another process listens on it
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
    // A sandbox may forbid sockets; then the lock file alone has to do.
    return undefined
  }
}
