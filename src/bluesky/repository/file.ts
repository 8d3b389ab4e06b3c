// Repositories in files, such as an export that their owner has downloaded.
import { createReadStream } from 'node:fs'
import type { Did } from '@atcute/lexicons/syntax'
import { CarReader } from './car.ts'
import { type CidKey, keyOf } from './cid-key.ts'
import { readCommit } from './commit.ts'
import { SNAPSHOT_LIMITS } from './limits.ts'
import { RepositoryError } from './repository-error.ts'
import { readSnapshot, type Snapshot, type SnapshotOptions } from './snapshot.ts'

/**
 * Reads the repository in the CAR file at `path`.
 * @throws {RepositoryError}
 */
export async function readSnapshotFile(path: string, options: SnapshotOptions): Promise<Snapshot> {
  return await readSnapshot(chunksOf(path), options)
}

/**
 * Whose repository the CAR file at `path` claims to be, which only its signature proves.
 * @throws {RepositoryError}
 */
export async function ownerOf(path: string): Promise<Did> {
  const car = new CarReader(SNAPSHOT_LIMITS)
  for await (const chunk of chunksOf(path)) {
    for (const { cid, bytes } of car.push(chunk)) {
      if (car.root?.equals(cid) === true) return readCommit(keyOf(cid) as CidKey, bytes).did
    }
  }
  throw new RepositoryError('incomplete', 'the file lacks the commit of a repository')
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 2 ** 18 }) as AsyncIterable<Uint8Array>
  } catch (cause) {
    throw new RepositoryError('unreachable', `the file cannot be read: ${(cause as Error).message}`, {
      cause,
    })
  }
}
