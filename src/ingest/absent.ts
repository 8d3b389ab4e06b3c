import type { Did, Micros, Tid } from '../atproto/event.ts'
import type { RecordId } from '../atproto/uri.ts'
import type { RecordState } from '../game/state.ts'
import type { Ledger } from './ledger.ts'

/** Records looked at in one turn of the ledger: some milliseconds. */
const PAGE = 500

export type AbsentFrom = {
  did: Did
  /** The repository's revision: records that were written after it stay. */
  rev: Tid
  at: Micros
  /** Whether the repository lacks a record that was last written at or before `rev`. */
  isAbsent: (id: RecordId, state: RecordState) => boolean
  signal: AbortSignal
}

/**
 * Removes the live records of a person that their repository lacks, page by page, so that the stream hardly waits.
 * @throws the signal's reason, once it aborts
 */
export async function removeAbsent(
  ledger: Pick<Ledger, 'use' | 'fold'>,
  { did, rev, at, isAbsent, signal }: AbsentFrom,
): Promise<void> {
  let after: string | undefined
  do {
    signal.throwIfAborted()
    const from = after
    const page = await ledger.use((writer) => writer.records(did, from, PAGE))
    const records = page.records
      .filter(([id, state]) => state.live && state.rev <= rev && isAbsent(id, state))
      .map(([id]) => id)
    if (records.length > 0) await ledger.fold([{ kind: 'absent', did, at, rev, records }], undefined)
    after = page.next
  } while (after !== undefined)
}
