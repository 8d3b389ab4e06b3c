import { isTid, type Nsid, type Tid } from '@atcute/lexicons/syntax'
import type { RecordId } from '../atproto/uri.ts'
import type { Brought } from './operation.ts'
import type { LedgerEvent } from './state.ts'

/** Collection of the synthetic records that entries about whole imports name; no client can write them. */
const IMPORT: Nsid = 'app.bskyrpg.import'

/** Reason of the entry that ends an import. It earns nothing: each record has an entry of its own. */
export const IMPORTED = 'import.history'

/** What the entry at the end of an import names: the repository's revision, and what that import has brought. */
export function importOf(did: RecordId['did'], rev: Tid, { records, experience }: Brought): RecordId {
  return { did, collection: IMPORT, rkey: `${rev}:${records}:${experience}` }
}

/** What an import has brought, where `event` is the entry at its end. */
export function broughtBy({
  collection,
  rkey,
}: Pick<LedgerEvent, 'collection' | 'rkey'>): Brought | undefined {
  if (collection !== IMPORT) return undefined
  const [rev, records, experience] = rkey.split(':')
  return isTid(rev) ? { records: Number(records), experience: Number(experience) } : undefined
}

/** How far an import is. */
export type ImportProgress =
  | { state: 'reading' }
  | { state: 'counting'; records: number; of: number }
  | { state: 'imported'; records: number; experience: number }
  /** The person does not want to be seen, or is away: the same for all reasons. */
  | { state: 'refused' }
  /** `reason` is for the operator. It is tried again where `again` says so. */
  | { state: 'failed'; failure: ImportFailure; reason: string; again: boolean }
  | { state: 'cancelled' }

/** Why a repository was not imported. */
export type ImportFailure =
  /** There is no such repository, or it is not one that this server follows. */
  | 'not-found'
  /** It breaks the protocol, or its owner has not signed it. */
  | 'unreadable'
  | 'too-large'
  /** Its server cannot be reached, or does not answer as it should. */
  | 'unreachable'

/** True for entries that feeds leave out: those of an import's records, which the entry at its end announces as one. */
export function isQuiet({ collection, cause }: Pick<LedgerEvent, 'collection' | 'cause'>): boolean {
  return cause === 'import' && collection !== IMPORT
}
