import { createHash } from 'node:crypto'
import type { TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { ExportError, FORMAT, FORMAT_VERSION, LINES, type Line } from './lines.ts'
import { fromVersion1, LINES_OF_VERSION_1 } from './version-1.ts'

/** Longer lines, and more between two checks, are no export of ours: neither may fill the memory. */
const MAX_LINE_BYTES = 16 * 1024 * 1024
const MAX_BLOCK_BYTES = 64 * 1024 * 1024

/** Lines that a check line has shown to be as they were written. `last` is the number of that line. */
export type CheckedLines = { first: number; last: number; lines: Line[] }

/** How to read the lines of a version of the format. */
type LineReader = { validators: ReadonlyMap<unknown, Validator>; toNewest: (line: Line) => Line }

const NEWEST: LineReader = { validators: compiled(LINES), toNewest: (line) => line }
const READERS: ReadonlyMap<unknown, LineReader> = new Map([
  [1, { validators: compiled(LINES_OF_VERSION_1), toNewest: fromVersion1 }],
  [FORMAT_VERSION, NEWEST],
])

function compiled(lines: Readonly<Record<string, TSchema>>): ReadonlyMap<unknown, Validator> {
  return new Map(Object.entries(lines).map(([kind, schema]) => [kind, Compile(schema) as Validator]))
}

/**
 * Reads an export's lines from its bytes, block by block.
 * @throws {ExportError} where it is cut off, was altered, or is not an export that this program reads
 */
export async function* readExport(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<CheckedLines> {
  let block = new OpenBlock(1)
  let reader = NEWEST
  let hasEnded = false
  for await (const { number, text } of numberedLines(bytes)) {
    if (hasEnded) throw new ExportError(`line ${number}: the export has ended before it.`)
    const parsed = parse(number, text)
    if (number === 1) reader = readerOf(parsed) ?? reader
    const line = lineOf(number, parsed, reader)
    if (number === 1) assertHeader(line)
    if (line.kind !== 'check') {
      block.add(number, text, line)
      continue
    }
    const checked = block.check(number, line)
    hasEnded = checked.lines.at(-1)?.kind === 'end'
    block = new OpenBlock(number + 1)
    yield checked
  }
  if (!hasEnded) {
    throw new ExportError(
      `the export is cut off after line ${block.first - 1 + block.lines.length}: it has no last line. Copy or make it again.`,
    )
  }
}

class OpenBlock {
  readonly first: number
  readonly lines: Line[] = []
  readonly #hash = createHash('sha256')
  #bytes = 0

  constructor(first: number) {
    this.first = first
  }

  add(number: number, text: string, line: Line): void {
    this.#hash.update(text).update('\n')
    this.#bytes += text.length
    if (this.#bytes > MAX_BLOCK_BYTES) {
      throw new ExportError(`line ${number}: no check line since line ${this.first}, as every export has.`)
    }
    this.lines.push(line)
  }

  check(number: number, { lines, sha256 }: Extract<Line, { kind: 'check' }>): CheckedLines {
    if (lines !== this.lines.length || sha256 !== this.#hash.digest('hex')) {
      throw new ExportError(
        `lines ${this.first} to ${number} are not as they were written: the export was altered. Copy or make it again.`,
      )
    }
    return { first: this.first, last: number, lines: this.lines }
  }
}

function assertHeader(line: Line): void {
  if (line.kind !== 'header') throw new ExportError('line 1 is not the header of an export of bsky-rpg.')
}

function parse(number: number, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ExportError(`line ${number} is not JSON: this is no export of bsky-rpg, or it was altered.`, {
      cause: error,
    })
  }
}

/**
 * How to read the lines after this first one; `undefined` where it is not a header.
 * @throws {ExportError} where this program does not know the version
 */
function readerOf(first: unknown): LineReader | undefined {
  const { format, version } = (first ?? {}) as Record<string, unknown>
  if (format !== FORMAT) return undefined
  const reader = READERS.get(version)
  if (reader !== undefined) return reader
  throw new ExportError(
    `the export has format version ${version}, and this program reads up to ${FORMAT_VERSION}: restore it with the bsky-rpg that made it, or a newer one.`,
  )
}

function lineOf(number: number, line: unknown, { validators, toNewest }: LineReader): Line {
  const { kind } = (line ?? {}) as Record<string, unknown>
  const validator = validators.get(kind)
  if (validator?.Check(line)) return toNewest(line as Line)
  const [problem] = validator?.Errors(line) ?? []
  const why =
    validator === undefined
      ? `its kind is ${JSON.stringify(kind)?.slice(0, 80)}`
      : `${problem?.instancePath ?? ''} ${problem?.message ?? ''}`.trim()
  throw new ExportError(`line ${number} is not a line of an export of bsky-rpg: ${why}.`)
}

/** Says after which line the compressed bytes are damaged. */
async function* decompressed(
  bytes: AsyncIterable<Uint8Array>,
  lines: () => number,
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && /^Z(STD)?_/.test(String(error.code)))) throw error
    throw new ExportError(
      `the export is cut off or was altered after line ${lines()}: ${error.message}. Copy or make it again.`,
      { cause: error },
    )
  }
}

async function* numberedLines(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ number: number; text: string }> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let number = 0
  let rest = ''
  const decode = (part?: Uint8Array): string => {
    try {
      return part === undefined ? decoder.decode() : decoder.decode(part, { stream: true })
    } catch (error) {
      throw new ExportError(
        `line ${number + 1} is not text: this is no export of bsky-rpg, or it was altered.`,
        {
          cause: error,
        },
      )
    }
  }
  for await (const part of decompressed(bytes, () => number)) {
    const lines = (rest + decode(part)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_BYTES) {
      throw new ExportError(`line ${number + lines.length + 1} is longer than any line of an export.`)
    }
    for (const text of lines) {
      number += 1
      yield { number, text }
    }
  }
  rest += decode()
  if (rest !== '')
    throw new ExportError(`the export is cut off in line ${number + 1}. Copy or make it again.`)
}
