import type { JsonObject } from '../atproto/json.ts'
import { parseUri } from '../atproto/uri.ts'
import { hasAvatar } from './avatar.ts'
import { cid } from './embeds.ts'
import type { Network } from './network.ts'
import type { Person } from './people.ts'
import { Random } from './random.ts'

/** What an AppView says of a person, true or not. */
export type Said = Pick<Person, 'handle' | 'shy'>

/**
 * A person as `app.bsky.actor.getProfiles` shows them; undefined where they are not active.
 * @param self the address of the server that has their avatar
 */
export function profileView(
  person: Person,
  self: string,
  { handle, shy }: Said = person,
): JsonObject | undefined {
  if (person.status !== 'active') return undefined
  const { did, displayName, records } = person
  let postsCount = 0
  for (const path of records.keys()) if (path.startsWith('app.bsky.feed.post/')) postsCount += 1
  const label = { src: did, uri: `at://${did}/app.bsky.actor.profile/self`, val: '!no-unauthenticated' }
  const avatar = hasAvatar(person) ? { avatar: `${self}/avatars/${encodeURIComponent(did)}` } : {}
  return { did, handle, displayName, ...avatar, postsCount, labels: shy ? [label] : [] }
}

/**
 * A post as `app.bsky.feed.getPosts` shows it; undefined where there is none. Posts of people who are away are shown,
 * too, so that an answer does not depend on when the question comes.
 */
export function postView(network: Network, uri: string): JsonObject | undefined {
  const id = parseUri(uri)
  const record = id && network.record(id)
  if (id === undefined || record === undefined) return undefined
  const author = network.person(id.did)
  const embed = embedView(record.embed as JsonObject | undefined)
  const { did } = id
  return {
    uri,
    cid: cid(new Random(uri.length)),
    author: { did, handle: author?.handle ?? 'handle.invalid' },
    record,
    ...(embed !== undefined && { embed }),
    indexedAt: record.createdAt,
  }
}

/** An embed as the AppView shows it: with URLs in place of blobs, and the same descriptions. */
function embedView(embed: JsonObject | undefined): JsonObject | undefined {
  if (embed === undefined) return undefined
  const $type = `${embed.$type}#view`
  switch (embed.$type) {
    case 'app.bsky.embed.images':
      return { $type, images: picturesOf(embed.images) }
    case 'app.bsky.embed.gallery':
      return { $type, items: picturesOf(embed.items) }
    case 'app.bsky.embed.video': {
      const { alt } = embed
      return {
        $type,
        cid: '',
        playlist: 'https://video.example/playlist.m3u8',
        ...(alt !== undefined && { alt }),
      }
    }
    case 'app.bsky.embed.recordWithMedia':
      return { $type, record: embed.record, media: embedView(embed.media as JsonObject) }
    default:
      return { ...embed, $type }
  }
}

function picturesOf(items: unknown): JsonObject[] {
  return (items as JsonObject[]).map(({ alt }) => {
    return { thumb: 'https://img.example/thumb', fullsize: 'https://img.example/full', alt }
  })
}
