import { setTimeout as sleep } from 'node:timers/promises'
import type { Micros } from '../atproto/event.ts'
import { uriOf } from '../atproto/uri.ts'
import { AT_ONCE } from '../bluesky/appview.ts'
import { RequestError } from '../bluesky/request.ts'
import type { Media } from '../game/media.ts'
import type { Answer, NoAnswer } from '../game/operation.ts'
import type { AskedQuestion, QuestionId } from '../game/question.ts'
import { type Seconds, secondsOf } from '../game/time.ts'
import type { AnswersOptions, Round } from './asking.ts'
import { LruCache } from './lru-cache.ts'
import { answerRepositories } from './repository-answers.ts'

export type Answers = {
  /** Looks for questions now, since there may be new ones. */
  wake(): void
  /** Looks for questions at `due`, when a postponed one may be asked again. */
  wakeAt(due: Seconds): void
  /**
   * Asks the network until the signal aborts. A question stays in the ledger until its answer is folded, so a failure or a
   * restart loses nothing. Rejects only when the ledger does.
   */
  run(): Promise<void>
}

/** How often to look for questions without a wake-up. */
const LOOK_EVERY_MS = 30_000

/** Maximum answers on their way into the ledger while more questions are asked. */
const MAX_IN_FLIGHT = 500

/** How many questions to take at once. More subjects than fit into one call, since many reposts share a post. */
const TAKEN = { subject: 200, profile: AT_ONCE } as const

/** Turns the ledger's open questions into answers. */
export function answers(options: AnswersOptions): Answers {
  const { signal, clock } = options
  let awake = Promise.withResolvers<void>()
  /** When postponed questions fall due, of those that do before the next regular look. */
  const dues = new Set<Seconds>()
  return {
    wake: () => {
      awake.resolve()
    },
    wakeAt: (due) => {
      if (msUntil(due, clock()) >= LOOK_EVERY_MS) return
      dues.add(due)
      awake.resolve()
    },
    run: async () => {
      const failed = new AbortController()
      const faults: unknown[] = []
      const fail = (error: unknown): void => {
        faults.push(error)
        failed.abort()
      }
      const ended = AbortSignal.any([signal, failed.signal])
      // Aborts requests under way, too: one may take a quarter of an hour.
      const asking = { ...options, signal: ended }
      const loops = [subjects(asking), profiles(asking)]
      const rest = async (): Promise<void> => {
        const waiting = awake.promise
        const late = new AbortController()
        const now = clock()
        // Those that are past have been found: each loop looks before it rests.
        for (const due of dues) if (msUntil(due, now) === 0) dues.delete(due)
        const pause = Math.min(LOOK_EVERY_MS, ...[...dues].map((due) => msUntil(due, now)))
        const timer = sleep(pause, undefined, { signal: AbortSignal.any([ended, late.signal]) }).catch(
          () => {},
        )
        await Promise.race([waiting, timer])
        late.abort()
        awake = awake.promise === waiting ? Promise.withResolvers<void>() : awake
      }
      const round = { rest, fail, signal: ended }
      await Promise.all([
        ...loops.map((loop) => ask(options, loop, round).catch(fail)),
        answerRepositories(options, round).catch(fail),
        options.imports.run(round).catch(fail),
      ])
      if (faults.length > 0) throw faults[0]
    },
  }
}

type Loop = {
  kind: keyof typeof TAKEN
  /** Answers as many of `questions` as it can in one go. */
  answer(questions: readonly AskedQuestion[]): Promise<Answer[]>
}

