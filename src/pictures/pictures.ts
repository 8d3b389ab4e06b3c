import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Did } from '@atcute/lexicons/syntax'
import type { OpenUrl } from '../bluesky/request.ts'
import { Avatars } from './avatars.ts'
import { Cards } from './cards.ts'
import { DiskCache } from './disk-cache.ts'
import { MemoryCache, type PictureCache } from './picture-cache.ts'
import { CardRenderer } from './renderer.ts'
import { Upkeep } from './upkeep.ts'

/** Pictures of people, and what keeps them. */
export type Pictures = {
  cards: Cards
  avatars: Avatars
  /** Tell it of people who have changed. */
  upkeep: Upkeep
}

export type PicturesOptions = {
  cards: PictureCache
  avatars: PictureCache
  /** Opens the addresses of avatars, which strangers choose. */
  open: OpenUrl
  /** See `Upkeep`. */
  shown: (dids: readonly Did[]) => Promise<ReadonlySet<Did>>
  version: string
  /** Ends requests for avatars. */
  signal: AbortSignal
}

/** Maximum time for which pictures of somebody who has gone stay, where their change is reported. */
const UPKEEP_EVERY_MS = 1_000

/** Of each cache, where no folder can or may be used. */
const MAX_MEMORY_BYTES = 16 * 2 ** 20

export function makePictures({ cards, avatars, open, shown, version, signal }: PicturesOptions): Pictures {
  const renderer = new CardRenderer()
  const upkeep = new Upkeep({ caches: [cards, avatars], shown })
  const kept = (did: Did): void => upkeep.changed([did])
  return {
    upkeep,
    cards: new Cards({ renderer, cache: cards, kept, version }),
    avatars: new Avatars({
      cache: avatars,
      open,
      encode: (image, side) => renderer.square(image, side),
      kept,
      signal,
    }),
  }
}

/** Folders below `folder`, each with half of its bytes: cards come and go, and must not push out avatars. */
const KINDS = ['cards', 'avatars'] as const

/** The folders of the caches below `folder`. */
export function cacheFolders(folder: string): string[] {
  return KINDS.map((kind) => join(folder, kind))
}

export type OpenCachesOptions = {
  /** `undefined`: pictures are kept in memory, a few. */
  folder: string | undefined
  /** On disk; 0: pictures are kept in memory, a few. */
  maxBytes: number
  /** Called when files cannot be read or written. */
  failed: (error: unknown) => void
}

/** Opens the caches; in memory where the folder cannot be used, which is reported to `failed`. */
export async function openCaches({
  folder,
  maxBytes,
  failed,
}: OpenCachesOptions): Promise<{ cards: PictureCache; avatars: PictureCache } & AsyncDisposable> {
  const half = Math.floor(maxBytes / KINDS.length)
  await using opened = new AsyncDisposableStack()
  const open = async (below: string): Promise<PictureCache> => {
    if (folder !== undefined && half > 0) {
      try {
        return opened.use(await DiskCache.open({ folder: join(folder, below), maxBytes: half, failed }))
      } catch (error) {
        failed(error)
      }
    }
    return new MemoryCache({ maxBytes: half === 0 ? MAX_MEMORY_BYTES : Math.min(half, MAX_MEMORY_BYTES) })
  }
  const [cards, avatars] = await Promise.all([open('cards'), open('avatars')])
  const stack = opened.move()
  return { cards, avatars, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** Runs `upkeep` until `signal` aborts. */
export async function maintain(
  upkeep: Upkeep,
  {
    failed,
    signal,
    everyMs = UPKEEP_EVERY_MS,
  }: { failed: (error: unknown) => void; signal: AbortSignal; everyMs?: number },
): Promise<void> {
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {})
    await upkeep.round().catch(failed)
  }
}
