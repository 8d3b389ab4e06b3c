// All that follows from the end of an attempt or a connection, as one value. It is decided here and nowhere else; the
// loop in subscribe.ts has the route, the resume state and the dictionaries carry it out.
import type { Ending } from '../observer.ts'
import { type Backoff, maxWaitMs, type Step } from './backoff.ts'

export type Recovery = {
  step: Step
  /** Attempts in a row that brought nothing new, with the one that has ended. */
  failures: number
  /** The longest wait before the next attempt, in milliseconds; see `jittered`. */
  maxWaitMs: number
  finding: Finding
  dictionary: DictionaryChange
}

/** What was found out about our place at the endpoint: a frame too large to take, or that the host does not know it. */
export type Finding = 'nothing' | 'oversized' | 'cursor-lost' | 'cursor-too-old'

/** What becomes of the dictionary that the endpoint was asked for: fetched anew, or given up together with compression. */
export type DictionaryChange = 'keep' | 'renew' | { giveUp: string }

/** What an ending is judged by, besides itself. */
export type Circumstances = {
  /** The connection brought something new and lasted. */
  healthy: boolean
  /** Frames were asked to be compressed. */
  compressed: boolean
  /** The request named an exact place (not a time near it). */
  exact: boolean
  /** The host's URL left the wire open, and a less preferred one has not been tried. */
  otherWireLeft: boolean
  /** How many times running this very place has ended in an oversized frame before. */
  oversizedTimes: number
  /** The host serves the dictionary, and has not been asked for a new one since it last worked. */
  dictionaryRenewable: boolean
  /** Attempts in a row before this one that brought nothing new. */
  failures: number
  /** How many hosts there are to try. */
  hosts: number
  backoff: Pick<Backoff, 'baseMs' | 'maxMs'>
}

/** How a host that does not speak a wire answers its path. */
const NO_SUCH_PATH: ReadonlySet<number> = new Set([200, 404, 405, 410, 501])

export function recoveryFrom(ending: Ending, circumstances: Circumstances): Recovery {
  const step = stepAfter(ending, circumstances)
  const failures = failuresAfter(step, circumstances)
  return {
    step,
    failures,
    maxWaitMs: maxWaitMs(step, failures, circumstances.hosts, circumstances.backoff),
    finding: findingOf(ending),
    dictionary: dictionaryAfter(ending, circumstances),
  }
}

function stepAfter(ending: Ending, circumstances: Circumstances): Step {
  const { healthy, compressed, exact, otherWireLeft, oversizedTimes } = circumstances
  switch (ending.kind) {
    case 'refused':
      if (NO_SUCH_PATH.has(ending.status) && otherWireLeft) return 'other-wire'
      if (ending.status !== 400) return 'next'
      if (ending.error === 'CursorTooOld') return exact ? 'redial' : 'next'
      return compressed ? 'redial' : 'next'
    case 'cursor-lost':
    case 'undecodable':
      return 'redial'
    case 'oversized':
      return oversizedTimes === 0 ? 'again' : 'next'
    case 'error-frame':
      return ending.error === 'ConsumerTooSlow' ? 'again' : 'next'
    case 'closed':
      return healthy && ending.code !== 1001 ? 'again' : 'next'
    case 'unreachable':
    case 'silent':
      return 'next'
  }
}

/** Trying the same host in another way is still the same attempt. */
function failuresAfter(step: Step, { healthy, failures }: Circumstances): number {
  if (step === 'redial' || step === 'other-wire') return failures
  return healthy ? 1 : failures + 1
}

function findingOf(ending: Ending): Finding {
  if (ending.kind === 'oversized' || ending.kind === 'cursor-lost') return ending.kind
  return ending.kind === 'refused' && ending.error === 'CursorTooOld' ? 'cursor-too-old' : 'nothing'
}

function dictionaryAfter(
  ending: Ending,
  { compressed, dictionaryRenewable }: Circumstances,
): DictionaryChange {
  if (!compressed) return 'keep'
  const renew = dictionaryRenewable ? 'renew' : { giveUp: ending.message }
  if (ending.kind === 'undecodable') return renew
  if (ending.kind !== 'refused' || ending.status !== 400 || ending.error === 'CursorTooOld') return 'keep'
  return ending.error === 'UnknownZstdDictionary'
    ? renew
    : { giveUp: `the host answered 400: ${ending.message}` }
}
