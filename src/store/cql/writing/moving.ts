// Moves the people of this worker's shards to the newest version of the rules. Each shard says how far it is, in the row of
// its totals; each person whom the change touches says in their own row by which version they were last awarded.
import type { Did, Micros } from '../../../atproto/event.ts'
import { judgedOf, type RuleChange, rulebookOf, ruleChange, scopeOf } from '../../../game/rule-versions.ts'
import type { MovePlace, RulesState, RulesVersion, UnmovedPerson } from '../../rules.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'
import type { StoredCharacter } from '../rows/character-row.ts'
import type { RuleVersions } from '../rows/rule-versions.ts'
import { LeaseLostError } from '../shards/leases.ts'
import type { OwnedShard } from '../shards/shard.ts'
import type { ShardAssignment } from '../shards/shard-assignment.ts'
import { type BatchPlan, type CommitPlan, planFor } from './batch-plan.ts'
import { readVisits } from './visits.ts'

export type MovingOptions = {
  session: Session
  assignment: ShardAssignment
  versions: RuleVersions
  /** The rules as they were when the ledger was opened. */
  state: RulesState
}

export class Moving {
  readonly #options: MovingOptions
  /** What the newest version changes; `undefined` while no move is under way. */
  #change: RuleChange | undefined
  /** The shards that the people are in whom `next` gave. */
  #visited: readonly OwnedShard[] = []
  /** How many they are. */
  #count = 0

  constructor(options: MovingOptions) {
    this.#options = options
    this.#change = changeOf(options.state)
  }

  /** Takes up what was left, and has all shards of this worker begin to move. */
  async takeUp(at: Micros): Promise<RulesState> {
    const { assignment, versions } = this.#options
    const state = await versions.takeUp(at)
    this.#change = changeOf(state)
    if (state.versions.length > 0) assignment.adopt(state.versions)
    // Nobody is in a shard without a batch.
    for (const { totals } of assignment.owned.values()) if (totals.isNew) totals.settled = assignment.version
    await Promise.all(
      [...assignment.owned.values()].map(async (owned) => {
        const newest = state.versions.at(-1)
        if (newest === undefined || owned.lost || owned.rules === newest.fingerprint) return
        await owned.declareRules(newest.fingerprint).catch((error: unknown) => {
          // The next owner begins.
          if (!(error instanceof LeaseLostError)) throw error
        })
      }),
    )
    return state
  }

  /**
   * Which version awards somebody. Whom the change does not touch is awarded alike by both, and counts as moved; so does a new
   * person.
   */
  versionOf(did: Did, character: StoredCharacter | undefined): number {
    const { assignment } = this.#options
    const newest = assignment.version
    const settled = assignment.ownedOf(did)?.totals.settled ?? newest
    if (settled >= newest || character === undefined || character.rules >= newest) return newest
    const isTouched =
      this.#change === undefined ||
      scopeOf(this.#change, judgedOf(character.state, character.kinds.keys())) !== 'none'
    return isTouched ? settled : newest
  }

  isMoved(did: Did, character: StoredCharacter | undefined): boolean {
    return this.versionOf(did, character) === this.#options.assignment.version
  }

  /** The next people to visit. Shards that have none left are settled on the way, by `commit`. */
  async next(limit: number, commit: CommitPlan, one: (did: Did) => Promise<StoredCharacter | undefined>) {
    for (;;) {
      const [first, ...others] = this.#open()
      if (first === undefined) return []
      const { movePart, movedTo } = first.totals
      if (movePart !== undefined) {
        this.#visited = [first]
        this.#count = 0
        const character = await one(movePart.did)
        if (character !== undefined) return [personOf(movePart, character)]
        // Nothing is stored of them any more.
        first.totals.movePart = undefined
      }
      const group = [first, ...others.filter(({ totals }) => totals.movedTo === movedTo && !totals.movePart)]
      this.#visited = group
      const people = await this.#page(group, movedTo, limit)
      this.#count = people.length
      if (people.length > 0) return people
      await this.#settle(group, commit)
    }
  }

  /** Ends the move for all shards of this worker. */
  end(commit: CommitPlan): Promise<void> {
    return this.#settle(this.#open(), commit)
  }

  /** Notes in the batches `plans` how far their shards have come. */
  advance(plans: Map<OwnedShard, BatchPlan>, { after, part }: MovePlace): void {
    const { assignment } = this.#options
    for (const owned of this.#visited) {
      if (owned.lost) continue
      plans.getOrInsertComputed(owned, () => planFor(owned))
      const own = part !== undefined && assignment.ownedOf(part.did) === owned ? part : undefined
      owned.totals.moveOn({ after, part: own, visited: this.#count / this.#visited.length })
    }
  }

  async #page(
    group: readonly OwnedShard[],
    movedTo: Did | undefined,
    limit: number,
  ): Promise<UnmovedPerson[]> {
    const { session, assignment } = this.#options
    const shards = new Set(group)
    for (let after = movedTo; ; ) {
      const found = await readVisits(session, after, limit)
      const own = found.filter(({ visit, row }) => {
        const owned = assignment.ownedOf(visit.did)
        // Who came since the move began counts by the newest rules already.
        return owned !== undefined && shards.has(owned) && numberOf(row.rules) < assignment.version
      })
      if (own.length > 0)
        return own.map(({ visit, row }) => ({
          ...visit,
          from: undefined,
          count: upTo(numberOf(row.records)),
        }))
      if (found.length < limit) return []
      after = found.at(-1)?.visit.did
    }
  }

  async #settle(shards: readonly OwnedShard[], commit: CommitPlan): Promise<void> {
    for (const owned of shards) {
      owned.totals.settle(this.#options.assignment.version)
      await commit(owned, planFor(owned))
    }
  }

  #open(): OwnedShard[] {
    const { assignment } = this.#options
    return [...assignment.owned.values()].filter(
      ({ lost, totals }) => !lost && totals.settled < assignment.version,
    )
  }
}

function changeOf({ versions, move }: RulesState): RuleChange | undefined {
  const [from, to] = versions.slice(-2).map((version: RulesVersion) => rulebookOf(version))
  return move === undefined || from === undefined || to === undefined ? undefined : ruleChange(from, to)
}

function personOf(
  { did, from }: { did: Did; from: string },
  { state, kinds, records }: StoredCharacter,
): UnmovedPerson {
  return { did, from, records, judged: judgedOf(state, kinds.keys()), count: upTo(records) }
}

/** See `UnmovedPerson.count`. */
function upTo(records: number): (max: number) => number {
  return (max) => Math.min(records, max)
}
