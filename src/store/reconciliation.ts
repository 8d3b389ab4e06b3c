// After a gap everybody who is known is compared with their own repository. What a store keeps of that is where it is and how
// far, so that a restart or another worker goes on from there.
import type { Did, Micros } from '../atproto/event.ts'

export type Reconciliation = {
  /** What happened from then on may have been missed. */
  since: Micros
  /** When the latest of the gaps began that it is about: what the stream said before that is older than what it finds. */
  latest: Micros
  /** When it was queued. */
  at: Micros
  /** About how many people there are to look at. */
  people: number
  /** Whether anybody may have been compared for it: then it cannot take a further gap in. */
  isBegun: boolean
  /** The last person who is done, in the store's order, as are all before them. */
  after: Did | undefined
  /** How many are done, and of them: whose repository was newer and has been read, and whose could not be asked. */
  checked: number
  changed: number
  failed: number
  /** There has been another gap, from then on: all begins again once this one is done. */
  next: Micros | undefined
  /** When the latest gap began of those that `next` is about. */
  nextLatest: Micros | undefined
  endedAt: Micros | undefined
}

/** What readers see of it. */
export type ReconciliationStatus = Omit<Reconciliation, 'after' | 'isBegun' | 'latest' | 'nextLatest'>

/** What became of one person: `same` where nothing has changed, or nothing may be stored of them. */
export type Reconciled = 'same' | 'changed' | 'failed'

/** How far a reconciliation has come: everybody up to `after`, and what became of those since the last step. */
export type ReconciliationStep = { after: Did; done: ReadonlyMap<Did, Reconciled> }

/** A gap that begins at `since` was noticed at `at`. */
export type NewGap = { since: Micros; at: Micros }

/**
 * Queues a gap. One that has not begun goes further back; after one that is under way another follows, since the people whom it
 * has visited may have missed something again. How far it is does not tell: that is stored after many people.
 */
export function queued(
  before: Reconciliation | undefined,
  { since, at }: NewGap,
  people: number,
): Reconciliation {
  if (before === undefined || before.endedAt !== undefined) return begun({ since, latest: since, at }, people)
  if (!before.isBegun) {
    const [earliest, latest] = [Math.min(before.since, since), Math.max(before.latest, since)]
    return { ...before, since: earliest, latest, people }
  }
  const { next = since, nextLatest = since } = before
  return { ...before, next: Math.min(next, since), nextLatest: Math.max(nextLatest, since) }
}

/** Begins to compare people for it. */
export function beginning(before: Reconciliation): Reconciliation {
  return { ...before, isBegun: true }
}

/** Moves it on by a step, or by the part of one that `isOwn` chooses. */
export function movedOn(
  before: Reconciliation,
  { after, done }: ReconciliationStep,
  isOwn: (did: Did) => boolean = () => true,
): Reconciliation {
  const own = [...done].filter(([did]) => isOwn(did)).map(([, became]) => became)
  return {
    ...before,
    after,
    checked: before.checked + own.length,
    changed: before.changed + own.filter((became) => became === 'changed').length,
    failed: before.failed + own.filter((became) => became === 'failed').length,
  }
}

/** Ends it, or begins the one that waits. */
export function ended(before: Reconciliation, at: Micros, people: number): Reconciliation {
  const { next, nextLatest: latest = next } = before
  if (next === undefined || latest === undefined) return { ...before, endedAt: at }
  return begun({ since: next, latest, at }, people)
}

export function isOpen(
  reconciliation: Reconciliation | undefined,
): reconciliation is Reconciliation & { endedAt: undefined } {
  return reconciliation !== undefined && reconciliation.endedAt === undefined
}

export function writeReconciliation(reconciliation: Reconciliation | undefined): string | null {
  return reconciliation === undefined ? null : JSON.stringify(reconciliation)
}

export function readReconciliation(json: unknown): Reconciliation | undefined {
  if (typeof json !== 'string') return undefined
  const { since, latest, at, people, isBegun, after, checked, changed, failed, ...rest } = JSON.parse(json)
  const { next, nextLatest, endedAt } = rest
  const gap = { since, latest: latest ?? since, at, next, nextLatest, endedAt }
  // Earlier versions stored neither `isBegun` (theirs began at once) nor the latest gaps.
  return { ...gap, people, isBegun: isBegun ?? true, after, checked, changed, failed }
}

/** What readers see of one, without whose turn it is. */
export function statusOf({
  after: _,
  isBegun: __,
  latest: ___,
  nextLatest: ____,
  ...status
}: Reconciliation): ReconciliationStatus {
  return status
}

/** The parts that several shards keep, as one; while any is open, those of earlier ones are left out. */
export function sumOfReconciliations(parts: readonly Reconciliation[]): ReconciliationStatus | undefined {
  const open = parts.filter(({ endedAt }) => endedAt === undefined)
  if (parts.length === 0) return undefined
  const began = Math.min(...(open.length > 0 ? open : parts).map(({ at }) => at))
  const present = open.length > 0 ? parts.filter((part) => isOpen(part) || endOf(part) >= began) : parts
  const sum = (of: (part: Reconciliation) => number): number =>
    present.reduce((all, part) => all + of(part), 0)
  const nexts = present.flatMap(({ next }) => next ?? [])
  return {
    since: Math.min(...present.map(({ since }) => since)),
    at: began,
    people: sum(({ people }) => people),
    checked: sum(({ checked }) => checked),
    changed: sum(({ changed }) => changed),
    failed: sum(({ failed }) => failed),
    next: nexts.length === 0 ? undefined : Math.min(...nexts),
    endedAt: open.length > 0 ? undefined : Math.max(...parts.map(endOf)),
  }
}

function endOf({ endedAt = 0 }: Reconciliation): Micros {
  return endedAt
}

function begun(
  { since, latest, at }: NewGap & Pick<Reconciliation, 'latest'>,
  people: number,
): Reconciliation {
  return {
    ...{ since, latest, at, people, isBegun: false, after: undefined, checked: 0, changed: 0, failed: 0 },
    ...{ next: undefined, nextLatest: undefined, endedAt: undefined },
  }
}
