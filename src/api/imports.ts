import type { Did } from '@atcute/lexicons/syntax'
import type { Micros } from '../atproto/event.ts'
import type { ImportStatus, Inbox, Reader } from '../store/store.ts'
import type { ImportNews } from './import-news.ts'
import { type ImportState, importStateOf, isUnderWay, type NotedImport } from './import-state.ts'
import { BusyError, ProblemError } from './problem.ts'
import { clientOf, RateLimit } from './rate-limit.ts'
import type { RecentStatus } from './status.ts'

/** Imports that a client may ask for in an hour. */
export const IMPORTS_AN_HOUR = 10
/** Imports that may wait at a time, of all clients together: some minutes of work. */
const MAX_OPEN = 200
/** Imports that this process remembers, and for how long after it has begun to. */
const MAX_NOTED = 5_000
const NOTED_MICROS: Micros = 3_600_000_000
/** Ingest writes a heartbeat every two seconds, and takes wishes as often. */
const INGESTING_MICROS: Micros = 15_000_000

/** Who asks: `isOperator` lifts all limits. */
export type ImportClient = { address: string; isOperator: boolean }

export type ImportsOptions = {
  reader: Pick<Reader, 'importStatus' | 'character'>
  inbox: Inbox
  status: Pick<RecentStatus, 'get'>
  news: ImportNews
  clock: () => Micros
  /** Microseconds of a clock that never goes back. */
  monotonic: () => Micros
  /** Called with each failure to leave a wish. */
  failed: (error: unknown) => void
}

type Noted = Pick<ImportStatus, 'records' | 'head'> & {
  since: Micros
  wasOpen: boolean
  /** When it was cancelled here, by the same clock as `since`. */
  cancelled: Micros | undefined
  /** It was cancelled, and ingest has closed it since. */
  isClosed: boolean
  /** It was under way when this process first looked: others have asked for it, and only the operator cancels it. */
  isShared: boolean
  /** Those who have asked for it here. */
  clients: Set<string>
}

/** Hands wishes for imports to ingest, which alone changes the ledger, and tells how far they are. */
export class Imports {
  readonly #options: ImportsOptions
  readonly #noted = new Map<Did, Noted>()
  readonly #limit: RateLimit

  constructor(options: ImportsOptions) {
    this.#options = options
    // A minute of this limit's clock is an hour.
    this.#limit = new RateLimit(IMPORTS_AN_HOUR, () => options.monotonic() / 60_000)
  }

  /** How far the import of `did` is; `undefined` where there is none, or nobody may learn of it. */
  async state(did: Did): Promise<ImportState | undefined> {
    const { reader, status: recent, news, monotonic } = this.#options
    const status = await reader.importStatus(did)
    const age = this.#notedOf(did) === undefined ? undefined : (await recent.get()).heartbeatAge
    const isIngesting = (age ?? Number.POSITIVE_INFINITY) < INGESTING_MICROS
    this.#forgetCancelled(did, status, isIngesting)
    const noted = this.#notedOf(did)
    if (status?.isOpen) {
      if (noted === undefined) this.#noteShared(did, status)
      else noted.wasOpen = true
    }
    const state = importStateOf({
      status,
      noted: noted && notedFor(noted, monotonic()),
      news: news.of(did),
      isIngesting,
    })
    // The records of somebody who is not introduced yet concern nobody.
    const isCounted = state?.state === 'done' || state?.state === 'running'
    if (!isCounted || (await reader.character(did)) !== undefined) return state
    return state.state === 'done' ? { ...state, records: 0 } : { ...state, records: 0, of: undefined }
  }

