import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Did, Nsid } from '@atcute/lexicons/syntax'
import type {
  Ask,
  AskedQuestion,
  PersonQuestion,
  Postponed,
  Question,
  QuestionId,
  QuestionKind,
} from '../../game/question.ts'
import { ASLEEP, isBeyondPause, type Progress, startOf } from '../../game/retries.ts'
import type { Seconds } from '../../game/time.ts'
import type { OpenQuestion } from '../export/ledger-copy.ts'
import type { StoreStatus } from '../status.ts'
import type { Names } from './names.ts'
import { subjectOf } from './record-row.ts'
import { fromDistance, integerToTid, recordKey, type StoredKey, storedKey, tidToInteger } from './tid.ts'

/** A kind is stored as its place here: new ones go to the end. */
const KINDS: readonly QuestionKind[] = ['subject', 'profile', 'repository', 'import']

/** How many questions of each kind were never asked, and how many are to be asked again. */
export function openQuestions(db: DatabaseSync): Pick<StoreStatus, 'waiting' | 'postponed'> {
  const waiting: Record<QuestionKind, number> = { subject: 0, profile: 0, repository: 0, import: 0 }
  const postponed = { ...waiting }
  for (const row of db.prepare('SELECT kind, questions, postponed FROM waiting').all()) {
    const kind = KINDS[Number(row.kind)]
    if (kind === undefined) continue
    postponed[kind] = Number(row.postponed)
    waiting[kind] = Number(row.questions) - postponed[kind]
  }
  return { waiting, postponed }
}

/** How often the open import of a person was tried; `undefined` where there is none. */
export const SELECT_IMPORT_TRIES = `SELECT tries FROM questions INDEXED BY questions_by_actor
  WHERE actor = ? AND kind = ${KINDS.indexOf('import')}`

/** The primary key of a row of `questions`. */
type Place = { kind: number; due: number; id: number }

/** Questions that may be asked, and stale ones about records that have changed since, to be removed. */
export type Found = { questions: AskedQuestion[]; stale: QuestionId[] }

/** How often to search all postponed questions for those that are due too late (see `isBeyondPause`). */
const LOOK_BEYOND_EVERY_MS = 30_000
/** Questions read at once for an export. */
const PAGE = 1_000
/** No question has a greater id. */
const LAST_ID = 2n ** 62n

type Search = {
  kind: QuestionKind
  limit: number
  except: ReadonlySet<QuestionId>
  after: Seconds
  until: Seconds
  wanted: (progress: Progress) => boolean
}

/** The table `questions`: open questions to the network. A row's key begins with `due`, 0 for those never asked. */
export class Questions {
  readonly #names: Names
  readonly #insert: StatementSync
  readonly #delete: StatementSync
  readonly #deleteOf: StatementSync
  readonly #openOf: StatementSync
  readonly #postpone: StatementSync
  readonly #plain: StatementSync
  readonly #subjects: StatementSync
  readonly #count: StatementSync
  /** By kind, changes to the counts in the table `waiting` that are not written yet. */
  readonly #steps = KINDS.map(() => ({ open: 0, postponed: 0 }))
  /** When to search next for questions postponed by a clock that was ahead, by `performance.now()`. */
  readonly #lookBeyondAt = new Map<QuestionKind, number>()
  /** The id that the next question takes. */
  nextId: number

