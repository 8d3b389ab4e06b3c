// The table `open_questions`: the questions about one shard's people, ordered within a kind by when they may be asked:
// first those that were never asked (`due` 0), then those that wait, by the end of their pause.
import type { Did, Nsid, Tid } from '../../../atproto/event.ts'
import { parseUri, uriOf } from '../../../atproto/uri.ts'
import type { AskedQuestion, Question, QuestionId, QuestionKind } from '../../../game/question.ts'
import { ASLEEP, isBeyondPause } from '../../../game/retries.ts'
import type { Seconds } from '../../../game/time.ts'
import type { Row } from '../driver/paging.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'
import type { OwnedShard } from '../shards/shard.ts'
import type { People } from './people.ts'

const COLUMNS = 'due, id, did, collection, rkey, rev, subject, tries'
const FRESH = `SELECT ${COLUMNS} FROM open_questions
  WHERE shard = ? AND kind = ? AND (due, id) > (0, ?) AND (due, id) < (1, 0) LIMIT ?`
const LATER = `SELECT ${COLUMNS} FROM open_questions
  WHERE shard = ? AND kind = ? AND (due, id) > (?, ?) LIMIT ?`

const LATER_ALL = `SELECT ${COLUMNS} FROM open_questions
  WHERE shard = ? AND kind = ? AND due > ? AND due < ?`
/** How often all waiting questions are read, to find those that wait longer than they should. */
const LOOK_BEYOND_EVERY_MS = 60_000

export type Wanted = {
  kind: QuestionKind
  limit: number
  except: ReadonlySet<QuestionId>
  now: Seconds
}

/** Questions of one shard that are still to be asked, and those that have become pointless. */
export type Found = { questions: AskedQuestion[]; stale: Pick<QuestionPlace, 'due' | 'number'>[] }

/** Where a question stands in its shard; `number` is its own. */
export type QuestionPlace = { kind: QuestionKind; shard: number; due: Seconds; number: number }

/** Reads up to `limit` questions of `shard` that may be asked at `now`; those in `except` are stepped over page by page. */
export async function readQuestions(
  session: Session,
  people: People,
  { shard, totals }: OwnedShard,
  { kind, limit, except, now }: Wanted,
): Promise<Found> {
  const found: Found = { questions: [], stale: [] }
  // All questions of `except` may come first.
  const page = limit + except.size
  const take = async (rows: readonly Row[]): Promise<boolean> => {
    const wanted = rows.filter((row) => !except.has(idOf(kind, shard, row)))
    const open = wanted.slice(0, limit - found.questions.length)
    const asked = await Promise.all(open.map((row) => questionOf(people, kind, row)))
    for (const [index, row] of open.entries()) {
      const question = asked[index]
      const place = { due: numberOf(row.due), number: numberOf(row.id) }
      if (question === undefined) found.stale.push(place)
      else found.questions.push({ ...question, id: idOf(kind, shard, row), tries: numberOf(row.tries) })
    }
    return open.length === wanted.length && found.questions.length < limit
  }
  for (
    let after = totals.oldest[kind] - 1, first = true;
    totals.oldest[kind] < totals.nextQuestion;
    first = false
  ) {
    const rows = await session.readForDecision(FRESH, [shard, kind, after, page])
    // No question comes before the first one found: the next search begins there, past the deleted rows.
    if (first) totals.oldest[kind] = rows[0] === undefined ? totals.nextQuestion : numberOf(rows[0].id)
    if (!(await take(rows)) || rows.length < page) break
    after = numberOf(rows.at(-1)?.id)
  }
  let [due, number] = [totals.nextDue[kind], -1]
  for (let first = true; due <= now && found.questions.length < limit; first = false) {
    const rows = await session.readForDecision(LATER, [shard, kind, due, number, page])
    if (first) totals.nextDue[kind] = rows[0] === undefined ? Number.POSITIVE_INFINITY : numberOf(rows[0].due)
    const ripe = rows.filter((row) => numberOf(row.due) <= now)
    if (!(await take(ripe)) || ripe.length < page) break
    ;[due, number] = [numberOf(ripe.at(-1)?.due), numberOf(ripe.at(-1)?.id)]
  }
  const moment = performance.now()
  if (found.questions.length < limit && moment >= totals.lookBeyondAtMs[kind]) {
    for await (const rows of session.pagesForDecision(LATER_ALL, [shard, kind, now, ASLEEP])) {
      const beyond = rows.filter((row) => {
        return isBeyondPause(kind, { due: numberOf(row.due), tries: numberOf(row.tries) }, now)
      })
      if (!(await take(beyond))) break
    }
    if (found.questions.length < limit) totals.lookBeyondAtMs[kind] = moment + LOOK_BEYOND_EVERY_MS
  }
  return found
}

/** How many of `questions` are of `kind` and about people of `shard`. */
export function countOf(questions: ReadonlySet<QuestionId>, kind: QuestionKind, shard: number): number {
  const prefix = `${kind}:${shard}:`
  let count = 0
  for (const id of questions) if (id.startsWith(prefix)) count += 1
  return count
}

/** The question of a row; `undefined` where its answer is of no use any more. */
export async function questionOf(
  people: People,
  kind: QuestionKind,
  row: Row,
): Promise<Question | undefined> {
  const did = row.did as Did
  const character = await people.one(did)
  // An import is asked for of people of whom nothing is known yet.
  if (character !== undefined && kind === 'import') return { kind, did }
  if (!character?.state.born) return undefined
  if (kind !== 'subject') return { kind, did }
  const subject = parseUri(String(row.subject))
  const id = { did, collection: row.collection as Nsid, rkey: String(row.rkey) }
  const record = await people.record(id, character)
  const current = record?.state.facts?.subject
  if (subject === undefined || current === undefined || uriOf(current) !== uriOf(subject)) return undefined
  if (record?.state.live !== true || record.state.rev !== row.rev) return undefined
  return { kind, ...id, rev: row.rev as Tid, subject }
}

function idOf(kind: QuestionKind, shard: number, { due, id }: Row): QuestionId {
  return questionId({ kind, shard, due: numberOf(due), number: numberOf(id) })
}

/** The id of the question at a place. */
export function questionId({ kind, shard, due, number }: QuestionPlace): QuestionId {
  return `${kind}:${shard}:${due}:${number}`
}

/** Reads the id of a question. */
export function questionPlace(id: QuestionId): QuestionPlace {
  const [kind, shard, due, number] = id.split(':')
  return { kind: kind as QuestionKind, shard: Number(shard), due: Number(due), number: Number(number) }
}