async function ask(
  { next, deliver, observer, clock, backoff = doubling }: AnswersOptions,
  { kind, answer }: Loop,
  { rest, fail, signal }: Round,
): Promise<void> {
  /** Questions whose answers are on their way into the ledger; `next` must not return them again. */
  const underWay = new Set<QuestionId>()
  let delivered: Promise<void> = Promise.resolve()
  /** Questions taken but not answered yet, since one call had no room for all of them. */
  let left: readonly AskedQuestion[] = []
  /** How many to take at once: halved after each refusal, until the question that is refused is asked alone. */
  let limit: number = TAKEN[kind]
  let failures = 0
  const take = (given: (Answer | NoAnswer)[], about: ReadonlySet<QuestionId>): void => {
    for (const id of about) underWay.add(id)
    delivered = deliver(given).then(
      () => {
        for (const id of about) underWay.delete(id)
        const answered = given.filter((one) => one.kind !== 'no-answer').length
        // A server that refuses everything has not answered.
        if (answered > 0) observer.answered(kind, answered)
      },
      (error: unknown) => {
        // A fold that the end of the process interrupted is no failure; its questions stay open.
        if (!signal.aborted) fail(error)
      },
    )
  }
  while (!signal.aborted) {
    if (underWay.size >= MAX_IN_FLIGHT) await delivered
    const questions = left.length > 0 ? left : await next(kind, limit, underWay, secondsOf(clock()))
    left = []
    if (questions.length === 0) {
      await rest()
      continue
    }
    try {
      const given = await answer(questions)
      failures = 0
      limit = Math.min(limit * 2, TAKEN[kind])
      const answered = new Set(given.map(({ question }) => question))
      left = questions.filter(({ id }) => !answered.has(id))
      take(given, answered)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof RequestError)) throw error
      observer.failed(kind, questions.length, error.message)
      // A question that is always refused must not hold up later ones, nor those in the same call. So halve until it is
      // alone, and postpone it.
      if (isRefusal(error)) {
        limit = Math.ceil(questions.length / 2)
        if (questions.length > 1) continue
        const at = clock()
        take(
          questions.map((question) => ({ kind: 'no-answer', question, did: question.did, at })),
          new Set(questions.map(({ id }) => id)),
        )
      }
      failures += 1
      await sleep(error.waitMs ?? backoff(failures), undefined, { signal }).catch(() => {})
    }
  }
}

/** True where the server blames the question (4xx), except where it refuses all our requests (authorization, rate limit). */
function isRefusal({ status = 0 }: RequestError): boolean {
  return status >= 400 && status < 500 && ![401, 403, 407, 429].includes(status)
}

function msUntil(due: Seconds, now: Micros): number {
  return Math.max(0, due * 1000 - now / 1000)
}

/** Milliseconds: doubles from 1 s to 64 s, up to half of it random, so many servers do not ask again at the same moment. */
function doubling(failures: number): number {
  return 1000 * Math.min(64, 2 ** (failures - 1)) * (0.5 + Math.random() / 2)
}

function subjects({ appview, clock, signal }: AnswersOptions): Loop {
  /** Media of posts by URI, since popular posts are reposted again and again. */
  const shown = new LruCache<string, Media>(50_000)
  return {
    kind: 'subject',
    answer: async (questions) => {
      const asked = questions.filter((question) => question.kind === 'subject')
      const unknown = new Set<string>()
      for (const { subject } of asked) {
        const uri = uriOf(subject)
        if (shown.get(uri) === undefined && unknown.size < AT_ONCE) unknown.add(uri)
      }
      const found = unknown.size === 0 ? new Map<string, Media>() : await appview.posts([...unknown], signal)
      for (const [uri, media] of found) shown.set(uri, media)
      const at = clock()
      return asked.flatMap(({ id, tries, did, collection, rkey, rev, subject }): Answer[] => {
        const uri = uriOf(subject)
        const media = shown.get(uri)
        if (media === undefined && !unknown.has(uri)) return []
        const of = { did, collection, rkey, rev, subject }
        return [{ kind: 'subject-answer', question: id, tries, ...of, at, media }]
      })
    },
  }
}

function profiles({ appview, clock, signal }: AnswersOptions): Loop {
  return {
    kind: 'profile',
    answer: async (questions) => {
      const dids = [...new Set(questions.map(({ did }) => did))]
      const views = new Map((await appview.profiles(dids, signal)).map((view) => [view.did, view]))
      const at = clock()
      return questions.map(({ id, tries, did }) => {
        const { profile, optedOut = false, postsCount = 0 } = views.get(did) ?? {}
        return { kind: 'profile-answer', question: id, tries, did, at, profile, optedOut, postsCount }
      })
    },
  }
}
