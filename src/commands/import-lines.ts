import type { Did } from '../atproto/event.ts'
import type { ImportProgress } from '../game/imports.ts'

/** On a terminal a line is replaced by the next one of its person; elsewhere only results are written. */
const CLEAR_LINE = '\r\x1b[2K'
const BAR = 30

/** `of` is not known where another process imports. */
type Progress = ImportProgress | { state: 'counting'; records: number; of: undefined }

/** Shows how far imports are, and what has become of them. */
export class ImportLines implements Disposable {
  /** People whose import has not ended. */
  readonly open: Set<Did>
  /** Imports that did not come to their end. */
  failed = 0
  readonly #people: number
  readonly #isTerminal = process.stderr.isTTY === true
  #records = 0

  constructor(dids: Iterable<Did>) {
    this.open = new Set(dids)
    this.#people = this.open.size
  }

  note(did: Did, progress: Progress): void {
    if (!this.open.has(did)) return
    if (this.#isTerminal) process.stderr.write(`${CLEAR_LINE}${did}: ${wordsOf(progress)}`)
    switch (progress.state) {
      case 'reading':
      case 'counting':
        return
      case 'imported':
        this.#records += progress.records
        break
      case 'failed':
        if (progress.again) return
        this.failed += 1
        break
      default:
        this.failed += 1
    }
    this.open.delete(did)
    if (this.#isTerminal) process.stderr.write(CLEAR_LINE)
    console.log(`${did}: ${wordsOf(progress)}`)
  }

  summarize(): void {
    const done = this.#people - this.open.size - this.failed
    console.log(`imported ${done} of ${this.#people}, ${this.#records.toLocaleString('en')} records`)
  }

  [Symbol.dispose](): void {
    if (this.#isTerminal) process.stderr.write(CLEAR_LINE)
  }
}

function wordsOf(progress: Progress): string {
  switch (progress.state) {
    case 'reading':
      return 'reads the repository'
    case 'counting': {
      const { records, of } = progress
      const counted = records.toLocaleString('en')
      if (of === undefined) return `${counted} records so far`
      const filled = of === 0 ? BAR : Math.round((BAR * records) / of)
      return `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${counted} of ${of.toLocaleString('en')} records`
    }
    case 'imported':
      return `imported ${progress.records.toLocaleString('en')} records, ${progress.experience.toLocaleString('en')} XP`
    case 'refused':
      return 'cannot be imported'
    case 'failed':
      return `${progress.reason}${progress.again ? '; is tried again' : ''}`
    case 'cancelled':
      return 'cancelled'
  }
}
