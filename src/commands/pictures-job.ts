import { lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Micros } from '../atproto/event.ts'
import { openPublicUrl, openTrustedUrl } from '../bluesky/open-url.ts'
import { isOnThisMachine } from '../bluesky/public-address.ts'
import type { Config } from '../config.ts'
import { cacheFolders, maintain, makePictures, openCaches, type Pictures } from '../pictures/pictures.ts'
import { driverOf } from '../store/drivers.ts'
import type { Reader } from '../store/store.ts'
import { throttle } from '../throttle.ts'
import { monotonic } from './from-config.ts'
import { version } from './version.ts'

export type PicturesJobOptions = {
  config: Config
  reader: Pick<Reader, 'characters'>
  log: Logger
}

/** Pause between two logs of trouble with pictures. */
const LOG_EVERY_MICROS: Micros = 600_000_000

/** Disposing ends requests for avatars and waits until all files are written. */
export type PicturesJob = AsyncDisposable & { pictures: Pictures }

/** Makes cards and avatars, keeps them, and erases those of people who have gone. */
export async function picturesJob({ config, reader, log }: PicturesJobOptions): Promise<PicturesJob> {
  const over = new AbortController()
  const { signal } = over
  const troubled = throttle(monotonic, LOG_EVERY_MICROS)
  const failed = (err: unknown): void =>
    troubled((count) =>
      log.warn(
        { err, count },
        'Cards and avatars cannot be kept on disk as they should: see CACHE_DIR and CACHE_SIZE.',
      ),
    )
  const caches = await openCaches({ folder: folderOf(config), maxBytes: config.CACHE_SIZE, failed })
  const { APPVIEW_URL } = config
  const pictures = makePictures({
    ...caches,
    // An AppView on this machine is a simulator: it serves avatars, too.
    open: APPVIEW_URL !== 'none' && isOnThisMachine(APPVIEW_URL) ? openTrustedUrl : openPublicUrl,
    shown: async (dids) => new Set((await reader.characters(dids)).map(({ did }) => did)),
    version: version(),
    signal,
  })
  const ended = maintain(pictures.upkeep, { failed, signal })
  return {
    pictures,
    [Symbol.asyncDispose]: async () => {
      over.abort()
      await ended
      await caches[Symbol.asyncDispose]()
    },
  }
}

/** The folders that hold people's pictures. */
export function pictureFolders(config: Config): string[] {
  const folder = folderOf(config)
  return folder === undefined ? [] : cacheFolders(folder)
}

function folderOf({ CACHE_DIR, DATABASE_URL }: Config): string | undefined {
  return CACHE_DIR ?? driverOf(DATABASE_URL).folderBeside(DATABASE_URL) ?? temporaryFolder()
}

/** A folder of this user's; `undefined` where somebody else has made one of its name. */
function temporaryFolder(): string | undefined {
  const { getuid } = process
  const folder = join(tmpdir(), `bsky-rpg-pictures-${getuid?.() ?? 'own'}`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const found = lstatSync(folder)
    const isOwn = getuid === undefined || found.uid === getuid()
    return found.isDirectory() && isOwn ? folder : undefined
  } catch {
    return undefined
  }
}
