import { fsyncSync, ftruncateSync, writeSync } from 'node:fs'

/** A copy that is being made. Its first page comes last, without which no program takes it for a database. */
export class PageFile {
  readonly #file: number
  readonly #pageBytes: number
  readonly #first: Buffer
  /** A bit for each page that came from the log: what the database's file has of it may be older. */
  #logged = new Uint8Array(0)

  constructor(file: number, pageBytes: number) {
    this.#file = file
    this.#pageBytes = pageBytes
    this.#first = Buffer.alloc(pageBytes)
  }

  /** Begins anew; what has been written stays until it is overwritten. */
  restart(): void {
    this.#logged.fill(0)
  }

  /** Writes a page of the log. */
  putLogged(page: number, content: Buffer): void {
    const byte = page >> 3
    if (byte >= this.#logged.length) {
      const grown = new Uint8Array(Math.max(byte + 1, this.#logged.length * 2))
      grown.set(this.#logged)
      this.#logged = grown
    }
    this.#logged[byte] = (this.#logged[byte] ?? 0) | (1 << (page & 7))
    this.#write(page, content)
  }

  /** Writes pages of the database's file, the first of which is `page`, but for those that came from the log. */
  putStored(page: number, content: Buffer): void {
    const pages = content.length / this.#pageBytes
    for (let i = 0; i < pages; ) {
      let end = i
      while (end < pages && !this.#isLogged(page + end)) end++
      if (end > i) this.#write(page + i, content.subarray(i * this.#pageBytes, end * this.#pageBytes))
      i = end + 1
    }
  }

  /** Makes it a database of `pages` pages, and durable. */
  finish(pages: number): void {
    ftruncateSync(this.#file, pages * this.#pageBytes)
    fsyncSync(this.#file)
    writeAll(this.#file, this.#first, 0)
    fsyncSync(this.#file)
  }

  #isLogged(page: number): boolean {
    return ((this.#logged[page >> 3] ?? 0) & (1 << (page & 7))) !== 0
  }

  #write(page: number, content: Buffer): void {
    const rest = page === 1 ? content.subarray(this.#pageBytes) : content
    if (page === 1) content.copy(this.#first, 0, 0, this.#pageBytes)
    writeAll(this.#file, rest, Math.max(page - 1, 1) * this.#pageBytes)
  }
}

function writeAll(file: number, content: Buffer, place: number): void {
  for (let done = 0; done < content.length; )
    done += writeSync(file, content, done, content.length - done, place + done)
}
