import { AddressError } from '../public-address.ts'
import { bounded, isOk, type OpenUrl, refusalOf } from '../request.ts'
import { RepositoryError } from './repository-error.ts'
import { readSnapshot, type Snapshot, type SnapshotOptions } from './snapshot.ts'
import type { Transfer } from './transfer.ts'

export type DownloadOptions = SnapshotOptions & {
  /** The server: protocol, host and port. */
  pds: URL
  open: OpenUrl
  transfer: Transfer
}

const MAX_ERROR_BYTES = 65_536

/**
 * Downloads the repository of `did` and reads it as it arrives.
 * @throws {RepositoryError}
 */
export async function downloadSnapshot(options: DownloadOptions): Promise<Snapshot> {
  const { pds, open, transfer, ...wanted } = options
  const { did } = wanted
  const { signal } = transfer
  const url = new URL('/xrpc/com.atproto.sync.getRepo', pds)
  url.searchParams.set('did', did)
  try {
    const headers = { accept: 'application/vnd.ipld.car', 'accept-encoding': 'gzip' }
    const opened = await open(url.href, { signal, headers })
    const body = transfer.inflated(opened)
    if (isOk(opened)) return await readSnapshot(body, wanted)
    const { message, status, error, waitMs } = refusalOf(
      pds.host,
      opened,
      await bounded(body, MAX_ERROR_BYTES),
    )
    throw new RepositoryError('status', message, { status, error, waitMs })
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw asRepositoryError(pds.host, error)
  }
}

function asRepositoryError(host: string, error: unknown): RepositoryError {
  if (error instanceof RepositoryError) return error
  if (error instanceof AddressError) return new RepositoryError('address', error.message)
  const { message, cause = undefined, code = '' } = error as NodeJS.ErrnoException
  if (code.startsWith('Z_')) return new RepositoryError('malformed', `${host} sent broken gzip: ${message}`)
  return new RepositoryError('unreachable', `${host} cannot be reached: ${message}`, { cause })
}
