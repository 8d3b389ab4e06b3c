import type { Micros } from '../atproto/event.ts'
import type { QuestionKind, Seconds } from './state.ts'

type Policy = {
  /** The pause after the first try without an answer; each one after it is twice as long. */
  firstPause: Seconds
  maxPause: Seconds
  /** Tries after which the question is given up. */
  maxTries: number
}

const HOUR: Seconds = 3_600
const DAY: Seconds = 86_400

const POLICIES: Readonly<Record<QuestionKind, Policy>> = {
  // A post is indexed within seconds, or it is gone: nine minutes, then the repost counts as one of text.
  subject: { firstPause: 1, maxPause: 256, maxTries: 10 },
  // An AppView may be a moment behind or may never know a person: seconds first, from the second day on once a day.
  profile: { firstPause: 1, maxPause: DAY, maxTries: 30 },
  // A repository's server may be away for a day; each try may move hundreds of megabytes.
  repository: { firstPause: 30, maxPause: 6 * HOUR, maxTries: 14 },
}

/**
 * When to ask again, in seconds since the Unix epoch, after `tries` tries (from 1 on) the last of which ended at `at`
 * without an answer; `undefined` where the question is given up.
 */
export function retryAt(kind: QuestionKind, tries: number, at: Micros): Seconds | undefined {
  const { firstPause, maxPause, maxTries } = POLICIES[kind]
  if (tries >= maxTries) return undefined
  return Math.ceil(at / 1_000_000) + Math.min(maxPause, firstPause * 2 ** (tries - 1))
}
