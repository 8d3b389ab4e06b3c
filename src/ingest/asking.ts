// Options and reports of the loops that ask the network.
import type { Did, Nsid } from '@atcute/lexicons/syntax'
import type { Micros } from '../atproto/event.ts'
import type { AppView } from '../bluesky/appview.ts'
import type { Repositories } from '../bluesky/repositories.ts'
import type { Refusal } from '../bluesky/repository/repository-error.ts'
import type { Answer, NoAnswer } from '../game/operation.ts'
import type { AskedQuestion, QuestionId, QuestionKind } from '../game/question.ts'
import type { Seconds } from '../game/time.ts'
import type { AbsentFrom } from './absent.ts'

export type AnswersOptions = {
  /** See `Writer.questions`. */
  next: (
    kind: QuestionKind,
    limit: number,
    except: ReadonlySet<QuestionId>,
    now: Seconds,
  ) => Promise<AskedQuestion[]>
  /** Resolves once the answers are folded and their questions removed or postponed. */
  deliver: (answers: (Answer | NoAnswer)[]) => Promise<void>
  /**
   * For what a repository says: the steps hold as a whole, under one lease of the person's shard; see `LeasedLedger`.
   * @throws {LeaseEndedError} from each step, too
   */
  underLease: (did: Did) => Promise<RepositorySteps>
  /** Answers the questions about imports. */
  imports: { run(round: Round): Promise<void> }
  appview: AppView
  repositories: Pick<Repositories, 'find' | 'snapshot'>
  /** Collections to list in a repository. */
  followed: ReadonlySet<Nsid>
  clock: () => Micros
  signal: AbortSignal
  observer: {
    /** The answers to `n` questions, at least one, are in the ledger. */
    answered(kind: QuestionKind, n: number): void
    failed(kind: QuestionKind, n: number, reason: string): void
    repository(report: RepositoryReport): void
  }
  /** Milliseconds to wait after `failures` in a row. */
  backoff?: (failures: number) => number
}

/** What is done with a repository that was read. */
export type RepositorySteps = {
  /** Removes the records that it lacks; see `removeAbsent`. */
  removeAbsent: (from: AbsentFrom) => Promise<void>
  /** Resolves once the question is removed. */
  deliver: (answer: Answer) => Promise<void>
}

/** How the loops wait and end together. */
export type Round = {
  /** Resolves when there may be new questions. */
  rest: () => Promise<void>
  /** Ends all loops with this error of the ledger. */
  fail: (error: unknown) => void
  signal: AbortSignal
}

/** The result of a question about a repository; a label of the metrics. */
export type RepositoryOutcome =
  | 'read'
  /** Its server refuses it to everybody while the account is not active. */
  | 'inactive'
  /** The DID document could not be found, or names no server. */
  | 'not-found'
  | Refusal

export type RepositoryReport = {
  /** Its server; `undefined` where it was not found. */
  host: string | undefined
  outcome: RepositoryOutcome
  /** Why it was not read; `undefined` where that is no failure. */
  message: string | undefined
}
