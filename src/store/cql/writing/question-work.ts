import type { Did } from '../../../atproto/event.ts'
import type { AskedQuestion, PersonQuestion } from '../../../game/question.ts'
import type { Session } from '../driver/session.ts'
import { shardOf } from '../rows/buckets.ts'
import type { ShardAssignment } from '../shards/shard-assignment.ts'
import { type CommitPlan, planFor } from './batch-plan.ts'
import { FormerQuestions } from './former-questions.ts'
import type { People } from './people.ts'
import { dropQuestion } from './plan-questions.ts'
import { countOf, questionId, readQuestions, type Wanted } from './questions.ts'

export type QuestionWorkOptions = {
  session: Session
  assignment: Pick<ShardAssignment, 'owned' | 'ownedOf' | 'shards'>
  people: People
  commit: CommitPlan
}

/** A worker's work on the open questions of its shards: it hands them out, and drops those that have become pointless. */
export class QuestionWork {
  readonly #options: QuestionWorkOptions
  readonly #former: FormerQuestions

  constructor(options: QuestionWorkOptions) {
    this.#options = options
    this.#former = new FormerQuestions(options)
  }

  /** See `Writer.questions`. */
  async next({ kind, limit, except, now }: Wanted): Promise<AskedQuestion[]> {
    const { session, assignment, people, commit } = this.#options
    const questions: AskedQuestion[] = []
    for (const owned of assignment.owned.values()) {
      await this.#former.move(owned)
      if (owned.totals.waiting[kind] <= countOf(except, kind, owned.shard)) continue
      const wanted = { kind, limit: limit - questions.length, except, now }
      const found = await readQuestions(session, people, owned, wanted)
      questions.push(...found.questions)
      if (found.stale.length > 0) {
        const plan = planFor(owned)
        for (const place of found.stale) dropQuestion(plan, kind, place)
        await commit(owned, plan)
      }
      if (questions.length >= limit) break
    }
    return questions
  }

  /** See `Writer.questionsAbout`. */
  async about(kind: PersonQuestion['kind'], dids: readonly Did[]): Promise<AskedQuestion[]> {
    const { assignment, people } = this.#options
    const own = dids.filter((did) => assignment.ownedOf(did) !== undefined)
    const found = await Promise.all(
      own.map(async (did): Promise<AskedQuestion[]> => {
        const open = (await people.one(did))?.open[kind]
        if (open === undefined) return []
        const id = questionId({ ...open, kind, shard: shardOf(did, assignment.shards) })
        return [{ kind, did, id, tries: open.tries }]
      }),
    )
    return found.flat()
  }
}
