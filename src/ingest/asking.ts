// What the loops that ask the network are given, and what they report.
import type { Nsid } from '@atcute/lexicons/syntax'
import type { Micros } from '../atproto/event.ts'
import type { AppView } from '../bluesky/appview.ts'
import type { Repositories } from '../bluesky/repositories.ts'
import type { Refusal } from '../bluesky/repository/repository-error.ts'
import type { Answer, NoAnswer } from '../game/operation.ts'
import type { AskedQuestion, QuestionId, QuestionKind } from '../game/state.ts'
import type { Seconds } from '../game/time.ts'

export type AnswersOptions = {
  /** Open questions that may be asked at `now`, oldest first, without those in `except`. */
  next: (
    kind: QuestionKind,
    limit: number,
    except: ReadonlySet<QuestionId>,
    now: Seconds,
  ) => Promise<AskedQuestion[]>
  /** Resolves once the answers are in the ledger, and their questions out of it or put off. */
  deliver: (answers: (Answer | NoAnswer)[]) => Promise<void>
  appview: AppView
  repositories: Repositories
  /** Collections whose records a repository is asked about. */
  followed: ReadonlySet<Nsid>
  clock: () => Micros
  signal: AbortSignal
  observer: {
    answered(kind: QuestionKind, n: number): void
    failed(kind: QuestionKind, n: number, reason: string): void
    repository(report: RepositoryReport): void
  }
  /** Milliseconds to wait after `failures` in a row. */
  backoff?: (failures: number) => number
}

/** How the loops go on together. */
export type Round = {
  /** Resolves when there may be new questions. */
  rest: () => Promise<void>
  /** The ledger does not take an answer: nothing more is asked. */
  fail: (error: unknown) => void
  signal: AbortSignal
}

/** What became of a question about a repository; a label of the metrics. */
export type RepositoryOutcome =
  | 'read'
  /** Its server gives it to nobody while the account is not active. */
  | 'inactive'
  /** Nobody says where it is. */
  | 'not-found'
  | Refusal

export type RepositoryReport = {
  /** Its server, where that is known. */
  host: string | undefined
  outcome: RepositoryOutcome
  /** Why it was not read, in words. */
  message: string | undefined
}
