import { brotliDecompressSync } from 'node:zlib'

/** First and last of consecutive code points. */
export type Range = [first: number, last: number]

/** Bytes of a WOFF2 header, after which the directory of tables begins. */
const HEADER_BYTES = 48
/** A table of this place in WOFF2's list of known tags is a `cmap`. */
const CMAP = 0
const GLYF = 10
const LOCA = 11
/** The tag stands in the directory itself. */
const OTHER_TAG = 63

/**
 * The code points for which a WOFF2 file has a glyph, from its `cmap` table (formats 4 and 12).
 * @throws {Error} if the file is no WOFF2, or has another kind of `cmap`
 */
export function coverageOf(woff2: Buffer): Range[] {
  if (woff2.toString('latin1', 0, 4) !== 'wOF2') throw new Error('not a WOFF2 file')
  return rangesOf(codePointsIn(cmapOf(woff2)))
}

/** Consecutive code points as ranges, in order. */
function rangesOf(codePoints: Iterable<number>): Range[] {
  const ranges: Range[] = []
  for (const codePoint of [...new Set(codePoints)].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === codePoint - 1) last[1] = codePoint
    else ranges.push([codePoint, codePoint])
  }
  return ranges
}

/** https://www.w3.org/TR/WOFF2/#table_dir_format */
function cmapOf(woff2: Buffer): Buffer {
  const tables = woff2.readUInt16BE(12)
  let at = HEADER_BYTES
  const base128 = (): number => {
    for (let value = 0; ; ) {
      const byte = woff2.readUInt8(at++)
      value = value * 128 + (byte & 0x7f)
      if ((byte & 0x80) === 0) return value
    }
  }
  let offset = 0
  let found: [start: number, end: number] | undefined
  for (let table = 0; table < tables; table++) {
    const flags = woff2.readUInt8(at++)
    const [tag, version] = [flags & 0x3f, flags >> 6]
    if (tag === OTHER_TAG) at += 4
    const original = base128()
    const transformed = tag === GLYF || tag === LOCA ? version !== 3 : version !== 0
    const length = transformed ? base128() : original
    if (tag === CMAP) found = [offset, offset + length]
    offset += length
  }
  if (found === undefined) throw new Error('the font has no cmap')
  return brotliDecompressSync(woff2.subarray(at, at + woff2.readUInt32BE(20))).subarray(...found)
}

/** https://learn.microsoft.com/typography/opentype/spec/cmap */
function* codePointsIn(cmap: Buffer): Generator<number> {
  let read = false
  for (let entry = 0; entry < cmap.readUInt16BE(2); entry++) {
    const table = cmap.subarray(cmap.readUInt32BE(4 + 8 * entry + 4))
    const format = table.readUInt16BE(0)
    if (format === 4) yield* format4(table)
    else if (format === 12) yield* format12(table)
    else continue
    read = true
  }
  if (!read) throw new Error('the font has no cmap of format 4 or 12')
}

function* format4(table: Buffer): Generator<number> {
  const twice = table.readUInt16BE(6)
  for (let segment = 0; segment < twice; segment += 2) {
    const end = table.readUInt16BE(14 + segment)
    const start = table.readUInt16BE(16 + twice + segment)
    const delta = table.readUInt16BE(16 + 2 * twice + segment)
    const offsetAt = 16 + 3 * twice + segment
    const offset = table.readUInt16BE(offsetAt)
    for (let code = start; code <= end && code < 0xffff; code++) {
      const glyph = offset === 0 ? code : table.readUInt16BE(offsetAt + offset + 2 * (code - start))
      if (glyph !== 0 && (offset === 0 ? glyph + delta : glyph) % 0x1_0000 !== 0) yield code
    }
  }
}

function* format12(table: Buffer): Generator<number> {
  for (let group = 0; group < table.readUInt32BE(12); group++) {
    const at = 16 + 12 * group
    const [start, end, glyph] = [
      table.readUInt32BE(at),
      table.readUInt32BE(at + 4),
      table.readUInt32BE(at + 8),
    ]
    for (let code = start; code <= end; code++) if (glyph + code - start !== 0) yield code
  }
}
