// Runs in a worker thread for one repository, so that a malicious file can only harm this thread.
import { parentPort, workerData } from 'node:worker_threads'
import { openPublicUrl, openTrustedUrl } from '../open-url.ts'
import { downloadSnapshot } from './download.ts'
import { RepositoryError } from './repository-error.ts'
import { Transfer } from './transfer.ts'
import type { FromThread, ThreadJob } from './worker.ts'

const { pds, trusted, ...job } = workerData as ThreadJob

const transfer = new Transfer(job.limits)
const tell = (message: FromThread): void => parentPort?.postMessage(message)
try {
  const open = trusted ? openTrustedUrl : openPublicUrl
  const { rev, paths } = await downloadSnapshot({ ...job, pds: new URL(pds), open, transfer })
  const { bytes, ends } = paths.packed
  const message: FromThread = { kind: 'read', rev, packed: paths.packed, wireBytes: transfer.wireBytes }
  parentPort?.postMessage(message, [bytes.buffer, ends.buffer])
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
