import type { Did, Nsid, Tid } from '../../atproto/event.ts'
import { parseUri, uriOf } from '../../atproto/uri.ts'
import type { AskedQuestion, Question, QuestionId, QuestionKind } from '../../game/state.ts'
import type { Mutation } from './mutations.ts'
import type { Row } from './paging.ts'
import type { People } from './people.ts'
import type { Session } from './session.ts'
import type { OwnedShard } from './shard.ts'
import { numberOf } from './values.ts'

const SELECT = `SELECT id, did, collection, rkey, rev, subject FROM questions
  WHERE shard = ? AND kind = ? AND id >= ? LIMIT ?`

/** Questions of one shard that are still to be asked, and those that have become pointless. */
export type Found = { questions: AskedQuestion[]; stale: Mutation[] }

/**
 * Reads up to `limit` questions of `shard`, oldest first. Where nobody has answered for long, those in `except` are stepped
 * over page by page.
 */
export async function readQuestions(
  session: Session,
  people: People,
  owned: OwnedShard,
  { kind, limit, except }: { kind: QuestionKind; limit: number; except: ReadonlySet<QuestionId> },
): Promise<Found> {
  const { shard, books } = owned
  const found: Found = { questions: [], stale: [] }
  let from = books.oldest[kind]
  // All that is stepped over may come first.
  const page = limit + except.size
  for (let first = true; found.questions.length < limit; first = false) {
    const rows = await session.read(SELECT, [shard, kind, from, page])
    // Where the first is, there is nothing before: next time the search begins there, past what was deleted.
    if (first) books.oldest[kind] = rows[0] === undefined ? books.nextQuestion : numberOf(rows[0].id)
    const wanted = rows.filter((row) => !except.has(idOf(kind, shard, row)))
    const open = wanted.slice(0, limit - found.questions.length)
    const asked = await Promise.all(open.map((row) => questionOf(people, kind, row)))
    for (const [index, row] of open.entries()) {
      const question = asked[index]
      if (question === undefined) found.stale.push(['dropQuestion', shard, kind, numberOf(row.id)])
      else found.questions.push({ ...question, id: idOf(kind, shard, row) })
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < page || open.length < wanted.length) break
    from = numberOf(last.id) + 1
  }
  return found
}

/** How many of `questions` are about people of `shard`. */
export function countOf(questions: ReadonlySet<QuestionId>, kind: QuestionKind, shard: number): number {
  const prefix = `${kind}:${shard}:`
  let count = 0
  for (const id of questions) if (id.startsWith(prefix)) count += 1
  return count
}

/** What the row asks; `undefined` where that is of no use any more. */
async function questionOf(people: People, kind: QuestionKind, row: Row): Promise<Question | undefined> {
  const did = row.did as Did
  const held = await people.one(did)
  if (!held?.state.born) return undefined
  if (kind !== 'subject') return { kind, did }
  const subject = parseUri(String(row.subject))
  const id = { did, collection: row.collection as Nsid, rkey: String(row.rkey) }
  const record = await people.record(id, held)
  const current = record?.state.facts?.subject
  if (subject === undefined || current === undefined || uriOf(current) !== uriOf(subject)) return undefined
  if (record?.state.live !== true || record.state.rev !== row.rev) return undefined
  return { kind, ...id, rev: row.rev as Tid, subject }
}

function idOf(kind: QuestionKind, shard: number, { id }: Row): QuestionId {
  return `${kind}:${shard}:${numberOf(id)}`
}

/** Reads a question's name. */
export function questionPlace(id: QuestionId): { kind: QuestionKind; shard: number; number: number } {
  const [kind, shard, number] = id.split(':')
  return { kind: kind as QuestionKind, shard: Number(shard), number: Number(number) }
}
