import type { Logger } from 'pino'
import type { Did, Micros } from '../atproto/event.ts'
import type { Inbox, Reader, Writer } from '../store/store.ts'

export type ImportListedOptions = {
  reader: Pick<Reader, 'importStatus'>
  inbox: Inbox
  writer: Pick<Writer, 'owns'>
  /** The operator's list; `undefined` for nobody. */
  dids: readonly Did[] | undefined
  /** Who has been asked for, of whom this call adds its own: each person once, also where shards change hands. */
  askedFor: Set<Did>
  log: Logger
  clock: () => Micros
  signal: AbortSignal
}

/**
 * Asks for the import of everybody on the operator's list who was never imported. The others are as the stream has them, and gaps in
 * it have repositories compared that have changed since.
 */
export async function importListed(options: ImportListedOptions): Promise<void> {
  const { reader, inbox, writer, dids = [], askedFor, log, clock, signal } = options
  let asked = 0
  try {
    for (const did of dids) {
      if (signal.aborted) return
      if (askedFor.has(did) || !writer.owns(did)) continue
      const status = await reader.importStatus(did)
      if (status?.isOpen || status?.head !== undefined) continue
      await inbox.leave({ kind: 'import', did, at: clock() })
      askedFor.add(did)
      asked += 1
    }
    if (asked > 0)
      log.info({ people: asked }, 'asked for the histories of those in DIDS who were never imported')
  } catch (error) {
    if (signal.aborted) return
    log.warn(
      { err: error, people: asked },
      'could not ask for all histories of those in DIDS; the next start does',
    )
  }
}