  /**
   * Asks for an import, unless one is under way.
   * @throws {ProblemError} 429 if the client has asked for as many as it may, 503 if too many wait, or it cannot be noted
   */
  async ask(did: Did, { address, isOperator }: ImportClient): Promise<ImportState> {
    const { reader, inbox, clock, failed, news } = this.#options
    const { client } = clientOf(address)
    const now = await this.state(did)
    if (now !== undefined && isUnderWay(now)) {
      const noted = this.#notedOf(did)
      if (noted?.isShared === false) noted.clients.add(client)
      return now
    }
    const before = await reader.importStatus(did)
    if (!isOperator) {
      if ((await this.#waiting()) >= MAX_OPEN) throw tooMany()
      const { allowed, resetSeconds } = this.#limit.take(address)
      if (!allowed) throw tooOften(resetSeconds * 60)
    }
    news.drop(did)
    this.#note(did, before).clients.add(client)
    await inbox.leave({ kind: 'import', did, at: clock() }).catch((error: unknown) => {
      this.#noted.delete(did)
      failed(error)
      throw notNoted()
    })
    return { state: 'queued', trouble: undefined }
  }

  /**
   * Takes back what a client has asked for. The import goes on while others wait for it.
   * @returns `undefined` where nothing is under way
   * @throws {ProblemError} 403 if another client asked for it first, or at another process, or more than an hour ago; 503 if it
   * cannot be noted
   */
  async cancel(did: Did, { address, isOperator }: ImportClient): Promise<ImportState | undefined> {
    const { inbox, clock, failed } = this.#options
    const now = await this.state(did)
    if (now === undefined || !isUnderWay(now)) return undefined
    const noted = this.#notedOf(did)
    const isOwn = noted?.clients.delete(clientOf(address).client) ?? false
    if (!isOwn && !isOperator) throw notYours()
    if (noted !== undefined && noted.clients.size > 0 && !isOperator) return now
    await inbox.leave({ kind: 'cancel-import', did, at: clock() }).catch((error: unknown) => {
      failed(error)
      throw notNoted()
    })
    if (noted !== undefined) noted.cancelled = this.#options.monotonic()
    return { state: 'cancelled' }
  }

  /** Open questions, and wishes that ingest has not taken yet as far as this process knows. */
  async #waiting(): Promise<number> {
    const { status, monotonic } = this.#options
    const { waiting, postponed } = (await status.get()).status
    const left = monotonic() - INGESTING_MICROS
    const asked = [...this.#noted.values()].filter(({ wasOpen, since }) => !wasOpen && since > left)
    return waiting.import + postponed.import + asked.length
  }

  #notedOf(did: Did): Noted | undefined {
    const noted = this.#noted.get(did)
    if (noted === undefined || this.#options.monotonic() - noted.since < NOTED_MICROS) return noted
    this.#noted.delete(did)
    return undefined
  }

  /** Forgets an import that was cancelled here once there is a later one of the same person, or it had ended before. */
  #forgetCancelled(did: Did, status: ImportStatus | undefined, isIngesting: boolean): void {
    const noted = this.#noted.get(did)
    if (noted?.cancelled === undefined) return
    if (!status?.isOpen) {
      noted.isClosed = true
      if (status?.head !== noted.head) this.#noted.delete(did)
      return
    }
    // Nobody may have looked between the two.
    const hadTime = isIngesting && this.#options.monotonic() - noted.cancelled >= INGESTING_MICROS
    if (!noted.isClosed && !hadTime) return
    this.#options.news.drop(did)
    this.#noted.delete(did)
  }

  #noteShared(did: Did, status: ImportStatus): void {
    Object.assign(this.#note(did, status), { isShared: true, wasOpen: true })
  }

  #note(did: Did, status: ImportStatus | undefined): Noted {
    const noted: Noted = {
      since: this.#options.monotonic(),
      wasOpen: false,
      cancelled: undefined,
      isClosed: false,
      isShared: false,
      records: status?.records ?? 0,
      head: status?.head,
      clients: new Set(),
    }
    this.#noted.delete(did)
    this.#noted.set(did, noted)
    const [oldest] = this.#noted.keys()
    if (this.#noted.size > MAX_NOTED && oldest !== undefined) this.#noted.delete(oldest)
    return noted
  }
}

function notedFor({ since, cancelled, ...noted }: Noted, now: Micros): NotedImport {
  return { ...noted, isCancelled: cancelled !== undefined, ageMs: (now - since) / 1_000 }
}

function tooOften(waitSeconds: number): ProblemError {
  const minutes = Math.ceil(waitSeconds / 60)
  const detail = `A client may ask for ${IMPORTS_AN_HOUR} imports an hour. The next is possible in ${minutes} minutes.`
  return new ProblemError(429, 'TooManyImports', detail, waitSeconds)
}

function tooMany(): BusyError {
  return new BusyError('TooManyImports', `${MAX_OPEN} imports wait already. Ask again in a minute.`, 60)
}

function notNoted(): ProblemError {
  return new ProblemError(
    503,
    'LedgerUnavailable',
    'This could not be noted, so nothing has changed. Try again in a few seconds.',
  )
}

function notYours(): ProblemError {
  return new ProblemError(
    403,
    'Forbidden',
    'Only the client that began this import can cancel it, at the same server and within an hour; or send ADMIN_TOKEN as a bearer token.',
  )
}
