import { createRaw } from '@atcute/tid'
import type { Did, Micros } from '../atproto/event.ts'
import type { JsonObject } from '../atproto/json.ts'
import { type RecordId, uriOf } from '../atproto/uri.ts'
import { embedOf } from './embeds.ts'
import type { Random } from './random.ts'

const ELSEWHERE: Did = 'did:plc:elsewhereelsewhereelsewh'
const POST = 'app.bsky.feed.post'
const POSTS = 400

/** Posts by someone whom the stream never shows: only the AppView knows their content. */
export class Elsewhere {
  /** A post that has been deleted. */
  readonly absent: RecordId = { did: ELSEWHERE, collection: POST, rkey: '3kelsewhere22' }
  readonly uris: readonly string[]
  readonly #posts: ReadonlyMap<string, JsonObject>

  /** Makes posts that were written one a second until `before`. */
  constructor(before: Micros, random: Random) {
    const posts = Array.from({ length: POSTS }, (_, i): [string, JsonObject] => {
      const rkey = createRaw(before - (POSTS - i) * 1_000_000, 7)
      const uri = uriOf({ did: ELSEWHERE, collection: POST, rkey })
      return [uri, { $type: POST, text: 'elsewhere', embed: embedOf(random) }]
    })
    this.#posts = new Map(posts)
    this.uris = [...this.#posts.keys()]
  }

  /** Undefined for every other post. */
  post(uri: string): JsonObject | undefined {
    return this.#posts.get(uri)
  }
}
