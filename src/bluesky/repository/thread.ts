// What runs in the thread of one repository: whatever a stranger's file does to it, it does to nobody else.
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
  // Classes do not survive the way between threads.
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
