import type { Cursor, Did } from '../../../atproto/event.ts'
import type { ActorChange, Changes } from '../../../game/state.ts'
import { dayOf, secondsOf } from '../../../game/time.ts'
import { nothingTouched } from '../../../game/touched.ts'
import { changeOf } from '../../export/change-of.ts'
import type { Block, LedgerState, OpenQuestion, Restorer } from '../../export/ledger-copy.ts'
import type { RulesVersion } from '../../rules.ts'
import type { Inbox, Writer } from '../../store.ts'
import { nobody } from '../rows/character-row.ts'
import { rowMutation } from '../rows/mutations.ts'
import type { OwnedShard } from '../shards/shard.ts'
import type { ShardAssignment } from '../shards/shard-assignment.ts'
import { type BatchPlan, planFor } from './batch-plan.ts'
import type { Counters } from './counters.ts'
import type { Loaded, People } from './people.ts'
import { type BatchParts, planBatches } from './plan-batches.ts'
import { restoreQuestion } from './plan-questions.ts'
import type { ShardCommits, Takes } from './shard-commits.ts'

export type CqlRestorerOptions = {
  writer: Writer
  assignment: ShardAssignment
  people: People
  counters: Counters
  commits: ShardCommits
  batchParts: BatchParts
  inbox: Inbox
  /** Stores the versions of the rules, after which the ledger counts as restored. */
  bindVersions: (versions: readonly RulesVersion[]) => Promise<void>
}

/**
 * A shard's place while it is restored: the line of the export up to which it has everything. It is committed with each batch like
 * a place in the stream, so a restore that was killed goes on in each shard where that was.
 */
const RESTORING_HOST = 'restore.invalid'
/** People whose counters are looked at in one turn. */
const PEOPLE_AT_ONCE = 1_000

export class CqlRestorer implements Restorer {
  readonly reached: number
  readonly #options: CqlRestorerOptions

  constructor(options: CqlRestorerOptions) {
    this.#options = options
    this.reached = Math.min(...this.#owned().map(lineOf))
  }

  async put({ line, pieces, questions }: Block): Promise<void> {
    const { commits, batchParts, people } = this.#options
    const takes: Takes = (owned) => lineOf(owned) < line
    const dids = [...pieces.map(({ person }) => person.actor.did), ...questions.map(({ did }) => did)]
    const loaded = await people.load({ ...nothingTouched(), actors: new Set(dids) })
    const actors = new Map<Did, ActorChange>(
      pieces.map((piece) => {
        const events = piece.events.map(({ event }) => event)
        return [piece.person.actor.did, { ...changeOf(piece), events }]
      }),
    )
    const { plans } = await planBatches(batchParts, changesOf(actors), { loaded, takes })
    for (const change of actors.values()) this.#noteDay(plans, change)
    for (const question of questions) this.#planQuestion(plans, question, { loaded, takes })
    await commits.deliver(plans, placeOf(line), takes)
  }

  async finish(state: LedgerState, progress: (done: number, total: number) => void): Promise<void> {
    const { writer, assignment, commits, inbox, bindVersions } = this.#options
    if (this.reached > 0) await this.#recountAll(progress)
    for (const gap of state.gaps) await writer.recordGap(gap)
    if (state.followed !== undefined) {
      await writer.follow({ before: undefined, now: state.followed, gaps: [], missed: undefined })
    }
    if (state.heartbeat !== undefined) await writer.lastBeat(state.heartbeat)
    for (const wish of state.wishes) await inbox.leave(wish)
    await commits.deliver(new Map(), state.cursor, () => true)
    await Promise.all(this.#owned().map((owned) => owned.saveCursor()))
    await writer.begin(state.cursor)
    // In this order: a shard that is behind the newest version would count as one whose people are being moved to it.
    await assignment.declareRules(state.versions.at(-1)?.fingerprint ?? '')
    for (const owned of this.#owned()) {
      owned.totals.settle(state.versions.length)
      await commits.commitOne(owned, planFor(owned))
    }
    await bindVersions(state.versions)
    assignment.assertAllOwned()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.writer[Symbol.asyncDispose]()
  }

  #owned(): OwnedShard[] {
    return [...this.#options.assignment.owned.values()]
  }

  /** Changes of counters that were not sent before the last restore was killed are in no batch. */
  async #recountAll(progress: (done: number, total: number) => void): Promise<void> {
    const { writer, counters } = this.#options
    let done = 0
    for (let after: Did | undefined; ; ) {
      const dids = await writer.people(after, PEOPLE_AT_ONCE)
      for (const did of dids) counters.doubt(did)
      while (counters.isInDoubt) await counters.mend()
      done += dids.length
      after = dids.at(-1)
      if (after === undefined) return
      progress(done, done)
    }
  }

  /** `planActor` goes by the person's latest day, which may be later than those of the events before this piece. */
  #noteDay(plans: ReadonlyMap<OwnedShard, BatchPlan>, { actor, events }: ActorChange): void {
    const [first] = events
    const owned = this.#options.assignment.ownedOf(actor.did)
    const plan = owned && plans.get(owned)
    if (first === undefined || plan === undefined) return
    const day = dayOf(secondsOf(first.at))
    plan.mutations.push(rowMutation('eventDay', { shard: plan.totals.shard, day, did: actor.did }))
  }

  #planQuestion(
    plans: Map<OwnedShard, BatchPlan>,
    question: OpenQuestion,
    { loaded, takes }: { loaded: Loaded; takes: Takes },
  ): void {
    const { did } = question
    const owned = this.#options.assignment.ownedOf(did)
    if (owned === undefined || !takes(owned)) return
    const plan = plans.getOrInsertComputed(owned, () => planFor(owned))
    const character = plan.changed.get(did) ?? { ...(loaded.character(did) ?? nobody(did)) }
    restoreQuestion(plan, question, character)
    plan.changed.set(did, character)
  }
}

function changesOf(actors: Map<Did, ActorChange>): Changes {
  const outcomes = {
    applied: actors.size,
    repeated: 0,
    unreadable: 0,
    forgotten: 0,
    unfollowed: 0,
    stale: 0,
    implausible: 0,
  }
  return { actors, fulfilled: [], outcomes }
}

function placeOf(line: number): Cursor {
  return { host: RESTORING_HOST, wire: '', value: line, at: line }
}

/** A shard that has a place in the stream already has all lines. */
function lineOf({ cursor }: OwnedShard): number {
  if (cursor === undefined) return 0
  return cursor.host === RESTORING_HOST ? cursor.value : Number.POSITIVE_INFINITY
}
