// Decompresses zstd frames, many in one call: node:zlib reads the dictionary anew at every call, which costs more than
// thirty frames do. Where dictionaries come from is in dictionaries.ts.
import { constants, zstdDecompressSync } from 'node:zlib'

export type Dictionary = {
  /** 0 where it has none. */
  id: number
  bytes: Uint8Array
}

/** A frame's text, or why there is none. */
export type Inflated = { text: string } | { failed: 'zstd' | 'oversized' | 'wrong-dictionary' }

type Sized = { frame: Buffer; size: number }

const FRAME_MAGIC = 0xfd2fb528
const DICTIONARY_MAGIC = 0xec30a437
/** Text inflated in one call, in bytes: enough to make the call worth it, little enough for memory. */
const MAX_TOGETHER_BYTES = 1024 * 1024
/** 8 MiB, the most that a decoder must support (RFC 8878, 3.1.1.1.2). */
const MAX_WINDOW_LOG = 23

/** Reads a dictionary's own id (RFC 8878, section 5); bytes without its magic number are a raw dictionary, without id. */
export function dictionaryOf(bytes: Uint8Array): Dictionary {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const structured = bytes.length > 8 && view.getUint32(0, true) === DICTIONARY_MAGIC
  return { id: structured ? view.getUint32(4, true) : 0, bytes }
}

/**
 * Decompresses the first of `frames` (one or more, each a whole zstd frame), as many as fit in one call, and returns a
 * result for each of these. A broken frame fails alone, and none inflates to more than `maxBytes`, whatever it declares.
 */
export function inflate(frames: readonly Buffer[], dictionary: Dictionary, maxBytes: number): Inflated[] {
  const batch: Sized[] = []
  let totalBytes = 0
  for (const frame of frames) {
    const header = headerOf(frame)
    const size = header?.size
    const fault = faultOf(header, dictionary, maxBytes)
    // A frame without a size goes alone: in a batch, only the sizes show where each text ends.
    if (
      fault !== undefined ||
      size === undefined ||
      (totalBytes > 0 && totalBytes + size > MAX_TOGETHER_BYTES)
    ) {
      if (batch.length > 0) break
      return [fault ?? inflateOne(frame, size, dictionary, maxBytes)]
    }
    batch.push({ frame, size })
    totalBytes += size
  }
  return inflateTogether(batch, totalBytes, dictionary)
}

/**
 * What a frame's header declares (RFC 8878, section 3.1.1.1): the size of its content in bytes or undefined, and the id
 * of its dictionary or 0. Undefined where it is no zstd frame.
 */
export function headerOf(frame: Buffer): { size: number | undefined; dictionary: number } | undefined {
  if (frame.length < 6 || frame.readUInt32LE(0) !== FRAME_MAGIC) return undefined
  const descriptor = frame.readUInt8(4)
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag
  const dictionaryAt = singleSegment ? 5 : 6
  const sizeAt = dictionaryAt + dictionaryBytes
  if (frame.length < sizeAt + sizeBytes) return undefined
  return {
    dictionary: dictionaryBytes === 0 ? 0 : frame.readUIntLE(dictionaryAt, dictionaryBytes),
    size: sizeBytes === 0 ? undefined : declaredSize(frame, sizeAt, sizeBytes),
  }
}

function declaredSize(frame: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return Number(frame.readBigUInt64LE(at))
  // A size of two bytes counts from 256 (RFC 8878, section 3.1.1.1.4).
  return frame.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0)
}

function faultOf(
  header: ReturnType<typeof headerOf>,
  dictionary: Dictionary,
  maxBytes: number,
): Inflated | undefined {
  if (header === undefined) return { failed: 'zstd' }
  if (header.size !== undefined && header.size > maxBytes) return { failed: 'oversized' }
  if (header.dictionary !== 0 && header.dictionary !== dictionary.id) return { failed: 'wrong-dictionary' }
  return undefined
}

/** Inflates frames in one call, or one by one if that fails or gives another size: so only the broken ones fail. */
function inflateTogether(batch: readonly Sized[], totalBytes: number, dictionary: Dictionary): Inflated[] {
  const input = batch.map(({ frame }) => frame)
  const all = batch.length > 1 ? decompress(Buffer.concat(input), totalBytes, dictionary) : undefined
  if (all === undefined || all.length !== totalBytes) {
    return batch.map(({ frame, size }) => inflateOne(frame, size, dictionary, size))
  }
  let at = 0
  return batch.map(({ size }) => {
    const text = all.toString('utf8', at, at + size)
    at += size
    return { text }
  })
}

/** Compares the size, too: a frame that was cut off may give less than it declares without an error. */
function inflateOne(
  frame: Buffer,
  size: number | undefined,
  dictionary: Dictionary,
  maxBytes: number,
): Inflated {
  const bytes = decompress(frame, size ?? maxBytes, dictionary)
  if (bytes === undefined || bytes.length !== (size ?? bytes.length)) return { failed: 'zstd' }
  return { text: bytes.toString() }
}

/** Undefined when `input` cannot be read or gives more than `maxBytes`. */
function decompress(input: Buffer, maxBytes: number, { bytes }: Dictionary): Buffer | undefined {
  try {
    return zstdDecompressSync(input, {
      dictionary: bytes,
      maxOutputLength: Math.max(1, maxBytes),
      chunkSize: Math.max(64, maxBytes),
      params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG },
    })
  } catch {
    return undefined
  }
}
