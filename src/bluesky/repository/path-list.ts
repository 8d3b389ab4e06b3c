import type { RecordPath } from '../../game/state.ts'

/** The memory of a `PathList`, to transfer it between threads without a copy. */
export type PackedPaths = { bytes: Uint8Array<ArrayBuffer>; ends: Uint32Array<ArrayBuffer> }

/**
 * Sorted paths of records, packed into one buffer: to receive a set of a million strings would block the receiving thread
 * for more than a second.
 */
export class PathList implements Iterable<RecordPath> {
  readonly packed: PackedPaths
  readonly #bytes: Buffer

  constructor(packed: PackedPaths) {
    this.packed = packed
    this.#bytes = Buffer.from(packed.bytes.buffer, packed.bytes.byteOffset, packed.bytes.length)
  }

  /** @param paths ASCII, in any order, each once */
  static of(paths: Iterable<string>): PathList {
    const sorted = [...paths].sort()
    const ends = new Uint32Array(sorted.length)
    let end = 0
    for (const [index, path] of sorted.entries()) {
      end += path.length
      ends[index] = end
    }
    const bytes = new Uint8Array(end)
    const buffer = Buffer.from(bytes.buffer)
    let at = 0
    for (const path of sorted) at += buffer.write(path, at, 'latin1')
    return new PathList({ bytes, ends })
  }

  get size(): number {
    return this.packed.ends.length
  }

  has(path: RecordPath): boolean {
    let low = 0
    let high = this.size
    while (low < high) {
      const middle = (low + high) >>> 1
      const found = this.#at(middle)
      if (found === path) return true
      if (found < path) low = middle + 1
      else high = middle
    }
    return false
  }

  *[Symbol.iterator](): Generator<RecordPath> {
    for (let index = 0; index < this.size; index++) yield this.#at(index)
  }

  #at(index: number): RecordPath {
    const { ends } = this.packed
    return this.#bytes.toString('latin1', index === 0 ? 0 : ends[index - 1], ends[index]) as RecordPath
  }
}
