// Plans changes of the questions about one person: of each kind but `subject` at most one is open, and the person's own row
// names it, so that it is found without a search.
import { uriOf } from '../../../atproto/uri.ts'
import type { Ask, Postponed, Question, QuestionId, QuestionKind } from '../../../game/question.ts'
import { startOf } from '../../../game/retries.ts'
import type { ActorChange } from '../../../game/state.ts'
import type { OpenQuestion as OpenQuestionCopy } from '../../export/ledger-copy.ts'
import type { OpenQuestion, OpenQuestions, StoredCharacter } from '../rows/character-row.ts'
import { rowMutation } from '../rows/mutations.ts'
import type { BatchPlan } from './batch-plan.ts'
import { questionPlace } from './questions.ts'

/** A question that was never asked. */
const FRESH = { due: 0, tries: 0 }

/** The columns of a question that is about a person as a whole. */
const NO_RECORD = { collection: null, rkey: null, rev: null, subject: null }

const PERSON_KINDS = ['profile', 'repository', 'import'] as const

/** Puts the changes of a person's questions into `plan`, and the ones that are open then into `after`. */
export function planQuestions(plan: BatchPlan, change: ActorChange, after: StoredCharacter): void {
  const open = { ...after.open }
  for (const question of change.answered) end(plan, question, open)
  for (const question of change.postponed) postpone(plan, question, open)
  // What takes an open question's place goes by what has become of that one.
  for (const question of change.asked) ask(plan, question, open)
  replaceOpen(plan, after, open)
}

/** Drops the questions that a person's row names; those about reposts are dropped when they are next read. */
export function dropQuestions(plan: BatchPlan, character: StoredCharacter): void {
  replaceOpen(plan, { ...character }, {})
}

/** Asks `question` as if it had never been asked, unless one like it is open. */
export function openAgain(plan: BatchPlan, question: Question, after: StoredCharacter): void {
  const open = { ...after.open }
  ask(plan, question.kind === 'subject' ? question : { ...question, ifOpen: 'keep' }, open)
  replaceOpen(plan, after, open)
}

/** Stores a question of an export, as often asked and with the pause that it had, and names it in `after`. */
export function restoreQuestion(plan: BatchPlan, question: OpenQuestionCopy, after: StoredCharacter): void {
  const { due, tries } = question
  const restored = { due, tries, number: plan.totals.newQuestionNumber() }
  put(plan, question, restored)
  if (question.kind !== 'subject') after.open = { ...after.open, [question.kind]: restored }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

function ask(plan: BatchPlan, question: Ask, open: Mutable<OpenQuestions>): void {
  const { totals } = plan
  if (question.kind === 'subject') {
    put(plan, question, { ...FRESH, number: totals.newQuestionNumber() })
    return
  }
  const former = open[question.kind]
  const start = startOf(question.ifOpen, former)
  if (start !== undefined) open[question.kind] = { ...start, number: totals.newQuestionNumber() }
}

function end(plan: BatchPlan, question: QuestionId, open: Mutable<OpenQuestions>): void {
  const { kind, due, number } = questionPlace(question)
  if (kind === 'subject') dropQuestion(plan, kind, { due, number })
  // Where another has taken its place, that one stays.
  else if (open[kind]?.number === number) open[kind] = undefined
}

function postpone(plan: BatchPlan, { question, due }: Postponed, open: Mutable<OpenQuestions>): void {
  const place = questionPlace(question.id)
  const { number } = place
  const { tries } = question
  if (question.kind === 'subject') {
    dropQuestion(plan, question.kind, place)
    put(plan, question, { due, number, tries })
  } else if (open[question.kind]?.number === number) {
    open[question.kind] = { due, number, tries }
  }
}

/** A row that one batch both writes and deletes would stay: only what is open in the end is written. */
function replaceOpen(plan: BatchPlan, after: StoredCharacter, open: OpenQuestions): void {
  for (const kind of PERSON_KINDS) {
    const [former, now] = [after.open[kind], open[kind]]
    if (former === now) continue
    if (former !== undefined) dropQuestion(plan, kind, former)
    if (now !== undefined) put(plan, { kind, did: after.state.did }, now)
  }
  after.open = open
}

function put(
  { totals, mutations }: BatchPlan,
  question: Question,
  { due, number, tries }: OpenQuestion,
): void {
  const { kind, did } = question
  const { shard } = totals
  const record = kind === 'subject' ? { ...question, subject: uriOf(question.subject) } : NO_RECORD
  const { collection, rkey, rev, subject } = record
  mutations.push(
    rowMutation('openQuestion', {
      shard,
      kind,
      due,
      id: number,
      did,
      collection,
      rkey,
      rev,
      subject,
      tries,
    }),
  )
  totals.openQuestion(kind, due)
}

/** A question is not asked any more. */
export function dropQuestion(
  { totals, mutations }: BatchPlan,
  kind: QuestionKind,
  { due, number }: Pick<OpenQuestion, 'due' | 'number'>,
): void {
  mutations.push(['dropOpenQuestion', totals.shard, kind, due, number])
  totals.closeQuestion(kind, due)
}
