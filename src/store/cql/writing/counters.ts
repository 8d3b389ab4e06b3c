// The counters of the table `characters_experience`, which only `verify` reads. Moving a counter twice moves it twice as far,
// so they are no part of a batch: changes are gathered over many batches and sent in the background, and where an answer is
// lost, the counter is read and moved by the difference.
import type { Did } from '../../../atproto/event.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'
import { shardOf } from '../rows/buckets.ts'
import type { Count } from '../rows/mutations.ts'
import { moveCounters } from '../rows/requests.ts'
import { unpack } from '../shards/journal.ts'
import type { People } from './people.ts'

/** How long changes are gathered at most, in milliseconds. */
export const GATHER_MS = 5_000
/** Counters that are put right in one turn, and rows asked for at once. */
const MENDED_AT_ONCE = 200
const AT_ONCE = 40
/** Blocks of the journal that name the people whose changes a former owner may not have sent: it gathered no longer. */
const BLOCKS = 40
const ENDING_TURNS = 100

const COUNTERS = 'SELECT did, experience FROM characters_experience WHERE did IN ?'
const JOURNAL = 'SELECT seq, data FROM journal WHERE shard = ? LIMIT ?'

export type CountersOptions = {
  session: Session
  people: People
  shards: number
  /** Whether a person's counter is this worker's to move. */
  owns: (did: Did) => boolean
  /** How long changes are gathered, in milliseconds. */
  gatherMs: number
}

export class Counters {
  readonly #options: CountersOptions
  readonly #timer: NodeJS.Timeout
  #pending = new Map<Did, number>()
  /** People whose counters have to be read before they are moved again. */
  readonly #doubtful = new Set<Did>()
  #sending: Promise<void> | undefined
  #mending = false

  constructor(options: CountersOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#send(), options.gatherMs)
    this.#timer.unref()
  }

  /** Adds the changes of a committed batch. */
  add(counts: readonly Count[]): void {
    for (const { did, delta } of counts) this.#pending.set(did, (this.#pending.get(did) ?? 0) + delta)
  }

  /** Has somebody's counter read and put right. */
  doubt(did: Did): void {
    this.#doubtful.add(did)
  }

  /** Whether counters have to be read before they are moved again, or changes are on their way. */
  get isInDoubt(): boolean {
    return this.#doubtful.size > 0
  }

  /** Corrects the counters that the former owner of `shard` may not have moved; that may be this worker before an outage. */
  async takeOver(shard: number): Promise<void> {
    const { session, shards } = this.#options
    for (const did of this.#pending.keys()) if (shardOf(did, shards) === shard) this.#doubtful.add(did)
    const blocks = await session.readForDecision(JOURNAL, [shard, BLOCKS])
    for (const batch of Map.groupBy(blocks, ({ seq }) => numberOf(seq)).values()) {
      for (const did of peopleOf(batch.map(({ data }) => data as Buffer))) this.#doubtful.add(did)
    }
  }

  /** Corrects some of the doubtful counters. In the writer's turn: no character's experience may change meanwhile. */
  async mend(): Promise<void> {
    if (this.#sending !== undefined || this.#doubtful.size === 0) return
    this.#mending = true
    try {
      const dids = [...this.#doubtful].slice(0, MENDED_AT_ONCE)
      for (let at = 0; at < dids.length; at += AT_ONCE) await this.#mendSome(dids.slice(at, at + AT_ONCE))
    } finally {
      this.#mending = false
    }
  }

  /** Sends all that is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    for (let turn = 0; turn < ENDING_TURNS; turn++) {
      await this.#sending
      if (this.#doubtful.size === 0 && this.#pending.size === 0) return
      await this.mend()
      this.#send()
    }
  }

  async #mendSome(dids: readonly Did[]): Promise<void> {
    const { session, people, owns } = this.#options
    const rows = await session.readForDecision(COUNTERS, [dids])
    const counted = new Map(rows.map((row) => [row.did as Did, numberOf(row.experience)]))
    for (const did of dids) {
      this.#doubtful.delete(did)
      this.#pending.delete(did)
      if (!owns(did)) continue
      const character = await people.one(did)
      const lacks = (character?.state.experience ?? 0) - (counted.get(did) ?? 0)
      if (lacks !== 0) this.#pending.set(did, lacks)
    }
  }

  #send(): void {
    if (this.#sending !== undefined || this.#mending || this.#pending.size === 0) return
    const { session, owns } = this.#options
    const counts = [...this.#pending]
      .filter(([did, delta]) => delta !== 0 && owns(did))
      .map(([did, delta]): Count => ({ did, delta }))
    this.#pending = new Map()
    this.#sending = moveCounters(session, counts).then((unknown) => {
      for (const { did } of unknown) this.#doubtful.add(did)
      this.#sending = undefined
    })
  }
}

/** The people whose characters these blocks of a batch write; of a batch that an earlier version cut, only where all were read. */
function peopleOf(blocks: readonly Buffer[]): Did[] {
  try {
    return unpack(blocks).mutations.flatMap(([statement, did]) =>
      statement === 'character' ? [did as Did] : [],
    )
  } catch {
    return []
  }
}
