import { type Did, type Handle, isDid, isHandle } from '@atcute/lexicons/syntax'

/** A DID, or a handle in lower case. */
export type ActorName = Did | Handle

/** Longer texts are refused: a DID has at most 2,048 characters, and a link around it some more. */
const MAX_LENGTH = 4_096

/**
 * Invisible characters, such as the direction marks that bsky.app puts around handles. They are copied along with a name;
 * no DID or handle contains any.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}]/gu

/** A profile's page on bsky.app, on one of its forks, or on this server (`/@name`), with or without the scheme. */
const PROFILE_LINK = /^(?:https?:\/\/)?[\w.-]+(?::\d+)?\/(?:profile\/|@)([^/?#]+)/i

/** `at://name`, alone or with a collection and a record key behind it. */
const AT_URI = /^at:\/\/([^/?#]+)/i

/** A `did:web` whose host has a port, as in a decoded URL: the DID itself has `%3A`. */
const WEB_WITH_PORT = /^(did:web:[a-z0-9.-]+)(?::|%3a)(\d{1,5})$/i

/**
 * Reads the name of an actor as people copy and type it: a DID or a handle, in any case, with `@` before it, a full stop
 * behind it, as an at:// URI or as the link of a profile.
 * @returns `undefined` if `text` is no such name
 */
export function readActorName(text: string): ActorName | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const visible = text.replaceAll(INVISIBLE, '').trim()
  const name = nameIn(visible).replace(/^[@＠\s]+/, '')
  return /^did:/i.test(name) ? readDid(name) : readHandle(name)
}

function nameIn(text: string): string {
  const link = PROFILE_LINK.exec(text)?.[1]
  if (link !== undefined) return decoded(link)
  return AT_URI.exec(text)?.[1] ?? text
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function readDid(name: string): Did | undefined {
  const [, host, port] = WEB_WITH_PORT.exec(name) ?? []
  if (host !== undefined) return asDid(`${host.toLowerCase()}%3A${port}`)
  // DIDs of the two methods of AT Protocol are lower case; others may not be.
  return asDid(/^did:(?:plc|web):/i.test(name) ? name.toLowerCase() : name)
}

function asDid(text: string): Did | undefined {
  return isDid(text) ? text : undefined
}

function readHandle(name: string): Handle | undefined {
  const handle = name.replace(/\.$/, '').toLowerCase()
  return isHandle(handle) ? handle : undefined
}
