// What an operator follows, and how that changes from one run to the next: people who are not followed any more are
// hidden, and what is followed again has a gap.
import type { Did, Nsid } from '@atcute/lexicons/syntax'
import type { Micros } from '../atproto/event.ts'

/** The people and collections that a ledger is kept of. `dids` is `undefined` for everybody. */
export type Following = { dids: readonly Did[] | undefined; collections: readonly Nsid[] }

/** What the last run followed, with the stream times at which earlier runs stopped following others. */
export type Followed = Following & {
  /** When following ended, by DID or collection; under EVERYBODY for all people outside the list of DIDs. */
  left: Readonly<Record<string, Micros>>
}

/** A piece of the stream that was not asked for: the DIDs or collections, and from when on. */
export type Unfollowed = { what: 'DIDS' | 'collections'; names: readonly string[]; from: Micros }

/** Key in `left` for all people outside the list of DIDs. */
export const EVERYBODY = '*'

/**
 * Works out what to remember of a run that follows `now`, and what was missed of it since it was last followed. Nothing
 * was missed of people and collections that are new. `at` is the place in the stream, `undefined` before the first event.
 */
export function follow(
  before: Followed | undefined,
  now: Following,
  at: Micros | undefined,
): { followed: Followed; missed: Unfollowed[] } {
  const left = new Map(Object.entries(before?.left ?? {}))
  if (before === undefined || at === undefined)
    return { followed: { ...now, left: before?.left ?? {} }, missed: [] }
  const back = [...backInDids(before, now, left, at), ...backInCollections(before, now, left, at)]
  return { followed: { ...now, left: Object.fromEntries(left) }, missed: grouped(back) }
}

type Back = Omit<Unfollowed, 'names'> & { name: string }

/** The people who are followed again. Updates `left`. */
function backInDids(before: Following, now: Following, left: Map<string, Micros>, at: Micros): Back[] {
  const [had, has] = [before.dids && new Set<string>(before.dids), now.dids && new Set<string>(now.dids)]
  if (had === undefined && has !== undefined) left.set(EVERYBODY, at)
  for (const did of had ?? []) if (has !== undefined && !has.has(did)) left.set(did, at)
  const names =
    has === undefined ? [...left.keys()].filter(isPerson) : [...has].filter((did) => had && !had.has(did))
  const back = names.flatMap((name): Back[] => {
    const from = left.get(name) ?? left.get(EVERYBODY)
    left.delete(name)
    return from === undefined || from >= at ? [] : [{ what: 'DIDS', name, from }]
  })
  return back
}

function backInCollections(before: Following, now: Following, left: Map<string, Micros>, at: Micros): Back[] {
  const has = new Set<string>(now.collections)
  for (const collection of before.collections) if (!has.has(collection)) left.set(collection, at)
  return [...has].flatMap((name): Back[] => {
    const from = left.get(name)
    left.delete(name)
    return from === undefined || from >= at ? [] : [{ what: 'collections', name, from }]
  })
}

/** One gap for all that have been missing since the same moment: a list may have thousands. */
function grouped(back: readonly Back[]): Unfollowed[] {
  const groups = Map.groupBy(back, ({ what, from }) => `${what} ${from}`)
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first === undefined
      ? []
      : [{ what: first.what, from: first.from, names: group.map(({ name }) => name) }]
  })
}

function isPerson(name: string): boolean {
  return name === EVERYBODY || name.startsWith('did:')
}
