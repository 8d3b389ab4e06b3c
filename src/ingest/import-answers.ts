import type { Did } from '../atproto/event.ts'
import type { Identity } from '../bluesky/identity.ts'
import { type Refusal, RepositoryError } from '../bluesky/repository/repository-error.ts'
import type { Snapshot } from '../bluesky/repository/snapshot.ts'
import { RequestError } from '../bluesky/request.ts'
import type { ImportFailure, ImportProgress } from '../game/imports.ts'
import type { AskedQuestion, QuestionId } from '../game/question.ts'
import { retryAt } from '../game/retries.ts'
import { dayOf, secondsOf } from '../game/time.ts'
import type { AnswersOptions, Round } from './asking.ts'
import { type Imported, importSnapshot } from './import-snapshot.ts'
import { KeyedLimit } from './keyed-limit.ts'
import { LeasedLedger, LeaseEndedError } from './leased-ledger.ts'
import type { Ledger } from './ledger.ts'

/** Imports under way at once, each from another host: each has a thread of its own while it reads. */
const MAX_IMPORTS = 2
/** Imports taken from the ledger at a time: so many that those of one slow host leave room for others. */
const MAX_TAKEN = 100

export type ImportAnswersOptions = Pick<AnswersOptions, 'next' | 'repositories' | 'followed' | 'clock'> & {
  ledger: Pick<Ledger, 'use' | 'foldNow'>
  /** Who is followed; `undefined` for everybody. Of others nothing is imported: we would not learn what they delete. */
  dids: ReadonlySet<Did> | undefined
  report: (did: Did, progress: ImportProgress) => void
}

type ImportQuestion = AskedQuestion & { kind: 'import' }

/** Fetches and folds the repositories that somebody has asked for, a few at once. */
export class ImportAnswers {
  readonly #options: ImportAnswersOptions
  readonly #imports = new KeyedLimit(MAX_IMPORTS)
  readonly #taken = new Map<QuestionId, { did: Did; cancel: AbortController }>()
  readonly #work = new Set<Promise<void>>()

  constructor(options: ImportAnswersOptions) {
    this.#options = options
  }

  /** Ends the import of a person, if one is under way, after somebody has taken the wish back. */
  cancel(did: Did): void {
    for (const taken of this.#taken.values()) if (taken.did === did) taken.cancel.abort()
    this.#options.report(did, { state: 'cancelled' })
  }

  /** Answers the ledger's questions until the signal aborts. */
  async run({ rest, fail, signal }: Round): Promise<void> {
    const { next, clock } = this.#options
    while (!signal.aborted) {
      const room = MAX_TAKEN - this.#taken.size
      const except = new Set(this.#taken.keys())
      const questions = room > 0 ? await next('import', room, except, secondsOf(clock())) : []
      if (questions.length === 0) await rest()
      for (const question of questions) {
        if (question.kind !== 'import') continue
        const work = this.#take(question, signal)
          .catch((error: unknown) => {
            // What the end of the process interrupted stays open.
            if (!signal.aborted) fail(error)
          })
          .finally(() => this.#work.delete(work))
        this.#work.add(work)
      }
    }
    await Promise.all(this.#work)
  }

  async #take(question: ImportQuestion, ended: AbortSignal): Promise<void> {
    const { id, did } = question
    const cancel = new AbortController()
    const signal = AbortSignal.any([ended, cancel.signal])
    this.#taken.set(id, { did, cancel })
    try {
      await this.#settle(question, signal)
    } catch (error) {
      // The question stays open for the shard's present owner, which may be this worker.
      if (error instanceof LeaseEndedError) return
      if (!cancel.signal.aborted || ended.aborted) throw error
    } finally {
      this.#taken.delete(id)
    }
  }

  async #settle(question: ImportQuestion, signal: AbortSignal): Promise<void> {
    const { did } = question
    const { repositories, report, dids, clock, ledger } = this.#options
    try {
      if (dids !== undefined && !dids.has(did))
        throw new RequestError('this server does not follow them', { status: 404 })
      const found = await repositories.find(did, signal)
      await this.#imports.use(found.pds.host, async () => {
        signal.throwIfAborted()
        // Before it is read: what is folded of it holds as a whole.
        const leased = await LeasedLedger.begin(ledger, did)
        report(did, { state: 'reading' })
        const snapshot = await this.#read(did, found, signal)
        if (snapshot === undefined) {
          await this.#close(question, leased)
          report(did, { state: 'refused' })
        } else await this.#import(question, { leased, snapshot, signal })
      })
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof RequestError)) throw error
      const leased = await LeasedLedger.begin(ledger, did)
      const at = clock()
      const again = !isFinal(error) && retryAt('import', question.tries + 1, at) !== undefined
      if (isFinal(error)) await this.#close(question, leased)
      else await leased.fold([{ kind: 'no-answer', question, did, at }], undefined)
      report(did, { state: 'failed', failure: failureOf(error), reason: error.message, again })
    }
  }

  #read(did: Did, { pds, key }: Identity, signal: AbortSignal): Promise<Snapshot | undefined> {
    const { repositories, followed: collections, clock } = this.#options
    const records = { today: dayOf(secondsOf(clock())) }
    return repositories.snapshot(did, { pds, key, collections, records, signal })
  }

  async #import(
    { id, did }: ImportQuestion,
    { leased: ledger, snapshot, signal }: { leased: LeasedLedger; snapshot: Snapshot; signal: AbortSignal },
  ): Promise<void> {
    const { followed, clock, report } = this.#options
    const of = snapshot.records?.size ?? 0
    report(did, { state: 'counting', records: 0, of })
    const imported = await importSnapshot({
      ...{ ledger, did, snapshot, since: undefined, question: id, followed, clock, signal },
      progress: (records) => report(did, { state: 'counting', records, of }),
    })
    report(did, progressOf(imported))
  }

  async #close({ id, did }: ImportQuestion, leased: LeasedLedger): Promise<void> {
    const at = this.#options.clock()
    await leased.fold([{ kind: 'import-end', question: id, did, at, brought: undefined }], undefined)
  }
}

function progressOf({ outcome, brought }: Imported): ImportProgress {
  if (outcome === 'refused') return { state: 'refused' }
  return { state: 'imported', ...brought }
}

/** True where the same answer is to be expected: the person has no such repository, or it cannot be read. */
export function isFinal(error: RequestError): boolean {
  return failureOf(error) !== 'unreachable' || refusalOf(error) === 'address'
}

function failureOf(error: RequestError): ImportFailure {
  switch (refusalOf(error)) {
    case 'too-large':
      return 'too-large'
    case 'malformed':
    case 'forged':
      return 'unreadable'
    case 'address':
      return 'unreachable'
    default:
      return error.status === 400 || error.status === 404 || error.status === 410
        ? 'not-found'
        : 'unreachable'
  }
}

function refusalOf(error: RequestError): Refusal | undefined {
  return error instanceof RepositoryError ? error.refusal : undefined
}
