import type { Logger } from 'pino'
import type { Did, Micros } from '../atproto/event.ts'
import { EVERYBODY, type Followed, type Following, follow, type Unfollowed } from '../game/followed.ts'
import type { Gap } from '../store/status.ts'
import type { Ledger } from './ledger.ts'

export type FollowingOptions = {
  ledger: Ledger
  following: Following
  log: Logger
  /** Ends it between two batches. Nothing is remembered then, so the next start begins anew. */
  signal: AbortSignal
}

/** People per transaction. */
const AT_ONCE = 500
/** Maximum names in a gap's text. */
const MAX_NAMES = 3

/**
 * Adapts the ledger to a change of what is followed: hides people who are not followed any more, shows those who are again,
 * and records what was missed meanwhile as gaps. Call it before subscribing to the stream. After a crash it can be repeated.
 */
export async function updateFollowing({ ledger, following, log, signal }: FollowingOptions): Promise<void> {
  const at = (await ledger.use((writer) => writer.cursor()))?.at
  for (const before of await ledger.use((writer) => writer.followed())) {
    if (before !== undefined && isSame(before, following)) continue
    const { followed, missed } = follow(before, following, at)
    if (!isSamePeople(before, following)) await updatePeople(ledger, before, following, at ?? 0, signal)
    signal.throwIfAborted()
    // Dated by the place in the stream, not by a clock, so a repetition after a crash records the same gaps.
    const gaps = missed.map((unfollowed): Gap => gapOf(unfollowed, at ?? 0))
    const since = Math.min(...gaps.map(({ from }) => from))
    const missedSince = gaps.length > 0 ? { since, at: at ?? 0 } : undefined
    await ledger.use((writer) => writer.follow({ before, now: followed, gaps, missed: missedSince }))
    for (const { host, from, to } of gaps) log.warn({ from, to }, host)
  }
}

/** Updates people who are in one list only; where one of the lists is everybody, all people of the ledger. */
async function updatePeople(
  ledger: Ledger,
  before: Following | undefined,
  following: Following,
  at: Micros,
  signal: AbortSignal,
): Promise<void> {
  const listed = following.dids && new Set(following.dids)
  const fold = (dids: readonly Did[]) =>
    ledger.fold(
      dids.map((did) => ({ kind: 'follow', did, at, followed: listed === undefined || listed.has(did) })),
      undefined,
    )
  if (before?.dids !== undefined && listed !== undefined) {
    const changed = [...listed.symmetricDifference(new Set(before.dids))]
    for (let from = 0; from < changed.length && !signal.aborted; from += AT_ONCE) {
      await fold(changed.slice(from, from + AT_ONCE))
    }
    return
  }
  for (let after: Did | undefined; !signal.aborted; ) {
    const last = after
    const dids = await ledger.use((writer) => writer.people(last, AT_ONCE))
    if (dids.length === 0) return
    await fold(dids)
    after = dids.at(-1)
  }
}

function gapOf({ what, names, from }: Unfollowed, at: Micros): Gap {
  const shown = names.slice(0, MAX_NAMES).map((name) => (name === EVERYBODY ? 'everybody else' : name))
  const others = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} others` : ''
  const setting = what === 'DIDS' ? 'DIDS' : 'TRACK or the rules'
  return {
    host: `not followed by ${setting}: ${shown.join(', ')}${others}`,
    from,
    to: at,
    reason: 'not-followed',
    at,
  }
}

function isSame(before: Followed, now: Following): boolean {
  return isSamePeople(before, now) && isSameSet(before.collections, now.collections)
}

/** A ledger that never stored what it follows is taken to follow everybody. */
function isSamePeople(before: Following | undefined, { dids }: Following): boolean {
  const had = before?.dids
  return had === undefined || dids === undefined ? had === dids : isSameSet(had, dids)
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).symmetricDifference(new Set(b)).size === 0
}
