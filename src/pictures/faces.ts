// The fonts that travel with the program, as subsets by code points; dev/fonts/main.ts lists them in fonts/faces.json.
import { readFileSync } from 'node:fs'

/**
 * A file of a font: some of a family's glyphs, in one weight. `ranges` are the code points of these: the first and the last
 * of some that follow each other, the first and the last of the next ones, and so on.
 */
export type Face = { family: string; weight: number; file: string; ranges: readonly number[] }

/** The content of faces.json. */
type Listed = { version: string; faces: readonly Face[] }

const FOLDER = new URL('./fonts/', import.meta.url)

/** Knows which files have a glyph for a code point. */
export class Faces {
  /** Differs where any of the fonts does. */
  readonly version: string
  /** The faces with a glyph among each 256 code points. */
  readonly #byBlock = new Map<number, Face[]>()

  constructor({ version, faces }: Listed) {
    this.version = version
    for (const face of faces) {
      for (const block of blocksOf(face)) {
        const sharing = this.#byBlock.get(block)
        if (sharing === undefined) this.#byBlock.set(block, [face])
        else sharing.push(face)
      }
    }
  }

  /** The faces with a glyph for `codePoint`. */
  of(codePoint: number): readonly Face[] {
    const block = this.#byBlock.get(codePoint >> 8) ?? []
    return block.filter(({ ranges }) => isWithin(ranges, codePoint))
  }
}

let own: Faces | undefined

/** The faces of this program's own fonts. Reads their list at the first call, which takes some milliseconds. */
export function ownFaces(): Faces {
  if (own !== undefined) return own
  own = new Faces(JSON.parse(readFileSync(new URL('faces.json', FOLDER), 'utf8')) as Listed)
  return own
}

/** Where the file of `face` is. */
export function fileOf({ file }: Face): URL {
  return new URL(file, FOLDER)
}

function blocksOf({ ranges }: Face): Set<number> {
  const blocks = new Set<number>()
  for (let at = 0; at < ranges.length; at += 2) {
    const last = (ranges[at + 1] ?? 0) >> 8
    for (let block = (ranges[at] ?? 0) >> 8; block <= last; block++) blocks.add(block)
  }
  return blocks
}

/** A binary search: `ranges` ascend. */
function isWithin(ranges: readonly number[], codePoint: number): boolean {
  let [low, high] = [0, ranges.length / 2 - 1]
  while (low <= high) {
    const middle = (low + high) >>> 1
    if (codePoint < (ranges[2 * middle] ?? 0)) high = middle - 1
    else if (codePoint > (ranges[2 * middle + 1] ?? 0)) low = middle + 1
    else return true
  }
  return false
}
