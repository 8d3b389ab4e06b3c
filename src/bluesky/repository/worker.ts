import { Worker } from 'node:worker_threads'
import type { Did, Tid } from '@atcute/lexicons/syntax'
import type { RepositoryLimits } from './limits.ts'
import { type PackedPaths, PathList } from './path-list.ts'
import { type Refusal, RepositoryError } from './repository-error.ts'
import type { Snapshot } from './snapshot.ts'

/** What the thread has to do; see `downloadSnapshot`. */
export type ThreadJob = {
  pds: string
  /** Whether the address is the operator's own, and may lead anywhere. */
  trusted: boolean
  did: Did
  collections: ReadonlySet<string>
  limits: RepositoryLimits
}

/** What the thread says, once. */
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
  /** Told how many bytes came over the wire, whatever became of them. */
  received: (wireBytes: number) => void
  /** Most megabytes of the thread's heap. */
  maxHeapMb: number
}

/** How long after its own limit a thread that does not end by itself is ended, in milliseconds. */
const GRACE_MS = 10_000

/**
 * Reads a repository in a thread of its own, which is gone when this is over.
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