  constructor(db: DatabaseSync, names: Names, nextId: number) {
    this.#names = names
    this.nextId = nextId
    this.#insert = db.prepare(
      'INSERT INTO questions (kind, due, id, actor, tries, collection, rkey, rev) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    )
    this.#delete = db.prepare('DELETE FROM questions WHERE kind = ? AND due = ? AND id = ?')
    this.#deleteOf = db.prepare('DELETE FROM questions WHERE actor = ? RETURNING kind, due')
    // Without INDEXED BY, SQLite would scan all questions of the kind.
    this.#openOf = db.prepare(
      'SELECT kind, due, id, tries FROM questions INDEXED BY questions_by_actor WHERE actor = ? AND kind = ?',
    )
    this.#postpone = db.prepare(
      'UPDATE questions SET due = ?, tries = ? WHERE kind = ? AND due = ? AND id = ?',
    )
    this.#plain = db.prepare(
      `SELECT q.due, q.id, q.tries, a.did FROM questions q JOIN actors a ON a.id = q.actor
         WHERE q.kind = ? AND (q.due, q.id) > (?, ?) AND q.due <= ? ORDER BY q.due, q.id LIMIT ?`,
    )
    this.#subjects = db.prepare(
      `SELECT q.due, q.id, q.tries, a.did, q.collection, q.rkey, q.rev, r.rev, s.did, r.subject_rkey
         FROM questions q JOIN actors a ON a.id = q.actor
         LEFT JOIN records r ON r.rkey = q.rkey AND r.actor = q.actor AND r.collection = q.collection
         LEFT JOIN actors s ON s.id = r.subject_actor
         WHERE q.kind = ? AND (q.due, q.id) > (?, ?) AND q.due <= ? ORDER BY q.due, q.id LIMIT ?`,
    )
    this.#count = db.prepare(
      `INSERT INTO waiting (kind, questions, postponed) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET questions = questions + ?2, postponed = postponed + ?3`,
    )
    for (const statement of [this.#plain, this.#subjects]) {
      statement.setReadBigInts(true)
      statement.setReturnArrays(true)
    }
  }

  /** @param mayBeOpen whether the person may have an open question already, which a new one of its kind replaces */
  ask(actor: number, question: Ask, mayBeOpen: boolean): void {
    const kind = KINDS.indexOf(question.kind)
    if (question.kind === 'subject') {
      const collection = this.#names.collection(question.collection)
      const { rkey, rev } = question
      this.#put({ kind, due: 0, id: this.nextId++ }, actor, 0, [
        collection,
        storedKey(rkey),
        tidToInteger(rev),
      ])
      return
    }
    const open = mayBeOpen ? this.#open(actor, kind) : undefined
    const start = startOf(question.ifOpen, open)
    if (start === undefined) return
    if (open !== undefined) this.#drop(open)
    this.#put({ kind, due: start.due, id: this.nextId++ }, actor, start.tries, [null, null, null])
  }

  answered(question: QuestionId): void {
    this.#drop(placeOf(question))
  }

  /** Does nothing where a newer question has replaced it. */
  postpone({ question, due }: Postponed): void {
    const place = placeOf(question.id)
    const { changes } = this.#postpone.run(due, question.tries, place.kind, place.due, place.id)
    if (Number(changes) > 0) {
      this.#step(place, -1)
      this.#step({ ...place, due }, 1)
    }
  }

  purge(actor: number): void {
    for (const { kind, due } of this.#deleteOf.all(actor)) {
      this.#step({ kind: Number(kind), due: Number(due) }, -1)
    }
  }

  /** Stores a question of an export, as often asked and with the pause that it had. */
  restore(actor: number, question: OpenQuestion): void {
    const { kind, due, tries } = question
    const place = { kind: KINDS.indexOf(kind), due, id: this.nextId++ }
    if (question.kind === 'subject') {
      const collection = this.#names.collection(question.collection)
      this.#put(place, actor, tries, [collection, storedKey(question.rkey), tidToInteger(question.rev)])
    } else this.#put(place, actor, tries, [null, null, null])
  }

  /** Every open question, those about records that have changed since left out. */
  *all(): Generator<OpenQuestion> {
    for (const [code, kind] of KINDS.entries()) {
      const statement = kind === 'subject' ? this.#subjects : this.#plain
      for (let [due, number] = [-1n, LAST_ID]; ; ) {
        const rows = statement.all(code, due, number, ASLEEP, PAGE) as unknown as unknown[][]
        for (const row of rows) {
          ;[due, number] = row as [bigint, bigint]
          const question = kind === 'subject' ? this.#subject(row) : { kind, did: row[3] as Did }
          if (question !== undefined) yield { ...question, due: Number(due), tries: Number(row[2]) }
        }
        if (rows.length < PAGE) break
      }
    }
  }

  /** Writes the changed counts. */
  save(): void {
    for (const [kind, step] of this.#steps.entries()) {
      if (step.open !== 0 || step.postponed !== 0) this.#count.run(kind, step.open, step.postponed)
      Object.assign(step, { open: 0, postponed: 0 })
    }
  }

  /** Questions due by `now`, first those never asked. Every 30 s also those that a wrong clock has postponed too far. */
  list(kind: QuestionKind, limit: number, except: ReadonlySet<QuestionId>, now: Seconds): Found {
    const found: Found = { questions: [], stale: [] }
    this.#find(found, { kind, limit, except, after: -1, until: now, wanted: () => true })
    const moment = performance.now()
    if (found.questions.length < limit && moment >= (this.#lookBeyondAt.get(kind) ?? 0)) {
      const wanted = (progress: Progress): boolean => isBeyondPause(kind, progress, now)
      this.#find(found, { kind, limit, except, after: now, until: ASLEEP - 1, wanted })
      if (found.questions.length < limit) this.#lookBeyondAt.set(kind, moment + LOOK_BEYOND_EVERY_MS)
    }
    return { ...found, questions: found.questions.slice(0, limit) }
  }

  /** The open question of this kind about a person. */
  about(actor: number, did: Did, kind: PersonQuestion['kind']): AskedQuestion | undefined {
    const open = this.#open(actor, KINDS.indexOf(kind))
    return open && { kind, did, id: `${kind}:${open.due}:${open.id}`, tries: open.tries }
  }

  #open(actor: number, kind: number): (Place & { tries: number }) | undefined {
    return this.#openOf.get(actor, kind) as (Place & { tries: number }) | undefined
  }

  /** Adds questions that are due after `after` and not after `until`. */
  #find(found: Found, { kind, limit, except, after, until, wanted }: Search): void {
    const [statement, code] = [kind === 'subject' ? this.#subjects : this.#plain, KINDS.indexOf(kind)]
    for (let [due, number] = [BigInt(after), LAST_ID]; found.questions.length < limit; ) {
      const rows = statement.all(code, due, number, until, limit) as unknown as unknown[][]
      for (const row of rows) {
        ;[due, number] = row as [bigint, bigint]
        const id: QuestionId = `${kind}:${due}:${number}`
        const tries = Number(row[2])
        if (except.has(id) || !wanted({ due: Number(due), tries })) continue
        const question = kind === 'subject' ? this.#subject(row) : { kind, did: row[3] as Did }
        if (question === undefined) found.stale.push(id)
        else found.questions.push({ ...question, id, tries })
      }
      if (rows.length < limit) break
    }
  }

  #put(
    { kind, due, id }: Place,
    actor: number,
    tries: number,
    record: [number | null, StoredKey | null, bigint | null],
  ): void {
    this.#insert.run(kind, due, id, actor, tries, ...record)
    this.#step({ kind, due }, 1)
  }

  #drop({ kind, due, id }: Place): void {
    this.#step({ kind, due }, -Number(this.#delete.run(kind, due, id).changes))
  }

  #step({ kind, due }: Pick<Place, 'kind' | 'due'>, step: number): void {
    const steps = this.#steps[kind]
    if (steps === undefined) return
    steps.open += step
    if (due > 0) steps.postponed += step
  }

  #subject(row: unknown[]): Question | undefined {
    const [, , , did, collection, rkey, rev, recordRev, subjectDid, key] = row as [
      bigint,
      bigint,
      bigint,
      Did,
      bigint,
      StoredKey,
      bigint,
      bigint | null,
      Did | null,
      StoredKey | null,
    ]
    if (recordRev === null || fromDistance(rkey, recordRev) !== rev || subjectDid === null || key === null)
      return undefined
    const nsid: Nsid = this.#names.nsid(Number(collection))
    return {
      kind: 'subject',
      did,
      collection: nsid,
      rkey: recordKey(rkey),
      rev: integerToTid(rev),
      subject: subjectOf(subjectDid, key),
    }
  }
}

/** Parses a question's id, `kind:due:id`. */
function placeOf(question: QuestionId): Place {
  const [kind, due, id] = question.split(':')
  return { kind: KINDS.indexOf(kind as QuestionKind), due: Number(due), id: Number(id) }
}
