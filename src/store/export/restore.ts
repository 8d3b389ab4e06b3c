import type { Did } from '../../atproto/event.ts'
import { isReached } from '../../atproto/event.ts'
import { did, eventOf, followedOf, personOf, questionOf, recordOf, versionOf } from './from-line.ts'
import type { Block, LedgerState, Piece, Restorer } from './ledger-copy.ts'
import { ExportError, type Line, type LineOf } from './lines.ts'
import type { CheckedLines } from './read-export.ts'
import type { ExportCounts } from './write-export.ts'

/** `finishing` says how much of the work after the last line is done. */
export type RestoreProgress = {
  line: number
  people: number
  records: number
  events: number
  finishing: { done: number; total: number } | undefined
}

/** A person whose lines are being read: `rules` is the version that their last entry names. */
type Open = { piece: Piece; order: number; rules: number }

/**
 * Restores an export into the ledger that `open` gives for the export's id.
 * @returns what the export's last line says, and what was found of it
 * @throws {ExportError} where the export is not whole
 */
export async function restore(
  blocks: AsyncIterable<CheckedLines>,
  open: (header: LineOf<'header'>) => Promise<Restorer>,
  progress: (done: RestoreProgress) => void,
): Promise<ExportCounts> {
  const reading = new Reading()
  let restorer: Restorer | undefined
  try {
    for await (const { first, last, lines } of blocks) {
      const block: Block = { line: last, pieces: reading.carryOn(), questions: [] }
      for (const [index, line] of lines.entries()) reading.take(first + index, line, block)
      const { header } = reading
      if (header === undefined) throw new ExportError('line 1 is not the header of an export of bsky-rpg.')
      restorer ??= await open(header)
      if (last > restorer.reached) await restorer.put(block)
      const { people, records, events } = reading.counts
      progress({ line: last, people, records, events, finishing: undefined })
    }
    const end = reading.ended()
    await restorer?.finish(reading.state(), (done, total) =>
      progress({ line: restorer?.reached ?? 0, ...reading.counts, finishing: { done, total } }),
    )
    return end
  } finally {
    await restorer?.[Symbol.asyncDispose]()
  }
}

/** What has been read of an export. */
class Reading {
  header: LineOf<'header'> | undefined
  readonly counts = { people: 0, records: 0, events: 0, questions: 0, experience: 0 }
  readonly #state: Partial<LedgerState> & {
    versions: LedgerState['versions'][number][]
    gaps: LedgerState['gaps'][number][]
    wishes: LedgerState['wishes'][number][]
  } = {
    versions: [],
    gaps: [],
    wishes: [],
  }
  #open: Open | undefined
  #end: LineOf<'end'> | undefined

  /** The person whose lines the next block begins with. */
  carryOn(): Piece[] {
    if (this.#open === undefined) return []
    const piece = { person: this.#open.piece.person, isFirst: false, records: [], events: [] }
    this.#open = { ...this.#open, piece }
    return [piece]
  }

  take(number: number, line: Line, block: Block): void {
    try {
      this.#take(number, line, block)
    } catch (error) {
      if (error instanceof TypeError)
        throw new ExportError(`line ${number}: ${error.message}.`, { cause: error })
      throw error
    }
  }

  ended(): ExportCounts {
    if (this.#end === undefined) throw new ExportError('the export has no last line. Copy or make it again.')
    const { kind: _kind, ...end } = this.#end
    const differs = Object.entries(this.counts).find(
      ([name, n]) => end[name as keyof typeof this.counts] !== n,
    )
    if (differs !== undefined) {
      const [name, n] = differs
      throw new ExportError(`the export's last line counts other ${name} than the ${n} that it has.`)
    }
    return end
  }

  state(): LedgerState {
    const { versions, cursor, heartbeat, followed, gaps, wishes } = this.#state
    if (cursor === undefined) {
      throw new ExportError('the export has no line that says where in the stream its ledger is.')
    }
    if (versions.at(-1)?.fingerprint !== this.header?.rules) {
      throw new ExportError('the newest version of the rules is not the one that the header names.')
    }
    return { versions, cursor, heartbeat, followed, gaps, wishes }
  }

  #take(number: number, line: Line, block: Block): void {
    const { counts } = this
    switch (line.kind) {
      case 'header':
        if (number !== 1) throw new TypeError('a second header')
        this.header = line
        // Format version 1 has no lines of them: all counts as awarded by the rules of the header.
        if (line.version === 1) {
          this.#state.versions.push({ version: 1, fingerprint: line.rules, titles: undefined, at: undefined })
        }
        return
      case 'rules':
        if (line.version !== this.#state.versions.length + 1) {
          throw new TypeError('its version of the rules does not come next')
        }
        this.#state.versions.push(versionOf(line))
        return
      case 'cursor': {
        const { kind: _kind, ...cursor } = line
        if (!isReached(cursor)) throw new TypeError('a place that no host has given out')
        this.#state.cursor = cursor
        return
      }
      case 'heartbeat':
        this.#state.heartbeat = { at: line.at, lag: line.lag, host: line.host }
        return
      case 'followed':
        this.#state.followed = followedOf(line)
        return
      case 'gap': {
        const { host, from, to, reason, at } = line
        this.#state.gaps.push({ host, from, to, reason, at })
        return
      }
      case 'wish':
        this.#state.wishes.push({ kind: line.wish, did: did(line.did), at: line.at })
        return
      case 'person': {
        const piece: Piece = { person: personOf(line), isFirst: true, records: [], events: [] }
        this.#open = { piece, order: 0, rules: 1 }
        block.pieces.push(piece)
        counts.people += 1
        counts.experience += line.experience
        return
      }
      case 'record':
        this.#person().piece.records.push(recordOf(this.#did(), line))
        counts.records += 1
        return
      case 'event': {
        const open = this.#person()
        if (line.rules < open.rules || line.rules > this.#state.versions.length) {
          throw new TypeError('it names a version of the rules that it cannot be of')
        }
        open.order = Math.max(open.order, line.at)
        open.rules = line.rules
        open.piece.events.push({ event: eventOf(this.#did(), line), order: open.order })
        counts.events += 1
        return
      }
      case 'question':
        block.questions.push(questionOf(line))
        this.#open = undefined
        counts.questions += 1
        return
      case 'end':
        this.#end = line
        this.#open = undefined
        return
      case 'check':
        throw new TypeError('a check within a block')
    }
  }

  #person(): Open {
    if (this.#open === undefined) throw new TypeError('it belongs to a person, and none comes before it')
    return this.#open
  }

  #did(): Did {
    return this.#person().piece.person.actor.did
  }
}
