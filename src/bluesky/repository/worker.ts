import { Worker } from 'node:worker_threads'
import type { Did, Tid } from '@atcute/lexicons/syntax'
import type { RepositoryLimits } from './limits.ts'
import { type PackedPaths, PathList } from './path-list.ts'
import { type Refusal, RepositoryError } from './repository-error.ts'
import type { Snapshot } from './snapshot.ts'

/** The input of the thread; see `downloadSnapshot`. */
export type ThreadJob = {
  pds: string
  /** Whether the address comes from the operator's own directory, and need not be public. */
  trusted: boolean
  did: Did
  collections: ReadonlySet<string>
  limits: RepositoryLimits
}

/** The only message of the thread. */
export type FromThread =
  | { kind: 'read'; rev: Tid; packed: PackedPaths; wireBytes: number }
  | {
      kind: 'refused'
      refusal: Refusal
      message: string
      details: { status: number | undefined; error: string | undefined; waitMs: number | undefined }
      wireBytes: number
    }

export type ReadOptions = ThreadJob & {
  signal: AbortSignal
  /** Called with the bytes received over the network, also after a failure. */
  received: (wireBytes: number) => void
  /** Maximum heap of the thread, in megabytes. */
  maxHeapMb: number
}

/** A thread that does not end within its own time limit is terminated this much later. */
const GRACE_MS = 10_000

/**
 * Reads a repository in a thread of its own; when this settles the thread has ended.
 * @throws {RepositoryError}
 */
export async function readInThread({ signal, received, maxHeapMb, ...job }: ReadOptions): Promise<Snapshot> {
  signal.throwIfAborted()
  const { host } = new URL(job.pds)
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb, maxYoungGenerationSizeMb: 32 },
    name: 'repository',
  })
  const said = Promise.withResolvers<FromThread>()
  const crashed = (why: string): void =>
    said.reject(new RepositoryError('crashed', `the thread that read from ${host} ended: ${why}`))
  worker.once('message', said.resolve)
  worker.once('error', (error) => crashed(String(error)))
  worker.once('exit', (code) => crashed(`code ${code}`))
  const aborted = (): void => said.reject(signal.reason)
  signal.addEventListener('abort', aborted, { once: true })
  const late = setTimeout(() => crashed('it did not end by itself'), job.limits.totalMs + GRACE_MS)
  try {
    const message = await said.promise
    received(message.wireBytes)
    switch (message.kind) {
      case 'read':
        return { rev: message.rev, paths: new PathList(message.packed) }
      case 'refused':
        throw new RepositoryError(message.refusal, message.message, message.details)
    }
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', aborted)
    await worker.terminate()
  }
}
