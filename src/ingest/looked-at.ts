import type { Did } from '@atcute/lexicons/syntax'
import type { AskedQuestion, QuestionId, QuestionKind } from '../game/question.ts'
import type { Seconds } from '../game/time.ts'
import type { Writer } from '../store/store.ts'

/** People who are remembered: four calls to the AppView. */
const MAX_PEOPLE = 100

/**
 * Has the profiles of people whom somebody looks at asked for first. In the order of the ledger they would come after
 * everybody who was met before, which takes hours in a new ledger of the whole network.
 */
export class LookedAt {
  readonly #people = new Set<Did>()

  /** Somebody looks at `did`, and ingest has stored the question about their profile. */
  add(did: Did): void {
    this.#people.delete(did)
    this.#people.add(did)
    const [first] = this.#people
    if (this.#people.size > MAX_PEOPLE && first !== undefined) this.#people.delete(first)
  }

  /** See `Writer.questions`. */
  async next(
    writer: Pick<Writer, 'questions' | 'questionsAbout'>,
    kind: QuestionKind,
    limit: number,
    except: ReadonlySet<QuestionId>,
    now: Seconds,
  ): Promise<AskedQuestion[]> {
    const first = kind === 'profile' ? await this.#first(writer, limit, except) : []
    if (first.length === limit) return first
    const others = new Set([...except, ...first.map(({ id }) => id)])
    return [...first, ...(await writer.questions(kind, limit - first.length, others, now))]
  }

  async #first(
    writer: Pick<Writer, 'questionsAbout'>,
    limit: number,
    except: ReadonlySet<QuestionId>,
  ): Promise<AskedQuestion[]> {
    if (this.#people.size === 0) return []
    const open = await writer.questionsAbout('profile', [...this.#people])
    // Once it has been asked, the question waits for its turn like the others.
    const unasked = open.filter(({ tries }) => tries === 0)
    const waiting = new Set(unasked.map(({ did }) => did))
    for (const did of this.#people) if (!waiting.has(did)) this.#people.delete(did)
    return unasked.filter(({ id }) => !except.has(id)).slice(0, limit)
  }
}
