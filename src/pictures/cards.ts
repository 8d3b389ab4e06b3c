import { createHash } from 'node:crypto'
import type { Did } from '@atcute/lexicons/syntax'
import type { Card, CardStyle, Portrait } from './card.ts'
import { ownFaces } from './faces.ts'
import type { PictureCache } from './picture-cache.ts'
import type { CardFormat, CardRenderer } from './renderer.ts'
import { Turns } from './turns.ts'

/** What is to be drawn, and how. */
export type CardRequest = {
  /** Whose card it is. */
  did: Did
  card: Card
  style: CardStyle
  format: CardFormat
  portrait: Portrait
}

export type CardsOptions = {
  renderer: Pick<CardRenderer, 'draw'>
  /** Has cards only. */
  cache: PictureCache
  /** Called with each person of whom the cache has something new. */
  kept: (did: Did) => void
  /** The program's version: another one may draw the same character otherwise. */
  version: string
}

/** Cards at a time. Each takes a thread of the pool that reads files, too, which has four. */
const MAX_AT_ONCE = 2
/** More would wait for a second or longer. */
const MAX_WAITING = 100

/** Draws cards, each once for all who ask for it at the same time, and keeps them. */
export class Cards {
  readonly #options: CardsOptions
  readonly #turns = new Turns({ maxAtOnce: MAX_AT_ONCE, maxWaiting: MAX_WAITING })
  readonly #underWay = new Map<string, Promise<Buffer>>()

  constructor(options: CardsOptions) {
    this.#options = options
  }

  /** A strong ETag, without quotes: equal for equal pictures, and different where anything that is drawn differs. */
  tagOf({ card, style, format, portrait }: Omit<CardRequest, 'did'>): string {
    const hash = createHash('sha256')
    hash.update(JSON.stringify([this.#options.version, ownFaces().version, format, style, card]))
    if (portrait !== undefined) hash.update(portrait)
    return hash.digest('base64url').slice(0, 22)
  }

  /** The card of this tag, if it was drawn before and kept. */
  cached(tag: string, { did, format }: Pick<CardRequest, 'did' | 'format'>): Promise<Buffer | undefined> {
    return this.#options.cache.get(did, `${tag}.${format}`)
  }

  /**
   * @param tag see `tagOf`
   * @throws {TurnsFullError} if too many cards wait already
   * @throws {NoRendererError}
   */
  draw(tag: string, request: CardRequest): Promise<Buffer> {
    let drawn = this.#underWay.get(tag)
    if (drawn === undefined) {
      drawn = this.#turns.run(() => this.#draw(tag, request)).finally(() => this.#underWay.delete(tag))
      this.#underWay.set(tag, drawn)
    }
    return drawn
  }

  async #draw(tag: string, { did, card, style, format, portrait }: CardRequest): Promise<Buffer> {
    const { cache, renderer, kept } = this.#options
    const picture = await renderer.draw(card, style, format, portrait)
    // Nobody waits for the disk.
    cache.put(did, `${tag}.${format}`, picture).then(() => kept(did))
    return picture
  }
}
