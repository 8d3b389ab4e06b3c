import { isCarV1Header } from '@atcute/car'
import { decode } from '@atcute/cbor'
import { fromCidLink } from '@atcute/cid'
import type { RepositoryLimits } from './limits.ts'
import { malformed, RepositoryError, tooLarge } from './repository-error.ts'

/** A block of a CAR file. Both are views that the next chunk may overwrite: copy what is kept. */
export type CarBlock = {
  /** The CID's 36 bytes: version, codec, and the SHA-256 of `bytes`, which nobody has compared yet. */
  cid: Buffer
  bytes: Buffer
}

export type CarLimits = Pick<RepositoryLimits, 'maxBytes' | 'maxBlocks' | 'maxBlockBytes'>

/** The only CIDs of atproto: version 1, dag-cbor or raw, SHA-256 of 32 bytes. */
const CID_BYTES = 36
const MAX_HEADER_BYTES = 4_096
/** Lengths are below 2^28: what needs more is too long by any limit. */
const MAX_VARINT_BYTES = 4

/**
 * Takes a CAR file apart as it arrives. `@atcute/car` reads streams, too, but believes the lengths that a file claims and
 * makes room for them before the first byte is there; here nothing is held but the block that has begun, within limits.
 */
export class CarReader {
  readonly #limits: CarLimits
  /** The root's CID, once the header is read. */
  #root: Buffer | undefined
  #bytes = 0
  #blocks = 0
  /** The length that is being read, and how many of its bytes there were. */
  #length = 0
  #lengthBytes = 0
  /** The header or block that has begun and has not come in one piece; and how much of it is there. */
  #begun: Buffer | undefined
  #filled = 0

  constructor(limits: CarLimits) {
    this.#limits = limits
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** The CID of what the file is of; `undefined` before the header has come. */
  get root(): Buffer | undefined {
    return this.#root
  }

  /** The blocks that are whole with `chunk`. @throws {RepositoryError} */
  *push(chunk: Uint8Array): Generator<CarBlock> {
    this.#bytes += chunk.length
    if (this.#bytes > this.#limits.maxBytes) throw tooLarge(`more than ${this.#limits.maxBytes} bytes`)
    const data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    let at = 0
    while (at < data.length) {
      if (this.#begun !== undefined) {
        const taken = data.copy(this.#begun, this.#filled, at)
        at += taken
        this.#filled += taken
        if (this.#filled < this.#begun.length) return
        const section = this.#begun
        this.#begun = undefined
        yield* this.#read(section)
        continue
      }
      if (!this.#readLength(data[at++] as number)) continue
      const length = this.#length
      this.#length = this.#lengthBytes = 0
      this.#checkLength(length)
      if (at + length <= data.length) {
        yield* this.#read(data.subarray(at, at + length))
        at += length
      } else {
        this.#begun = Buffer.allocUnsafe(length)
        this.#filled = 0
      }
    }
  }

  /** There is no more. @throws {RepositoryError} where there should be */
  end(): void {
    if (this.#root === undefined || this.#begun !== undefined || this.#lengthBytes > 0) {
      throw new RepositoryError('incomplete', 'the CAR file was cut off')
    }
  }

  /** Takes one byte of a length; true when it was the last. */
  #readLength(byte: number): boolean {
    this.#length += (byte & 0x7f) * 2 ** (7 * this.#lengthBytes)
    this.#lengthBytes += 1
    if (byte < 0x80) return true
    if (this.#lengthBytes === MAX_VARINT_BYTES) throw tooLarge('a length of more than four bytes')
    return false
  }

  #checkLength(length: number): void {
    if (this.#root === undefined) {
      if (length === 0 || length > MAX_HEADER_BYTES) throw malformed(`a header of ${length} bytes`)
      return
    }
    if (length < CID_BYTES) throw malformed(`a block of ${length} bytes`)
    if (length > this.#limits.maxBlockBytes + CID_BYTES) throw tooLarge(`a block of ${length} bytes`)
    this.#blocks += 1
    if (this.#blocks > this.#limits.maxBlocks) throw tooLarge(`more than ${this.#limits.maxBlocks} blocks`)
  }

  *#read(section: Buffer): Generator<CarBlock> {
    if (this.#root === undefined) {
      this.#root = rootOf(section)
      return
    }
    const [version, codec, hash, hashBytes] = section
    if (version !== 1 || (codec !== 0x71 && codec !== 0x55) || hash !== 0x12 || hashBytes !== 32) {
      throw malformed('a block with a CID of another kind')
    }
    yield { cid: section.subarray(0, CID_BYTES), bytes: section.subarray(CID_BYTES) }
  }
}

function rootOf(header: Buffer): Buffer {
  try {
    const value: unknown = decode(header)
    const [root] = isCarV1Header(value) ? value.roots : []
    if (root !== undefined) return Buffer.from(fromCidLink(root).bytes)
  } catch (error) {
    throw malformed('its header', error)
  }
  throw malformed('its header names no root')
}
