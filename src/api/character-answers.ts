import { createHash } from 'node:crypto'
import type { Did } from '@atcute/lexicons/syntax'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ReadyAnswer } from './character-cache.ts'
import { isKnown } from './if-none-match.ts'
import { beginRaw } from './protect.ts'
import { NAMES_PEOPLE } from './responses.ts'
import type { RouteOptions } from './routes/route.ts'

const TYPE = 'application/json; charset=utf-8'

/** Answers about single characters, cached until the character changes. */
export class CharacterAnswers {
  readonly #options: RouteOptions
  /** Part of the ETag: the same character under other rules or titles has another answer. */
  #rules: { mark: string; hash: string } = { mark: '', hash: '' }

  constructor(options: RouteOptions) {
    this.#options = options
  }

  /** The cached answer, by DID; its rank is as old as the answer. */
  cached(name: string): ReadyAnswer | undefined {
    return this.#options.cache.get(name)
  }

  /** @throws {ProblemError} 404 */
  async make(did: Did): Promise<ReadyAnswer> {
    const { actors, presenter, ranks, cache, settings } = this.#options
    // It may be cached although the client named a handle.
    const cached = cache.get(did)
    if (cached !== undefined) return cached
    const waiting = ranks.ready()
    if (waiting !== undefined) await waiting
    const { changes } = cache
    const character = await actors.character(did)
    const body = presenter.characterText(character)
    const etag = `"${character.version}.${this.#rulesHash()}"`
    return cache.set(did, { body, etag }, changes, settings.rankRefresh / 1000)
  }

  #rulesHash(): string {
    const { mark } = this.#options.rules
    if (mark !== this.#rules.mark) {
      const hash = createHash('sha256').update(mark).digest('base64url').slice(0, 6)
      this.#rules = { mark, hash }
    }
    return this.#rules.hash
  }
}

/** Writes the answer to the socket, past the hooks of the framework: they have nothing to add, and cost time. */
export function sendReady(request: FastifyRequest, reply: FastifyReply, ready: ReadyAnswer): void {
  const { body, bytes, etag } = ready
  if (isKnown(request.headers['if-none-match'], etag)) {
    beginRaw(reply, 304, ['etag', etag, 'cache-control', NAMES_PEOPLE])
    reply.raw.end()
    return
  }
  const fields = ['etag', etag, 'cache-control', NAMES_PEOPLE, 'content-type', TYPE, 'content-length', bytes]
  beginRaw(reply, 200, fields)
  reply.raw.end(body)
}
