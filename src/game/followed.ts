// What an operator follows, and what becomes of it from one run to the next: who is not followed any more is not shown,
// and what is followed again has missed something.
import type { Did, Nsid } from '@atcute/lexicons/syntax'
import type { Micros } from '../atproto/event.ts'

/** Of whom and of what a ledger is kept. `dids` is `undefined` for everybody. */
export type Following = { dids: readonly Did[] | undefined; collections: readonly Nsid[] }

/** What a ledger was last written with, and since when in the stream it goes without what it once followed. */
export type Followed = Following & {
  /** By DID or collection. Who is in no list since then is under EVERYBODY. */
  left: Readonly<Record<string, Micros>>
}

/** A piece of the stream that was not asked for: of whom or of what, and from where on. */
export type Unfollowed = { what: 'DIDS' | 'collections'; names: readonly string[]; from: Micros }

/** Stands in `left` for all who are not in the list of DIDs. */
export const EVERYBODY = '*'

/**
 * What is followed from `at` in the stream on, and what was missed of it meanwhile. What was never followed has missed
 * nothing. `at` is `undefined` before the stream has brought anything.
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

/** Those who are followed again; `left` is brought up to date. */
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

/** One for all that have been missing since the same moment: a list may have thousands. */
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
