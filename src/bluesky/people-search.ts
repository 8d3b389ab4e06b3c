import type { AppView, ProfileView } from './appview.ts'

/** Finds people on the network by what somebody has typed so far. */
export type PeopleSearch = (text: string) => Promise<readonly ProfileView[]>

const CACHED_MS = 300_000
const MAX_CACHED = 2_000
/** Later than this a suggestion is of no use. */
const DEADLINE_MS = 1_000
/** People in one answer: some of them are left out. */
const LIMIT = 10

export type PeopleSearchOptions = {
  appview: Pick<AppView, 'search'>
  /** Ends all searches. */
  signal: AbortSignal
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
}

/**
 * Asks the AppView, and caches its answers. Never rejects: without an answer in time, or beyond our share of the AppView's rate limit,
 * nobody is found.
 */
export function peopleSearch({
  appview,
  signal: end,
  now = () => performance.now(),
}: PeopleSearchOptions): PeopleSearch {
  const searches = new Map<string, { until: number; found: Promise<readonly ProfileView[]> }>()
  return (text) => {
    const key = text.toLowerCase()
    const cached = searches.get(key)
    if (cached !== undefined && cached.until > now()) return cached.found
    const signal = AbortSignal.any([end, AbortSignal.timeout(DEADLINE_MS)])
    const found = appview.search(text, LIMIT, signal).catch(() => {
      if (searches.get(key)?.found === found) searches.delete(key)
      return []
    })
    searches.delete(key)
    searches.set(key, { until: now() + CACHED_MS, found })
    const [oldest] = searches.keys()
    if (searches.size > MAX_CACHED && oldest !== undefined) searches.delete(oldest)
    return found
  }
}

/** Without an AppView: nobody is found. */
export const noPeopleSearch: PeopleSearch = async () => []
