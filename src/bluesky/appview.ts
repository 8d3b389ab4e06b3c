import { type Did, type Handle, isDid, isHandle } from '@atcute/lexicons/syntax'
import type { Micros } from '../atproto/event.ts'
import { isObject, type JsonObject } from '../atproto/json.ts'
import type { Profile } from '../atproto/profile.ts'
import { type Media, mediaOf } from '../game/media.ts'
import type { Pace } from './pace.ts'
import { fetchJson, RequestError } from './request.ts'

/** The parts of a profile view that are used here. */
export type ProfileView = { did: Did; profile: Profile; postsCount: number; optedOut: boolean }

/** Asks the AppView about people and posts. Every call may reject with a `RequestError`. */
export type AppView = {
  /** The profiles of at most 25 people; unknown ones are omitted. */
  profiles(dids: readonly Did[], signal: AbortSignal): Promise<ProfileView[]>
  /** The media of at most 25 posts, by URI; deleted ones are omitted. */
  posts(uris: readonly string[], signal: AbortSignal): Promise<Map<string, Media>>
  /** At most `limit` people whose names or handles begin with `text`, best first. */
  search(text: string, limit: number, signal: AbortSignal): Promise<ProfileView[]>
  /** The DID behind `handle`; `undefined` if there is none. */
  resolve(handle: Handle, signal: AbortSignal): Promise<Did | undefined>
}

/** People or posts in one call, by the lexicons. */
export const AT_ONCE = 25

const LIMITS = { timeoutMs: 10_000, maxBytes: 4 * 2 ** 20 }

/**
 * The public AppView allows an IP address 3,000 requests in five minutes. Ingest, handle look-ups and suggestions have fixed shares,
 * which leave a tenth free, so that clients of the API cannot slow ingest, in the same process or in another.
 */
export const APPVIEW_SHARES = {
  ingest: { maxRequests: 2_400, windowMs: 300_000 },
  /** Unknown handles in requests to the API. */
  lookUps: { maxRequests: 200, windowMs: 300_000, maxWaiting: 50 },
  /** Suggestions for what somebody types: never later than at once. */
  suggestions: { maxRequests: 100, windowMs: 300_000, maxWaiting: 0 },
} as const

export type AppViewOptions = { url: string; clock: () => Micros; pace: Pace }

/** An AppView client for `url`, no faster than `pace` allows. */
export function openAppView({ url, clock, pace }: AppViewOptions): AppView {
  const ask = async (method: string, parameters: [string, string][], signal: AbortSignal) => {
    await pace.turn(signal)
    try {
      const answer = await fetchJson(`${url}/xrpc/${method}?${new URLSearchParams(parameters)}`, {
        ...LIMITS,
        signal,
      })
      if (isObject(answer)) return answer
      throw new RequestError(`${method} answered with something other than an object`)
    } catch (error) {
      if (error instanceof RequestError && error.waitMs !== undefined) pace.rest(error.waitMs)
      throw error
    }
  }
  const avatars = url.startsWith('https:') ? /^https:/ : /^https?:/
  return {
    profiles: async (dids, signal) => {
      const parameters = dids.map((did): [string, string] => ['actors', did])
      const { profiles } = await ask('app.bsky.actor.getProfiles', parameters, signal)
      const asked = clock()
      return listOf(profiles, 'profiles').flatMap((view) => readProfile(view, asked, avatars) ?? [])
    },
    posts: async (uris, signal) => {
      const parameters = uris.map((uri): [string, string] => ['uris', uri])
      const { posts } = await ask('app.bsky.feed.getPosts', parameters, signal)
      const media = new Map<string, Media>()
      for (const view of listOf(posts, 'posts')) {
        if (isObject(view) && typeof view.uri === 'string') media.set(view.uri, mediaOfView(view))
      }
      return media
    },
    search: async (text, limit, signal) => {
      const parameters: [string, string][] = [
        ['q', text],
        ['limit', String(limit)],
      ]
      const { actors } = await ask('app.bsky.actor.searchActorsTypeahead', parameters, signal)
      const asked = clock()
      return listOf(actors, 'actors').flatMap((view) => readProfile(view, asked, avatars) ?? [])
    },
    resolve: async (handle, signal) => {
      try {
        const { did } = await ask('com.atproto.identity.resolveHandle', [['handle', handle]], signal)
        return isDid(did) ? did : undefined
      } catch (error) {
        // The AppView answers 400 for a handle that it cannot resolve.
        if (error instanceof RequestError && error.status === 400) return undefined
        throw error
      }
    },
  }
}

/** For a network without an AppView: knows nobody and nothing. */
export const noAppView: AppView = {
  profiles: async () => [],
  posts: async () => new Map(),
  search: async () => [],
  resolve: async () => undefined,
}

function listOf(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value
  throw new RequestError(`expected a list of ${what}, got ${typeof value}`)
}

/** Prefers the record, from which the AppView makes the view. */
function mediaOfView({ record, embed }: JsonObject): Media {
  return mediaOf(isObject(record) && record.embed !== undefined ? record.embed : embed)
}

function readProfile(view: unknown, asked: Micros, avatars: RegExp): ProfileView | undefined {
  if (!isObject(view) || !isDid(view.did)) return undefined
  const { did, handle, displayName, avatar, postsCount, labels } = view
  const known = isHandle(handle) && handle.toLowerCase() !== 'handle.invalid'
  return {
    did,
    profile: {
      handle: known ? (handle.toLowerCase() as Handle) : undefined,
      displayName: typeof displayName === 'string' ? cleanName(displayName) : undefined,
      avatar:
        typeof avatar === 'string' && avatars.test(avatar) && avatar.length < 2_000 ? avatar : undefined,
      asked,
    },
    postsCount: Number.isSafeInteger(postsCount) && Number(postsCount) > 0 ? Number(postsCount) : 0,
    optedOut: Array.isArray(labels) && labels.some((label: unknown) => hides(label, did)),
  }
}

/** Only a label that people put on themselves counts. */
function hides(label: unknown, did: Did): boolean {
  return isObject(label) && label.val === '!no-unauthenticated' && label.src === did && label.neg !== true
}

/** The lexicon's limit for display names. */
const MAX_GRAPHEMES = 64
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** One line, without control characters and direction overrides, which would garble the text around a name. */
function cleanName(name: string): string | undefined {
  const plain = name
    .slice(0, 640)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu, ' ')
    .trim()
  const cut = Array.from(graphemes.segment(plain), ({ segment }) => segment).slice(0, MAX_GRAPHEMES)
  return cut.length === 0 ? undefined : cut.join('')
}
