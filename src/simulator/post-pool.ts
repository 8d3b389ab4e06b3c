import type { Nsid } from '@atcute/lexicons/syntax'
import type { RecordId } from '../atproto/uri.ts'
import type { Person } from './people.ts'
import type { Random } from './random.ts'

export const POST: Nsid = 'app.bsky.feed.post'

/**
 * Happenings from a post's last change until it may be reposted, and from its repost until it or its author may change.
 * So a repost's XP does not depend on how servers interleave different people.
 */
const SETTLED = 500
/** How many of the latest posts may be liked or reposted. */
const POOL = 3_000

/** A post that may be liked or reposted; `changed` is the happening of its last change. */
export type PooledPost = { id: RecordId; author: Person; changed: number }

/** The latest posts, which people like and repost. */
export class PostPool {
  readonly #random: Random
  readonly #posts: PooledPost[] = []

  constructor(random: Random) {
    this.#random = random
  }

  add(post: PooledPost): void {
    this.#posts.push(post)
    if (this.#posts.length > POOL) this.#posts.shift()
  }

  /** A random post; undefined where that is not settled, or its author is away. */
  pick(happened: number): PooledPost | undefined {
    if (this.#posts.length === 0) return undefined
    const post = this.#random.pick(this.#posts)
    return post.changed + SETTLED < happened && post.author.status === 'active' ? post : undefined
  }

  noteEdit({ did, rkey }: RecordId, happened: number): void {
    const post = this.#posts.find(({ id }) => id.did === did && id.rkey === rkey)
    if (post !== undefined) post.changed = happened
  }
}

/** Keeps an author's posts and status as they are for a while, since somebody has just reposted one. */
export function freeze(author: Person, happened: number): void {
  author.frozenUntil = happened + SETTLED
}

/** True where the person's records in `collection` may change now; see `SETTLED`. */
export function mayChange(person: Person, collection: string, happened: number): boolean {
  return collection !== POST || person.frozenUntil < happened
}
