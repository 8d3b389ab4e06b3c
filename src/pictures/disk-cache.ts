// Pictures as files, one folder for each person, so that all of theirs can be removed at once. A file that was cut short or
// damaged is found by its checksum, and removed.
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type Did, isDid } from '@atcute/lexicons/syntax'
import type { PictureCache } from './picture-cache.ts'

export type DiskCacheOptions = {
  /** Belongs to this cache alone. */
  folder: string
  /** Files count as whole blocks. */
  maxBytes: number
  /** Called when the folder cannot be read or written; the cache goes on without that picture. */
  failed: (error: unknown) => void
  /** Milliseconds since the Unix epoch. */
  now?: () => number
}

/** First bytes of each file, then the checksum and the length of what follows. */
const MAGIC = 'rpg1'
const HEADER_BYTES = 12
const BLOCK_BYTES = 4_096
/** Longer names are not legal everywhere. */
const MAX_FOLDER_NAME = 200
/** After reaching the bound, so that not every picture has to make room for itself. */
const SHRINK_TO = 0.9
/** How old a file's time of last use may be. */
const TOUCH_EVERY_MS = 3_600_000
const UNFINISHED = '.new'

type Entry = { bytes: number; touched: number }

/** See `PictureCache`. Files of other processes in the same folder are found, too, but do not count here until a restart. */
export class DiskCache implements PictureCache, AsyncDisposable {
  readonly #options: DiskCacheOptions
  readonly #now: () => number
  /** By path below the folder, the least recently used first. */
  readonly #entries = new Map<string, Entry>()
  readonly #byOwner = new Map<Did, Set<string>>()
  #bytes = 0
  /** Changes of the folder, one after another: a picture that is being written must not outlive its owner's erasing. */
  #changing: Promise<void>

  private constructor(options: DiskCacheOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#changing = this.#scan().catch(options.failed)
  }

