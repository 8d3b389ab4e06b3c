// People's avatars, fetched from where their profiles say, checked, and encoded anew: browsers get them from us alone.
import { createHash } from 'node:crypto'
import type { Did } from '@atcute/lexicons/syntax'
import { fetchBytes, type OpenUrl, RequestError } from '../bluesky/request.ts'
import { imageHead } from './image-type.ts'
import type { PictureCache } from './picture-cache.ts'
import { Turns, TurnsFullError } from './turns.ts'

/** Sides of the squares that are kept, in pixels: for lists, and for cards and a person's own page. */
export const AVATAR_SIDES = [96, 256] as const
export type AvatarSide = (typeof AVATAR_SIDES)[number]

/** Whose avatar, and where their profile says that it is. */
export type AvatarOf = { did: Did; url: string }

export type AvatarsOptions = {
  /** Has avatars only. */
  cache: PictureCache
  /** Opens URLs that come from strangers. */
  open: OpenUrl
  /** Draws an image as a square of `side` pixels; rejects where it cannot be decoded. */
  encode: (image: Buffer, side: AvatarSide) => Promise<Buffer>
  /** Called with each person of whom the cache has something new. */
  kept: (did: Did) => void
  /** Ends all requests. */
  signal: AbortSignal
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
}

/** How an attempt to fetch an avatar ended. */
export type AvatarOutcome = 'kept' | 'failed' | 'refused'

const LIMITS = { timeoutMs: 10_000, maxBytes: 2 * 2 ** 20 }
/** Pixels on either side: Bluesky's own have 1,000. */
const MAX_SIDE = 3_000
/** Servers that do not answer must not hold up the others for long. */
const MAX_FETCHES = 4
const MAX_WAITING = 200
/** How long an address is not tried again: where it cannot be reached, and where it is no avatar. */
const PAUSE_MS = 300_000
const LONG_PAUSE_MS = 6 * 3_600_000
const MAX_REMEMBERED = 10_000

/** The address led to something other than an image that we take. */
class UnusableImageError extends Error {
  override name = 'UnusableImageError'
}

/** The cache has no room for the avatar, or cannot write it. */
class NotKeptError extends Error {
  override name = 'NotKeptError'
}

/** Fetches avatars in the background, each once at a time, and keeps them. */
export class Avatars {
  readonly #options: AvatarsOptions
  readonly #now: () => number
  readonly #fetches = new Turns({ maxAtOnce: MAX_FETCHES, maxWaiting: MAX_WAITING })
  /** One image at a time: a decoded one may have 36 MB. */
  readonly #encodings = new Turns({ maxAtOnce: 1, maxWaiting: MAX_FETCHES })
  readonly #underWay = new Map<string, Promise<AvatarOutcome>>()
  /** Until when an address is not tried again, oldest first. */
  readonly #failed = new Map<string, number>()

  constructor(options: AvatarsOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** The avatar as WebP, if it is here. Never asks the network. */
  cached({ did, url }: AvatarOf, side: AvatarSide): Promise<Buffer | undefined> {
    return this.#options.cache.get(did, keyOf(url, side))
  }

  /** Fetches the avatar if it is not on its way already. Never rejects; `refused` where it is not to be tried now. */
  fetch(avatar: AvatarOf): Promise<AvatarOutcome> {
    const { did, url } = avatar
    const name = `${did} ${url}`
    const underWay = this.#underWay.get(name)
    if (underWay !== undefined) return underWay
    if ((this.#failed.get(name) ?? 0) > this.#now()) return Promise.resolve('refused')
    const fetching = this.#fetches
      .run(() => this.#fetch(avatar))
      .then(
        (): AvatarOutcome => 'kept',
        (error: unknown): AvatarOutcome => {
          if (error instanceof TurnsFullError || this.#options.signal.aborted) return 'refused'
          this.#remember(name, isFinal(error) ? LONG_PAUSE_MS : PAUSE_MS)
          return 'failed'
        },
      )
      .finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, fetching)
    return fetching
  }

  async #fetch({ did, url }: AvatarOf): Promise<void> {
    const { cache, open, encode, kept, signal } = this.#options
    const image = Buffer.from(await fetchBytes(url, { ...LIMITS, signal, open }))
    assertUsable(image)
    const squares = await this.#encodings.run(async () => {
      const encoded: [AvatarSide, Buffer][] = []
      for (const side of AVATAR_SIDES) encoded.push([side, await encode(image, side)])
      return encoded
    })
    // Their former avatar.
    await cache.erase(did)
    for (const [side, square] of squares) await cache.put(did, keyOf(url, side), square)
    // Else each request for it would fetch and encode it again.
    if (!(await this.#isHere({ did, url }))) throw new NotKeptError(`the avatar of ${did}`)
    kept(did)
  }

  async #isHere(avatar: AvatarOf): Promise<boolean> {
    for (const side of AVATAR_SIDES) if ((await this.cached(avatar, side)) === undefined) return false
    return true
  }

  #remember(name: string, ms: number): void {
    this.#failed.delete(name)
    this.#failed.set(name, this.#now() + ms)
    const [oldest] = this.#failed.keys()
    if (this.#failed.size > MAX_REMEMBERED && oldest !== undefined) this.#failed.delete(oldest)
  }
}

/** Names the picture at `url`: another one has another address. */
function keyOf(url: string, side: AvatarSide): string {
  return `${createHash('sha256').update(url).digest('base64url').slice(0, 22)}-${side}.webp`
}

function assertUsable(image: Buffer): void {
  const head = imageHead(image)
  if (head === undefined) throw new UnusableImageError('not a JPEG, PNG or WebP')
  const { width, height } = head
  const isFit = (side: number): boolean => side >= 1 && side <= MAX_SIDE
  if (!isFit(width) || !isFit(height)) throw new UnusableImageError(`${width} x ${height} pixels`)
}

/** True where the address will lead nowhere tomorrow, either. */
function isFinal(error: unknown): boolean {
  if (error instanceof NotKeptError) return false
  if (!(error instanceof RequestError)) return true
  const { status } = error
  return status !== undefined && status >= 300 && status < 500 && status !== 429
}
