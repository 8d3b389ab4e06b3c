// The table `questions` of earlier versions, in which no question could be put off: owners move its rows to
// `open_questions`.
import type { Did, Nsid, Tid } from '../../../atproto/event.ts'
import { parseUri } from '../../../atproto/uri.ts'
import type { Question, QuestionKind } from '../../../game/question.ts'
import type { Row } from '../driver/paging.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'
import type { OwnedShard } from '../shards/shard.ts'
import { type BatchPlan, type CommitPlan, planFor } from './batch-plan.ts'
import type { People } from './people.ts'
import { openAgain } from './plan-questions.ts'

const KINDS: readonly QuestionKind[] = ['subject', 'profile', 'repository']
/** Questions moved by one batch. */
const AT_ONCE = 500
const SELECT =
  'SELECT id, did, collection, rkey, rev, subject FROM questions WHERE shard = ? AND kind = ? LIMIT ?'

export type FormerQuestionsOptions = { session: Session; people: People; commit: CommitPlan }

/** Empties the table shard by shard. */
export class FormerQuestions {
  readonly #options: FormerQuestionsOptions
  /** Shards that have none left. */
  readonly #moved = new WeakSet<OwnedShard>()

  constructor(options: FormerQuestionsOptions) {
    this.#options = options
  }

  /** Moves all of the shard's questions, some with each batch. */
  async move(owned: OwnedShard): Promise<void> {
    const { session, people, commit } = this.#options
    if (this.#moved.has(owned)) return
    for (;;) {
      const plan = planFor(owned)
      if (!(await planMove(session, people, plan))) break
      await commit(owned, plan)
      if (owned.lost) return
    }
    this.#moved.add(owned)
  }
}

/**
 * Puts the move of some of the questions into `plan`.
 * @returns false where no question is left
 */
async function planMove(session: Session, people: People, plan: BatchPlan): Promise<boolean> {
  const { totals } = plan
  for (const kind of KINDS) {
    const rows = await session.readForDecision(SELECT, [totals.shard, kind, AT_ONCE])
    if (rows.length === 0) continue
    for (const row of rows) {
      const did = row.did as Did
      plan.mutations.push(['dropQuestion', totals.shard, kind, numberOf(row.id)])
      // Due 0: in that table no question was put off.
      totals.closeQuestion(kind, 0)
      const character = plan.changed.get(did) ?? (await people.one(did))
      const question = character?.state.born ? questionOf(kind, row) : undefined
      if (question === undefined || character === undefined) continue
      // Earlier versions took people for introduced whose profile was never read: whether they opted out is not known.
      const isStranger = kind === 'profile' && character.profile === undefined
      const introduced = character.state.introduced && !isStranger
      const changed = { ...character, state: { ...character.state, introduced } }
      totals.move(character.state, { actor: changed.state, purge: false, standings: [] })
      openAgain(plan, question, changed)
      if (kind !== 'subject') plan.changed.set(did, changed)
    }
    return true
  }
  return false
}

function questionOf(kind: QuestionKind, row: Row): Question | undefined {
  const did = row.did as Did
  if (kind !== 'subject') return { kind, did }
  const subject = parseUri(String(row.subject))
  const record = { collection: row.collection as Nsid, rkey: String(row.rkey), rev: row.rev as Tid }
  return subject && { kind, did, ...record, subject }
}
