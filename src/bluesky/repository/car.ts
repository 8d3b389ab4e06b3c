import { isCarV1Header } from '@atcute/car'
import { decode } from '@atcute/cbor'
import { fromCidLink } from '@atcute/cid'
import type { RepositoryLimits } from './limits.ts'
import { malformed, RepositoryError, tooLarge } from './repository-error.ts'

/** A block of a CAR file. Both buffers are views that the next chunk may overwrite: copy them to keep them. */
export type CarBlock = {
  /** The CID's 36 bytes: version, codec, and the SHA-256 of `bytes`, not verified yet. */
  cid: Buffer
  bytes: Buffer
}

export type CarLimits = Pick<RepositoryLimits, 'maxBytes' | 'maxBlocks' | 'maxBlockBytes'>

/** The only CIDs of atproto: version 1, dag-cbor or raw, SHA-256 of 32 bytes. */
const CID_BYTES = 36
const MAX_HEADER_BYTES = 4_096
/** Lengths are below 2^28; longer ones exceed any limit. */
const MAX_VARINT_BYTES = 4

/**
 * Parses a CAR file as it arrives. `@atcute/car` reads streams, too, but allocates the length that a block claims before
 * its first byte arrives; this parser buffers only the current block, within limits.
 */
export class CarReader {
  readonly #limits: CarLimits
  /** The root's CID, once the header is read. */
  #root: Buffer | undefined
  #bytes = 0
  #blocks = 0
  /** The varint that is being read, and how many of its bytes have arrived. */
  #length = 0
  #lengthBytes = 0
  /** A header or block that is spread over several chunks, and how many of its bytes have arrived. */
  #begun: Buffer | undefined
  #filled = 0

  constructor(limits: CarLimits) {
    this.#limits = limits
  }

  /** Bytes read so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** The CID of the root block; `undefined` until the header has arrived. */
  get root(): Buffer | undefined {
    return this.#root
  }

  /** Yields the blocks that `chunk` completes. @throws {RepositoryError} */
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

  /** Call it at the end of the file. @throws {RepositoryError} if the file is cut off */
  end(): void {
    if (this.#root === undefined || this.#begun !== undefined || this.#lengthBytes > 0) {
      throw new RepositoryError('incomplete', 'the CAR file was cut off')
    }
  }

  /** Takes one byte of a varint; true if it was the last. */
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
