// Decides everything that follows from the end of an attempt or connection, as one value. The loop in subscribe.ts
// hands it to the route, the resume state and the dictionaries, which carry it out.
import type { Ending } from '../observer.ts'
import { type Backoff, maxWaitMs, type Step } from './backoff.ts'

export type Recovery = {
  step: Step
  /** Attempts in a row that brought nothing new, including the one that has ended. */
  failures: number
  /** The longest wait before the next attempt, in milliseconds; see `jittered`. */
  maxWaitMs: number
  finding: Finding
  dictionary: DictionaryChange
}

/** What we learned about our place at the endpoint: a frame there is too large, or the host cannot resume there. */
export type Finding = 'nothing' | 'oversized' | 'cursor-lost' | 'cursor-too-old'

/** What to do with the endpoint's dictionary: `renew` fetches it anew, `giveUp` ends compression there and says why. */
export type DictionaryChange = 'keep' | 'renew' | { giveUp: string }

/** What the recovery depends on, besides the ending. */
export type Circumstances = {
  /** The connection brought something new and lasted, or lasted long without. */
  healthy: boolean
  /** The request asked for compressed frames. */
  compressed: boolean
  /** The request named an exact place (not a time near it). */
  exact: boolean
  /** The host's URL left the wire open, and a less preferred one has not been tried. */
  otherWireLeft: boolean
  /** How often an oversized frame has ended the stream at this place before. */
  oversizedTimes: number
  /** See `Dictionaries.isRenewable`. */
  dictionaryRenewable: boolean
  /** Attempts in a row before this one that brought nothing new. */
  failures: number
  /** Number of hosts to try. */
  hosts: number
  backoff: Pick<Backoff, 'baseMs' | 'maxMs'>
}

/** Statuses with which hosts answer the path of a wire that they do not speak. */
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
      // Redial only where the next request leaves out what the host objects to: the exact place, or the dictionary.
      if (ending.error === 'CursorTooOld') return exact ? 'redial' : 'next'
      return compressed ? 'redial' : 'next'
    case 'cursor-lost':
    case 'undecodable':
      return 'redial'
    case 'oversized':
      // The second request asks the host to leave the frame out. A host that sends it all the same is no use.
      return oversizedTimes === 0 ? 'again' : 'next'
    case 'error-frame':
      // Being too slow is our fault: another host would find the same.
      return ending.error === 'ConsumerTooSlow' ? 'again' : 'next'
    case 'closed':
      // 1001: the host is going away (RFC 6455, 7.4.1).
      return healthy && ending.code !== 1001 ? 'again' : 'next'
    case 'unreachable':
    case 'silent':
      return 'next'
  }
}

/** Trying the same host in another way counts as the same attempt. */
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
