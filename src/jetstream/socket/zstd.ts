// zstd frames with a dictionary, many at a time: node:zlib reads the dictionary anew at every call, which
// costs more than thirty frames do. Dictionaries and where they come from: dictionaries.ts.
import { constants, zstdDecompressSync } from 'node:zlib'

export type Dictionary = {
  /** 0 for one that names no id. */
  id: number
  bytes: Uint8Array
}

/** A frame's text, or why there is none. */
export type Inflated = { text: string } | { failed: 'zstd' | 'oversized' | 'wrong-dictionary' }

type Sized = { frame: Buffer; size: number }

const FRAME_MAGIC = 0xfd2fb528
const DICTIONARY_MAGIC = 0xec30a437
/** Together, in bytes of text: enough to make the call cheap, little enough to hold at once. */
const MAX_TOGETHER = 1024 * 1024
/** 8 MiB, the most that a decoder must support (RFC 8878, 3.1.1.1.2). */
const MAX_WINDOW_LOG = 23

/** Reads a dictionary's own id (RFC 8878, section 5); bytes of another form are a raw one, without id. */
export function dictionaryOf(bytes: Uint8Array): Dictionary {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const structured = bytes.length > 8 && view.getUint32(0, true) === DICTIONARY_MAGIC
  return { id: structured ? view.getUint32(4, true) : 0, bytes }
}

/**
 * Decompresses the first of `frames` (one or more), each a whole zstd frame: as many as are worth one call.
 * No frame harms another, and none is given more than `maxBytes`, whatever it declares.
 */
export function inflate(frames: readonly Buffer[], dictionary: Dictionary, maxBytes: number): Inflated[] {
  const set: Sized[] = []
  let sizes = 0
  for (const frame of frames) {
    const header = headerOf(frame)
    const size = header?.size
    const fault = faultOf(header, dictionary, maxBytes)
    if (fault !== undefined || size === undefined || (sizes > 0 && sizes + size > MAX_TOGETHER)) {
      if (set.length > 0) break
      return [fault ?? inflateOne(frame, size, dictionary, maxBytes)]
    }
    set.push({ frame, size })
    sizes += size
  }
  return inflateTogether(set, sizes, dictionary)
}

/**
 * What a frame's header declares: the size of its content and its dictionary, where it does (RFC 8878,
 * section 3.1.1.1). Undefined when it is no frame.
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
  // Two bytes begin where one byte ends.
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

/** A set that does not come out as declared is taken apart, to find who is to blame. */
function inflateTogether(set: readonly Sized[], sizes: number, dictionary: Dictionary): Inflated[] {
  const input = set.map(({ frame }) => frame)
  const all = set.length > 1 ? decompress(Buffer.concat(input), sizes, dictionary) : undefined
  if (all === undefined || all.length !== sizes) {
    return set.map(({ frame, size }) => inflateOne(frame, size, dictionary, size))
  }
  let at = 0
  return set.map(({ size }) => {
    const text = all.toString('utf8', at, at + size)
    at += size
    return { text }
  })
}

/** A frame that was cut off may give less than it declares, without an error. */
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
