import type { Tid } from '@atcute/lexicons/syntax'
import type { ImportFailure, ImportProgress } from '../game/imports.ts'
import type { ImportStatus } from '../store/store.ts'

/** How far an import is, as clients are told. */
export type ImportState =
  /** `trouble` is why it has to wait: a try before this one failed. */
  | { state: 'queued'; trouble: ImportTrouble | undefined }
  /** `of` is how many there are to count; `undefined` where that is not known. */
  | { state: 'running'; records: number; of: number | undefined }
  | { state: 'done'; records: number }
  | { state: 'refused'; trouble: ImportTrouble }
  | { state: 'cancelled' }

/**
 * `not-possible` is everything that depends on who the person is: there is nobody of that name, they do not want to be shown, or
 * their account is not active.
 */
type ImportTrouble = 'not-possible' | Exclude<ImportFailure, 'not-found'>

/** What this process knows of an import that a client has asked for, or that was open when a client looked. */
export type NotedImport = {
  ageMs: number
  /** It has been open since. */
  wasOpen: boolean
  isCancelled: boolean
  /** Live records, and the revision of the repository that had been imported, at the beginning. */
  records: number
  head: Tid | undefined
}

/**
 * How long `not-possible` is kept back, in milliseconds. A wish about somebody who does not want to be shown is refused as
 * soon as ingest takes it, and one about somebody unknown once the network has answered: which it was must not show.
 */
const NOT_POSSIBLE_AFTER_MS = 15_000

export type KnownOfImport = {
  /** `undefined` where nobody may learn of the person, or there is nothing. */
  status: ImportStatus | undefined
  noted: NotedImport | undefined
  /** What ingest in this process said last. */
  news: ImportProgress | undefined
  /** Whether there is an ingest that takes wishes. */
  isIngesting: boolean
}

/** The state of an import that a client may see; `undefined` where there is none. */
export function importStateOf(known: KnownOfImport): ImportState | undefined {
  const { status, noted, news, isIngesting } = known
  if (noted?.isCancelled) return { state: 'cancelled' }
  if (status?.isOpen) return openState(status, known)
  if (noted === undefined) return doneState(status)
  if (status !== undefined && news?.state === 'imported') return doneState(status)
  if (news?.state === 'failed' && !news.again) {
    return news.failure === 'not-found' ? notPossible(noted) : { state: 'refused', trouble: news.failure }
  }
  if (noted.wasOpen && news?.state === 'cancelled') return { state: 'cancelled' }
  if (news?.state === 'refused') return notPossible(noted)
  if (status?.head !== noted.head) return doneState(status) ?? notPossible(noted)
  if (!noted.wasOpen && (noted.ageMs < NOT_POSSIBLE_AFTER_MS || !isIngesting)) return QUEUED
  return doneState(status) ?? notPossible(noted)
}

/** Whether something is still going to happen. */
export function isUnderWay({ state }: ImportState): boolean {
  return state === 'queued' || state === 'running'
}

const QUEUED: ImportState = { state: 'queued', trouble: undefined }

function openState({ tries, records }: ImportStatus, { noted, news }: KnownOfImport): ImportState {
  if (news?.state === 'reading') return { state: 'running', records: 0, of: undefined }
  if (news?.state === 'counting') return { state: 'running', records: news.records, of: news.of }
  if (tries > 0) return { state: 'queued', trouble: 'unreachable' }
  // Another process imports: it has begun once there are more records than there were.
  if (noted !== undefined && records > noted.records) return { state: 'running', records, of: undefined }
  return QUEUED
}

function doneState(status: ImportStatus | undefined): ImportState | undefined {
  return status?.head === undefined ? undefined : { state: 'done', records: status.records }
}

function notPossible({ ageMs }: NotedImport): ImportState {
  return ageMs < NOT_POSSIBLE_AFTER_MS ? QUEUED : { state: 'refused', trouble: 'not-possible' }
}
