import { createHash } from 'node:crypto'
import type { Did } from '@atcute/lexicons/syntax'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ReadyAnswer } from './character-cache.ts'
import { beginRaw } from './protect.ts'
import { NAMES_PEOPLE } from './responses.ts'
import type { RouteOptions } from './routes/route.ts'

const TYPE = 'application/json; charset=utf-8'

/** Answers about single characters, made once for each change. */
export class CharacterAnswers {
  readonly #options: RouteOptions
  /** Two games that award otherwise must not share an ETag. */
  readonly #rules: string

  constructor(options: RouteOptions) {
    this.#options = options
    this.#rules = createHash('sha256').update(options.rules.fingerprint).digest('base64url').slice(0, 6)
  }

  /** A hot character, by DID; what it says of the rank is as old as the answer. */
  held(name: string): ReadyAnswer | undefined {
    return this.#options.cache.get(name)
  }

  /** @throws {ProblemError} 404 */
  async make(did: Did): Promise<ReadyAnswer> {
    const { actors, presenter, ranks, cache, settings } = this.#options
    // Asked for by another name, it may still be a hot one.
    const held = cache.get(did)
    if (held !== undefined) return held
    const waiting = ranks.ready()
    if (waiting !== undefined) await waiting
    const { changes } = cache
    const character = await actors.character(did)
    const body = presenter.characterText(character)
    const etag = `"${character.version}.${this.#rules}"`
    return cache.set(did, { body, etag }, changes, settings.rankRefresh / 1000)
  }
}

/** Past the framework, which would look at the answer twice more: nothing is left to be done about it. */
export function sendReady(request: FastifyRequest, reply: FastifyReply, ready: ReadyAnswer): void {
  const { body, bytes, etag } = ready
  const known = request.headers['if-none-match']
  if (known !== undefined && matches(known, etag)) {
    beginRaw(reply, 304, { etag, 'cache-control': NAMES_PEOPLE })
    reply.raw.end()
    return
  }
  beginRaw(reply, 200, { etag, 'cache-control': NAMES_PEOPLE, 'content-type': TYPE, 'content-length': bytes })
  reply.raw.end(body)
}

/** RFC 9110, 13.1.2: a weak comparison with each that the client knows. */
function matches(known: string, etag: string): boolean {
  return known === '*' || known.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}
