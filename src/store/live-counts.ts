import type { Nsid } from '@atcute/lexicons/syntax'

/** Live records by collection; collections without any are omitted. */
export function liveCounts(kinds: ReadonlyMap<Nsid, { live: number }>): Map<Nsid, number> {
  const counts = new Map<Nsid, number>()
  for (const [nsid, { live }] of kinds) if (live > 0) counts.set(nsid, live)
  return counts
}
