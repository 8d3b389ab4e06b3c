// Runs in a worker thread for one repository, so that a malicious file can only harm this thread.
import { parentPort, workerData } from 'node:worker_threads'
import { openPublicUrl, openTrustedUrl } from '../open-url.ts'
import { downloadSnapshot } from './download.ts'
import { readSnapshotFile } from './file.ts'
import { RepositoryError } from './repository-error.ts'
import type { Snapshot } from './snapshot.ts'
import { Transfer } from './transfer.ts'
import type { FromThread, ThreadJob } from './worker.ts'

const { from, ...wanted } = workerData as ThreadJob

const transfer = new Transfer(wanted.limits)
const tell = (message: FromThread, transferred: ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, transferred)

async function read(): Promise<Snapshot> {
  if ('file' in from) return await readSnapshotFile(from.file, wanted)
  const open = from.trusted ? openTrustedUrl : openPublicUrl
  return await downloadSnapshot({ ...wanted, pds: new URL(from.pds), open, transfer })
}

try {
  const { rev, paths, records, profile } = await read()
  const packed = { paths: paths.packed, records: records?.packed }
  const buffers = [packed.paths, packed.records].flatMap((list) =>
    list === undefined ? [] : [list.bytes.buffer, list.ends.buffer],
  )
  tell({ kind: 'read', rev, packed, profile, wireBytes: transfer.wireBytes }, buffers)
} catch (error) {
  if (!(error instanceof RepositoryError)) throw error
  // Messages between threads lose the class of an error.
  const { refusal, message, status, error: name, waitMs } = error
  tell({
    kind: 'refused',
    refusal,
    message,
    details: { status, error: name, waitMs },
    wireBytes: transfer.wireBytes,
  })
} finally {
  transfer[Symbol.dispose]()
}
