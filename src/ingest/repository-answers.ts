import type { Did } from '../atproto/event.ts'
import type { RecordId } from '../atproto/uri.ts'
import { AddressError } from '../bluesky/public-address.ts'
import { RepositoryError } from '../bluesky/repository/repository-error.ts'
import { RequestError } from '../bluesky/request.ts'
import type { NoAnswer } from '../game/operation.ts'
import type { AskedQuestion, QuestionId } from '../game/question.ts'
import { pathOf } from '../game/state.ts'
import { secondsOf } from '../game/time.ts'
import type { AnswersOptions, RepositoryOutcome, RepositorySteps, Round } from './asking.ts'
import { KeyedLimit } from './keyed-limit.ts'
import { LeaseEndedError } from './leased-ledger.ts'

/** Repositories read at once, each from another host, so a dead host does not hold up the others. */
const MAX_READS = 4

/** DID documents requested at once from the directory. */
const MAX_FINDS = 8

/** DID documents (did:web) requested at once from people's own hosts. Dead ones must not hold up the directory. */
const MAX_FINDS_BY_WEB = 8

/** Questions taken at a time: so many that those of one slow host leave room for others. */
const MAX_TAKEN = 1_000

type RepositoryQuestion = AskedQuestion & { kind: 'repository' }

/** Answers the ledger's open questions about repositories, several at once, until the signal aborts. */
export async function answerRepositories(options: AnswersOptions, round: Round): Promise<void> {
  const { next, clock } = options
  const { rest, signal } = round
  const asking = new RepositoryAsking(options, round)
  while (!signal.aborted) {
    if (asking.taken.size >= MAX_TAKEN) {
      await asking.changed()
      continue
    }
    const limit = MAX_TAKEN - asking.taken.size
    const now = secondsOf(clock())
    const questions = await next('repository', limit, asking.taken, now)
    if (questions.length === 0) await rest()
    for (const question of questions) if (question.kind === 'repository') asking.take(question)
  }
  await asking.ended()
}

class RepositoryAsking {
  readonly #options: AnswersOptions
  readonly #round: Round
  readonly #finds = new KeyedLimit(MAX_FINDS)
  readonly #findsByWeb = new KeyedLimit(MAX_FINDS_BY_WEB)
  readonly #reads = new KeyedLimit(MAX_READS)
  /** The newest question taken about each person. */
  readonly #newest = new Map<Did, QuestionId>()
  /** Hosts with taken questions: how many wait, and how often the host has failed as a whole since the first. */
  readonly #hosts = new Map<string, { waiting: number; failures: number }>()
  readonly #work = new Set<Promise<void>>()
  #change = Promise.withResolvers<void>()
  /** Questions that wait, are being asked, or whose answers are on their way into the ledger. */
  readonly taken = new Set<QuestionId>()

  constructor(options: AnswersOptions, round: Round) {
    this.#options = options
    this.#round = round
  }

  take(question: RepositoryQuestion): void {
    const { signal, fail } = this.#round
    const { id, did } = question
    this.taken.add(id)
    this.#newest.set(did, id)
    const work = this.#settle(question)
      // What the end of the process interrupted is no failure; the question stays open.
      .catch((error: unknown) => {
        if (!signal.aborted) fail(error)
      })
      .finally(() => {
        this.taken.delete(id)
        if (this.#newest.get(did) === id) this.#newest.delete(did)
        this.#work.delete(work)
        this.#change.resolve()
        this.#change = Promise.withResolvers()
      })
    this.#work.add(work)
  }

  /** Resolves when the next taken question is settled. */
  changed(): Promise<void> {
    return this.#change.promise
  }

  async ended(): Promise<void> {
    await Promise.all(this.#work)
  }

  async #settle(question: RepositoryQuestion): Promise<void> {
    const { underLease, deliver } = this.#options
    const { did } = question
    try {
      // Before the repository is read, which may take minutes.
      const answer = await this.#answer(question, await underLease(did))
      if (answer !== undefined) await deliver([answer])
    } catch (error) {
      // The question stays open for the shard's present owner, which may be this worker.
      if (!(error instanceof LeaseEndedError)) throw error
    }
  }

  /** Settles a question whose repository can be read, unless a newer one replaced it while it waited; else says why not. */
  async #answer(
    question: RepositoryQuestion,
    { removeAbsent, deliver }: RepositorySteps,
  ): Promise<NoAnswer | undefined> {
    const { did, id } = question
    const { repositories, followed: collections, clock, observer } = this.#options
    const { signal } = this.#round
    let host: string | undefined
    try {
      const finds = did.startsWith('did:web:') ? this.#findsByWeb : this.#finds
      const { pds, key } = await finds.use(id, async () => {
        signal.throwIfAborted()
        return await repositories.find(did, signal)
      })
      host = pds.host
      const found = await this.#readFrom(pds.host, async () => {
        if (this.#newest.get(did) !== id) return 'outdated'
        return await repositories.snapshot(did, { pds, key, collections, records: undefined, signal })
      })
      if (found === 'outdated') return undefined
      const outcome = found === undefined ? 'inactive' : 'read'
      observer.repository({ host, outcome, message: undefined })
      if (found === undefined) return { kind: 'inactive', question, did, at: clock() }
      const { rev, paths } = found
      const isAbsent = (record: RecordId): boolean =>
        collections.has(record.collection) && !paths.has(pathOf(record))
      await removeAbsent({ did, rev, at: clock(), isAbsent, signal })
      await deliver({ kind: 'repository-answer', question: id, did, at: clock() })
      observer.answered('repository', 1)
      return undefined
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof RequestError)) throw error
      observer.failed('repository', 1, error.message)
      observer.repository({ host, outcome: outcomeOf(error), message: error.message })
      return { kind: 'no-answer', question, did, at: clock() }
    }
  }

  /**
   * Reads from each host one repository at a time. When a host fails as a whole, the reads that waited for it fail, too:
   * each would take its time-out to find out the same.
   */
  async #readFrom<Result>(host: string, read: () => Promise<Result>): Promise<Result> {
    const line = this.#hosts.getOrInsertComputed(host, () => ({ waiting: 0, failures: 0 }))
    const { failures } = line
    line.waiting += 1
    try {
      return await this.#reads.use(host, async () => {
        this.#round.signal.throwIfAborted()
        if (line.failures > failures) {
          throw new RepositoryError('unreachable', `${host} failed while this request waited for it`)
        }
        // Counted before `KeyedLimit` admits the next read of this host, which checks it.
        return await read().catch((error: unknown) => {
          if (error instanceof RepositoryError && isOfHost(error)) line.failures += 1
          throw error
        })
      })
    } finally {
      line.waiting -= 1
      if (line.waiting === 0) this.#hosts.delete(host)
    }
  }
}

function outcomeOf(error: RequestError): RepositoryOutcome {
  if (error instanceof RepositoryError) return error.refusal
  return error instanceof AddressError ? 'address' : 'not-found'
}

/** True where the host would fail any repository, not just this one. */
export function isOfHost({ refusal, status = 0 }: RepositoryError): boolean {
  switch (refusal) {
    case 'address':
    case 'unreachable':
    case 'too-slow':
      return true
    case 'status':
      return status >= 500 || status === 429
    case 'too-large':
    case 'malformed':
    case 'forged':
    case 'incomplete':
    case 'crashed':
      return false
  }
}
