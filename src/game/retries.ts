import type { Micros } from '../atproto/event.ts'
import type { Ask, PersonQuestion, QuestionKind } from './question.ts'
import { DAY_SECONDS, HOUR_SECONDS, type Seconds } from './time.ts'

type Policy = {
  /** The pause after the first try without an answer; each one after it is twice as long. */
  firstPause: Seconds
  maxPause: Seconds
  /** Tries after which the question is given up. */
  maxTries: number
}

const POLICIES: Readonly<Record<QuestionKind, Policy>> = {
  // A post is indexed within seconds, or it is deleted: after nine minutes the repost counts as one of text.
  subject: { firstPause: 1, maxPause: 256, maxTries: 10 },
  // An AppView may be a moment behind or may never know a person: seconds first, from the second day on once a day.
  profile: { firstPause: 1, maxPause: DAY_SECONDS, maxTries: 30 },
  // A repository's server may be away for a day; each try may move hundreds of megabytes.
  repository: { firstPause: 30, maxPause: 6 * HOUR_SECONDS, maxTries: 14 },
  // Somebody waits for it, and can ask again: after five minutes it has failed.
  import: { firstPause: 10, maxPause: HOUR_SECONDS, maxTries: 6 },
}

/**
 * When to ask again, in seconds since the Unix epoch, after `tries` tries (from 1 on) the last of which ended at `at`
 * without an answer; `undefined` where the question is given up.
 */
export function retryAt(kind: QuestionKind, tries: number, at: Micros): Seconds | undefined {
  if (tries >= POLICIES[kind].maxTries) return undefined
  return Math.ceil(at / 1_000_000) + pauseAfter(kind, tries)
}

/**
 * Whether `due` lies further ahead of `now` than the pause after `tries` tries. If so, our clock was ahead when the question
 * was postponed, and the question need not wait until the clock gets there.
 */
export function isBeyondPause(kind: QuestionKind, { due, tries }: Progress, now: Seconds): boolean {
  return due !== ASLEEP && due > now + 1 + pauseAfter(kind, tries)
}

function pauseAfter(kind: QuestionKind, tries: number): Seconds {
  const { firstPause, maxPause } = POLICIES[kind]
  return Math.min(maxPause, firstPause * 2 ** (tries - 1))
}

/** `due` of a question that waits for its account to be active again; later than any clock, so only a wake-up ends it. */
export const ASLEEP: Seconds = 2 ** 40

/** When a question is asked next (0: it was never asked), and how often it has been asked. */
export type Progress = { due: Seconds; tries: number }

const FRESH: Progress = { due: 0, tries: 0 }

/**
 * The progress with which to store a question about a person, where one of its kind is `open` or none is (`undefined`).
 * Returns `undefined` where nothing is to be stored and an open one stays as it is. Every store follows this.
 */
export function startOf(
  ifOpen: (Ask & PersonQuestion)['ifOpen'],
  open: Progress | undefined,
): Progress | undefined {
  const isAsleep = open?.due === ASLEEP
  switch (ifOpen) {
    case 'restart':
      return FRESH
    case 'follow':
      return open === undefined || isAsleep ? FRESH : { due: open.due, tries: open.tries }
    case 'keep':
      return open === undefined ? FRESH : undefined
    case 'wake':
      return isAsleep ? FRESH : undefined
  }
}
