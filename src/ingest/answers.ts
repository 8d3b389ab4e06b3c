import { setTimeout as sleep } from 'node:timers/promises'
import type { Micros } from '../atproto/event.ts'
import { uriOf } from '../atproto/uri.ts'
import { AT_ONCE } from '../bluesky/appview.ts'
import { RequestError } from '../bluesky/request.ts'
import type { Media } from '../game/media.ts'
import type { Answer, NoAnswer } from '../game/operation.ts'
import type { AskedQuestion, QuestionId } from '../game/state.ts'
import { type Seconds, secondsOf } from '../game/time.ts'
import type { AnswersOptions, Round } from './asking.ts'
import { LruCache } from './lru-cache.ts'
import { answerRepositories } from './repository-answers.ts'

export type Answers = {
  /** There may be new questions. */
  wake(): void
  /** A question may be asked again from then on. */
  wakeAt(due: Seconds): void
  /**
   * Has the network asked until the signal aborts. A question stays in the ledger until its answer is, so nothing is lost
   * by a failure or a restart. Rejects only when the ledger does.
   */
  run(): Promise<void>
}

/** Without a wake-up, how often to look for questions all the same, in milliseconds. */
const LOOK_EVERY_MS = 30_000

/** Answers that may wait to be taken into the ledger before the next are asked for. */
const MAX_IN_FLIGHT = 500

/** How many questions to take at once: many reposts are of the same few posts, and those share a place in a call. */
const TAKEN = { subject: 200, profile: AT_ONCE } as const

/** Turns the ledger's open questions into answers. */
export function answers(options: AnswersOptions): Answers {
  const { signal, clock } = options
  let awake = Promise.withResolvers<void>()
  /** When questions may be asked again, as far as that is before anybody looks anyway. */
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
      // A request under way, which may take a quarter of an hour, ends with the rest.
      const asking = { ...options, signal: ended }
      const loops = [subjects(asking), profiles(asking)]
      const rest = async (): Promise<void> => {
        const waiting = awake.promise
        const late = new AbortController()
        const now = clock()
        // Each loop has looked since those came.
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
  /** Answered or put off, and on their way into the ledger while the next are asked. */
  const underWay = new Set<QuestionId>()
  let delivered: Promise<void> = Promise.resolve()
  /** Taken and not answered yet: there was no room for all of them in one go. */
  let left: readonly AskedQuestion[] = []
  /** How many to take at once: fewer after a refusal, until the one that is refused stands alone. */
  let most: number = TAKEN[kind]
  let failures = 0
  const take = (given: (Answer | NoAnswer)[], about: ReadonlySet<QuestionId>): void => {
    for (const id of about) underWay.add(id)
    delivered = deliver(given).then(
      () => {
        for (const id of about) underWay.delete(id)
        observer.answered(kind, given.filter((one) => typeof one.question === 'string').length)
      },
      (error: unknown) => {
        // The end comes between; the question stays open.
        if (!signal.aborted) fail(error)
      },
    )
  }
  while (!signal.aborted) {
    if (underWay.size >= MAX_IN_FLIGHT) await delivered
    const questions = left.length > 0 ? left : await next(kind, most, underWay, secondsOf(clock()))
    left = []
    if (questions.length === 0) {
      await rest()
      continue
    }
    try {
      const given = await answer(questions)
      failures = 0
      most = Math.min(most * 2, TAKEN[kind])
      const answered = new Set(given.map(({ question }) => question))
      left = questions.filter(({ id }) => !answered.has(id))
      take(given, answered)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof RequestError)) throw error
      observer.failed(kind, questions.length, error.message)
      // One that cannot be answered must not hold up the next, nor those that it is asked together with.
      if (isRefusal(error)) {
        most = Math.ceil(questions.length / 2)
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

/** True where the question is at fault, as far as whoever was asked can tell; not where we may ask nothing at all. */
function isRefusal({ status = 0 }: RequestError): boolean {
  return status >= 400 && status < 500 && ![401, 403, 407, 429].includes(status)
}

function msUntil(due: Seconds, now: Micros): number {
  return Math.max(0, due * 1000 - now / 1000)
}

/** One to 64 seconds, half of it by chance, so that many servers do not ask again at the same moment. */
function doubling(failures: number): number {
  return 1000 * Math.min(64, 2 ** (failures - 1)) * (0.5 + Math.random() / 2)
}

function subjects({ appview, clock, signal }: AnswersOptions): Loop {
  /** What posts showed when they were asked about: popular ones are reposted again and again. */
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