  /**
   * Opens the cache in its folder, which is created. Reads what is there in the background.
   * @throws if the folder cannot be written
   */
  static async open(options: DiskCacheOptions): Promise<DiskCache> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 })
    const probe = join(options.folder, `${randomBytes(6).toString('hex')}${UNFINISHED}`)
    await writeFile(probe, '')
    await rm(probe)
    return new DiskCache(options)
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#bytes
  }

  async get(owner: Did, key: string): Promise<Buffer | undefined> {
    const path = pathOf(owner, key)
    if (path === undefined) return undefined
    const file = await readFile(join(this.#options.folder, path)).catch(() => undefined)
    if (file === undefined) return undefined
    const picture = contentOf(file)
    if (picture === undefined) await this.#change(() => this.#remove(path))
    else this.#touch(owner, path, file.length)
    return picture
  }

  put(owner: Did, key: string, picture: Buffer): Promise<void> {
    const path = pathOf(owner, key)
    if (path === undefined) return Promise.resolve()
    return this.#change(async () => {
      const { folder, maxBytes } = this.#options
      const header = Buffer.alloc(HEADER_BYTES)
      header.write(MAGIC, 'latin1')
      header.writeUInt32BE(crc32(picture), 4)
      header.writeUInt32BE(picture.length, 8)
      await mkdir(join(folder, folderOf(owner) ?? ''), { recursive: true, mode: 0o700 })
      const unfinished = join(folder, `${path}${UNFINISHED}`)
      try {
        await writeFile(unfinished, Buffer.concat([header, picture]), { mode: 0o600 })
        await rename(unfinished, join(folder, path))
      } catch (error) {
        // Of a full disk, for one.
        await rm(unfinished, { force: true })
        throw error
      }
      this.#enter(owner, path, { bytes: onDisk(HEADER_BYTES + picture.length), touched: this.#now() })
      if (this.#bytes > maxBytes) await this.#shrink(maxBytes * SHRINK_TO)
    })
  }

  erase(owner: Did): Promise<void> {
    const name = folderOf(owner)
    if (name === undefined) return Promise.resolve()
    return this.#change(async () => {
      await rm(join(this.#options.folder, name), { recursive: true, force: true })
      for (const path of this.#byOwner.get(owner) ?? []) this.#leave(owner, path)
    })
  }

  has(owner: Did): boolean {
    return this.#byOwner.has(owner)
  }

  owners(): Iterable<Did> {
    return this.#byOwner.keys()
  }

  /** Waits for the changes under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#changing
  }

  #change(work: () => Promise<void>): Promise<void> {
    this.#changing = this.#changing.then(work).catch(this.#options.failed)
    return this.#changing
  }

  /** Learns what an earlier process has left, by the time of last use, and removes what it did not finish. */
  async #scan(): Promise<void> {
    const { folder, maxBytes } = this.#options
    const found: { owner: Did; path: string; entry: Entry }[] = []
    for (const name of await readdir(folder)) {
      const owner = ownerOf(name)
      if (owner === undefined) continue
      for (const file of await readdir(join(folder, name)).catch(() => [])) {
        const path = join(name, file)
        const stats = await stat(join(folder, path)).catch(() => undefined)
        if (stats === undefined) continue
        if (file.endsWith(UNFINISHED)) await rm(join(folder, path), { force: true })
        else found.push({ owner, path, entry: { bytes: onDisk(stats.size), touched: stats.mtimeMs } })
      }
    }
    found.sort((a, b) => a.entry.touched - b.entry.touched)
    for (const { owner, path, entry } of found) this.#enter(owner, path, entry)
    if (this.#bytes > maxBytes) await this.#shrink(maxBytes * SHRINK_TO)
  }

  async #shrink(toBytes: number): Promise<void> {
    for (const path of this.#entries.keys()) {
      if (this.#bytes <= toBytes) break
      await this.#remove(path)
    }
  }

  async #remove(path: string): Promise<void> {
    await rm(join(this.#options.folder, path), { force: true })
    const owner = ownerOf(path.split(/[\\/]/)[0] ?? '')
    if (owner !== undefined) this.#leave(owner, path)
  }

  /** Moves a file to the end of the order, and on disk, too, every now and then: the order survives a restart. */
  #touch(owner: Did, path: string, fileBytes: number): void {
    const now = this.#now()
    const { touched = 0 } = this.#entries.get(path) ?? {}
    const isDue = Math.abs(now - touched) > TOUCH_EVERY_MS
    this.#enter(owner, path, { bytes: onDisk(fileBytes), touched: isDue ? now : touched })
    // It may have been removed since; then there is nothing to do.
    if (isDue) utimes(join(this.#options.folder, path), now / 1_000, now / 1_000).catch(() => {})
  }

  #enter(owner: Did, path: string, entry: Entry): void {
    this.#leave(owner, path)
    this.#entries.set(path, entry)
    this.#bytes += entry.bytes
    const paths = this.#byOwner.get(owner) ?? new Set<string>()
    this.#byOwner.set(owner, paths.add(path))
  }

  #leave(owner: Did, path: string): void {
    this.#bytes -= this.#entries.get(path)?.bytes ?? 0
    this.#entries.delete(path)
    const paths = this.#byOwner.get(owner)
    paths?.delete(path)
    if (paths?.size === 0) this.#byOwner.delete(owner)
  }
}

/** Removes a person's pictures from the cache in `folder`, whether or not a process uses it. */
export async function eraseFromDisk(folder: string, owner: Did): Promise<void> {
  const name = folderOf(owner)
  if (name !== undefined) await rm(join(folder, name), { recursive: true, force: true })
}

function contentOf(file: Buffer): Buffer | undefined {
  if (file.length < HEADER_BYTES || file.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
  const content = file.subarray(HEADER_BYTES)
  return content.length === file.readUInt32BE(8) && crc32(content) === file.readUInt32BE(4)
    ? content
    : undefined
}

function onDisk(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES
}

/** `undefined` for a DID whose folder would have too long a name: nothing of theirs is kept. */
function folderOf(owner: Did): string | undefined {
  const name = encodeURIComponent(owner)
  return name.length <= MAX_FOLDER_NAME ? name : undefined
}

function pathOf(owner: Did, key: string): string | undefined {
  const folder = folderOf(owner)
  return folder === undefined ? undefined : join(folder, key)
}

function ownerOf(folder: string): Did | undefined {
  try {
    const did = decodeURIComponent(folder)
    return isDid(did) ? did : undefined
  } catch {
    return undefined
  }
}
