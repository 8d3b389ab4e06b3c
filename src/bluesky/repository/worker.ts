import { Worker } from 'node:worker_threads'
import type { Tid } from '@atcute/lexicons/syntax'
import { type PackedPaths, PathList } from './path-list.ts'
import type { OwnProfile } from './record-blocks.ts'
import { type PackedRecords, RecordList } from './record-list.ts'
import { type Refusal, RepositoryError } from './repository-error.ts'
import type { Snapshot, SnapshotOptions } from './snapshot.ts'

/** The input of the thread. */
export type ThreadJob = SnapshotOptions & { from: RepositorySource }

/** Where a repository is read from. */
type RepositorySource =
  /** `trusted`: the address comes from the operator's own directory, and need not be public. */
  | { pds: string; trusted: boolean }
  /** The path of a CAR file. */
  | { file: string }

/** The only message of the thread. */
export type FromThread =
  | {
      kind: 'read'
      rev: Tid
      packed: { paths: PackedPaths; records: PackedRecords | undefined }
      profile: OwnProfile | undefined
      wireBytes: number
    }
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
  const name = 'file' in job.from ? job.from.file : new URL(job.from.pds).host
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb, maxYoungGenerationSizeMb: 32 },
    name: 'repository',
  })
  const said = Promise.withResolvers<FromThread>()
  const crashed = (why: string): void =>
    said.reject(new RepositoryError('crashed', `the thread that read from ${name} ended: ${why}`))
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
      case 'read': {
        const { paths, records } = message.packed
        return {
          rev: message.rev,
          paths: new PathList(paths),
          records: records && new RecordList(records),
          profile: message.profile,
        }
      }
      case 'refused':
        throw new RepositoryError(message.refusal, message.message, message.details)
    }
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', aborted)
    await worker.terminate()
  }
}
