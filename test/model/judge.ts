// The XP of a record, judged anew: only the table of points is the program's.
import type { JsonObject } from '../../src/atproto/json.ts'
import { isObject } from '../../src/atproto/json.ts'
import { parseUri, type RecordId } from '../../src/atproto/uri.ts'
import { type Media, mediaOf } from '../../src/game/media.ts'

export const POST = 'app.bsky.feed.post'
export const REPOST = 'app.bsky.feed.repost'
export const LIKE = 'app.bsky.feed.like'
export const PROFILE = 'app.bsky.actor.profile'
export const BASELINE = 'app.bskyrpg.baseline'

/** `media` is `undefined` where there is none, or while a reposted post's is not known. */
export type ModelFacts = { media: Media | undefined; subject: RecordId | undefined }

/** The facts that are kept of a record; `undefined` if it cannot be read. */
export function factsOf(collection: string, record: unknown): ModelFacts | undefined {
  if (!isObject(record)) return undefined
  if (collection === POST) return { media: mediaOf(record.embed), subject: undefined }
  if (collection !== LIKE && collection !== REPOST) return { media: undefined, subject: undefined }
  const uri = uriIn(record)
  if (uri === undefined) return undefined
  if (collection === LIKE) return { media: undefined, subject: undefined }
  const subject = parseUri(uri)
  return subject?.collection === POST ? { media: undefined, subject } : { media: 'text', subject: undefined }
}

/** The reason for a record's XP: a key of the table of points, or a word for 0. */
export function reasonOf(collection: string, facts: ModelFacts | undefined): string {
  if (collection !== POST && collection !== REPOST && collection !== LIKE) return 'tracked'
  if (facts === undefined) return 'unreadable'
  if (collection === LIKE) return 'like'
  return `${collection === POST ? 'post' : 'repost'}.${facts.media ?? 'text'}`
}

/** Whether a profile record asks that apps without sign-in do not show its owner. */
export function hidesItself(record: unknown): boolean {
  if (!isObject(record) || !isObject(record.labels)) return false
  const { values } = record.labels as JsonObject
  return (
    Array.isArray(values) && values.some((label) => isObject(label) && label.val === '!no-unauthenticated')
  )
}

function uriIn({ subject }: JsonObject): string | undefined {
  return isObject(subject) && typeof subject.uri === 'string' ? subject.uri : undefined
}
