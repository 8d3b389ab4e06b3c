import { readSync } from 'node:fs'
import { type LogHead, readLogHead } from './log-head.ts'

export type LogTailOptions = {
  /** File descriptors of the write-ahead log and its index. */
  log: number
  index: number
  pageBytes: number
  /** Takes a committed page, in the order of the log; `page` counts from 1, and `content` is valid during the call. */
  put: (page: number, content: Buffer) => void
}

const LOG_HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const READ_BYTES = 1024 * 1024

/**
 * Follows a write-ahead log from its first frame on, without locking anything: SQLite may begin the log anew meanwhile, over
 * frames that were not read yet. The index counts commits, which tells whether any were missed.
 */
export class LogTail {
  readonly #options: LogTailOptions
  readonly #buffer: Buffer
  #salts = ''
  #frames = 0
  /** Of the log as it is now: commits before its first frame, if none was missed. */
  #commitsBefore = 0
  #commits = 0

  constructor(options: LogTailOptions) {
    this.#options = options
    const frameBytes = FRAME_HEADER_BYTES + options.pageBytes
    this.#buffer = Buffer.alloc(Math.max(1, Math.floor(READ_BYTES / frameBytes)) * frameBytes)
  }

  /** Reads all of the log as it is now. @returns false where SQLite began it anew meanwhile: call it again */
  start(): boolean {
    const head = readLogHead(this.#options.index)
    this.#salts = head.salts
    this.#frames = 0
    this.#commits = 0
    if (!this.#read(head)) return false
    this.#commitsBefore = (head.commits - this.#commits) >>> 0
    return true
  }

  /**
   * Reads what was committed since the last call.
   * @returns the head up to which everything has been put; `undefined` where commits were missed: the copy must begin anew
   */
  follow(): LogHead | undefined {
    const head = readLogHead(this.#options.index)
    if (head.salts === this.#salts) return this.#read(head) ? head : undefined
    this.#commitsBefore = (this.#commitsBefore + this.#commits) >>> 0
    this.#salts = head.salts
    this.#frames = 0
    this.#commits = 0
    if (!this.#read(head)) return undefined
    return (this.#commitsBefore + this.#commits) >>> 0 === head.commits ? head : undefined
  }

  /** Puts the frames up to `head`; false where one of them belongs to another log by now. */
  #read({ frames, salts }: LogHead): boolean {
    const { log, pageBytes, put } = this.#options
    const frameBytes = FRAME_HEADER_BYTES + pageBytes
    while (this.#frames < frames) {
      const wanted = Math.min(this.#buffer.length, (frames - this.#frames) * frameBytes)
      const place = LOG_HEADER_BYTES + this.#frames * frameBytes
      if (readSync(log, this.#buffer, 0, wanted, place) < wanted) return false
      for (let at = 0; at < wanted; at += frameBytes) {
        if (this.#buffer.toString('hex', at + 8, at + 16) !== salts) return false
      }
      // Checked again after reading: SQLite overwrites frames only after it has named the new log in the index.
      if (readLogHead(this.#options.index).salts !== salts) return false
      for (let at = 0; at < wanted; at += frameBytes) {
        put(this.#buffer.readUInt32BE(at), this.#buffer.subarray(at + FRAME_HEADER_BYTES, at + frameBytes))
        // Only the last frame of a commit says how large the database is then.
        if (this.#buffer.readUInt32BE(at + 4) !== 0) this.#commits++
      }
      this.#frames += wanted / frameBytes
    }
    return true
  }
}
