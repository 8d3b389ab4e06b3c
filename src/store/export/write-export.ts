import { createHash } from 'node:crypto'
import { Content } from './content.ts'
import type { LedgerSource } from './ledger-copy.ts'
import { FORMAT, FORMAT_VERSION, type Line, type LineOf } from './lines.ts'
import { eventLine, personLine, questionLine, recordLine, stateLines } from './to-lines.ts'
import { toVersion1 } from './version-1.ts'

/** Lines between two checks, which a restore stores together. */
const LINES_PER_BLOCK = 5_000
/** The same in bytes: lines of people with many days are long. */
const BYTES_PER_BLOCK = 4 * 1024 * 1024

export type ExportCounts = Omit<LineOf<'end'>, 'kind'>

/** What the header says beside the ledger. `id` is new for each export. */
export type ExportHeader = { id: string; program: string; at: number }

/**
 * Yields the text of an export, a block of lines at a time.
 * @returns what its last line says
 */
export async function* exportLines(
  source: LedgerSource,
  { id, program, at }: ExportHeader,
  linesPerBlock = LINES_PER_BLOCK,
): AsyncGenerator<string, ExportCounts> {
  const rules = source.state.versions.at(-1)?.fingerprint ?? ''
  const lines = countedLines(source, (line) => line)
  const header: Line = { kind: 'header', format: FORMAT, version: FORMAT_VERSION, id, program, at, rules }
  const block = new BlockText()
  block.add(header)
  for (;;) {
    const { value, done } = await lines.next()
    block.add(done ? { kind: 'end', ...value } : value)
    if (done || block.lines >= linesPerBlock || block.bytes >= BYTES_PER_BLOCK) yield block.take()
    if (done) return value
  }
}

/**
 * Reads all of a ledger only to find out what the last line of its export would say.
 * @param version of the format of that export
 */
export async function countsOf(source: LedgerSource, version = FORMAT_VERSION): Promise<ExportCounts> {
  const lines = countedLines(source, version === 1 ? toVersion1 : (line) => line)
  for (;;) {
    const { value, done } = await lines.next()
    if (done) return value
  }
}

/** `written` gives a line as the version of the format has it, whose content is counted. */
async function* countedLines(
  source: LedgerSource,
  written: (line: Line) => object | undefined,
): AsyncGenerator<Line, ExportCounts> {
  const content = new Content()
  const count = (of: string, line: Line): void => {
    const text = written(line)
    if (text !== undefined) content.add(of, text)
  }
  const counts = { people: 0, records: 0, events: 0, questions: 0, experience: 0 }
  for (const line of stateLines(source.state)) {
    // A wish may be fulfilled, and the heartbeat of a cluster is one for each shard.
    if (line.kind !== 'wish' && line.kind !== 'heartbeat') count('', line)
    yield line
  }
  for await (const person of source.people()) {
    const line = personLine(person)
    const { did } = line
    count('', line)
    counts.people += 1
    counts.experience += line.experience
    yield line
    for await (const record of person.records()) {
      const recorded = recordLine(record)
      count(did, recorded)
      counts.records += 1
      yield recorded
    }
    let number = 0
    for await (const event of person.events()) {
      const entered = eventLine(event)
      count(`${did} ${number++}`, entered)
      counts.events += 1
      yield entered
    }
  }
  for await (const question of source.questions()) {
    const asked = questionLine(question)
    count('', asked)
    counts.questions += 1
    yield asked
  }
  return { ...counts, content: content.digest }
}

/** Lines and, at the end of a block, the one that they are checked by. */
class BlockText {
  #text = ''
  lines = 0

  get bytes(): number {
    return this.#text.length
  }

  add(line: Line): void {
    this.#text += `${JSON.stringify(line)}\n`
    this.lines += 1
  }

  take(): string {
    const sha256 = createHash('sha256').update(this.#text).digest('hex')
    const check: Line = { kind: 'check', lines: this.lines, sha256 }
    const text = `${this.#text}${JSON.stringify(check)}\n`
    this.#text = ''
    this.lines = 0
    return text
  }
}
