import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Did, Nsid } from '@atcute/lexicons/syntax'
import type { AskedQuestion, Question, QuestionId, QuestionKind } from '../../game/state.ts'
import type { Names } from './names.ts'
import { subjectOf } from './record-row.ts'
import { fromDistance, integerToTid, recordKey, type StoredKey, storedKey, tidToInteger } from './tid.ts'

/** A kind is stored as its place here: new ones go to the end. */
const KINDS: readonly QuestionKind[] = ['subject', 'profile', 'repository']

/** How many questions of each kind wait for an answer. */
export function waiting(db: DatabaseSync): Record<QuestionKind, number> {
  const counts: Record<QuestionKind, number> = { subject: 0, profile: 0, repository: 0 }
  for (const row of db.prepare('SELECT kind, count(*) AS n FROM questions GROUP BY kind').all()) {
    const kind = KINDS[Number(row.kind)]
    if (kind !== undefined) counts[kind] = Number(row.n)
  }
  return counts
}

/** The table `questions`: what the network has to be asked, until it has answered. */
export class Questions {
  readonly #names: Names
  readonly #insert: StatementSync
  readonly #delete: StatementSync
  readonly #deleteOf: StatementSync
  readonly #plain: StatementSync
  readonly #subjects: StatementSync
  /** The id that the next question takes. */
  nextId: number

  constructor(db: DatabaseSync, names: Names, nextId: number) {
    this.#names = names
    this.nextId = nextId
    this.#insert = db.prepare(
      'INSERT INTO questions (kind, id, actor, collection, rkey, rev) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#delete = db.prepare('DELETE FROM questions WHERE kind = ? AND id = ?')
    this.#deleteOf = db.prepare('DELETE FROM questions WHERE actor = ?')
    this.#plain = db.prepare(
      `SELECT q.id, a.did FROM questions q JOIN actors a ON a.id = q.actor
         WHERE q.kind = ? AND q.id > ? ORDER BY q.id LIMIT ?`,
    )
    this.#subjects = db.prepare(
      `SELECT q.id, a.did, q.collection, q.rkey, q.rev, r.rev, s.did, r.subject_rkey
         FROM questions q JOIN actors a ON a.id = q.actor
         LEFT JOIN records r ON r.rkey = q.rkey AND r.actor = q.actor AND r.collection = q.collection
         LEFT JOIN actors s ON s.id = r.subject_actor
         WHERE q.kind = ${KINDS.indexOf('subject')} AND q.id > ? ORDER BY q.id LIMIT ?`,
    )
    for (const statement of [this.#plain, this.#subjects]) {
      statement.setReadBigInts(true)
      statement.setReturnArrays(true)
    }
  }

  ask(actor: number, question: Question): void {
    const id = this.nextId++
    const kind = KINDS.indexOf(question.kind)
    if (question.kind === 'subject') {
      const collection = this.#names.collection(question.collection)
      this.#insert.run(kind, id, actor, collection, storedKey(question.rkey), tidToInteger(question.rev))
    } else {
      this.#insert.run(kind, id, actor, null, null, null)
    }
  }

  answered(id: QuestionId): void {
    const [kind, number] = id.split(':')
    this.#delete.run(KINDS.indexOf(kind as QuestionKind), Number(number))
  }

  purge(actor: number): void {
    this.#deleteOf.run(actor)
  }

  /** Oldest first. Questions about records that have changed since are of no use any more, and go. */
  list(kind: QuestionKind, limit: number, except: ReadonlySet<QuestionId>): AskedQuestion[] {
    const list: AskedQuestion[] = []
    for (let after = 0n; list.length < limit; ) {
      const rows = this.#page(kind, after, limit)
      for (const row of rows) {
        after = row[0] as bigint
        const id: QuestionId = `${kind}:${after}`
        if (except.has(id)) continue
        const question = kind === 'subject' ? this.#subject(row) : { kind, did: row[1] as Did }
        if (question === undefined) this.answered(id)
        else list.push({ ...question, id })
      }
      if (rows.length < limit) break
    }
    return list.slice(0, limit)
  }

  #page(kind: QuestionKind, after: bigint, limit: number): unknown[][] {
    const rows =
      kind === 'subject'
        ? this.#subjects.all(after, limit)
        : this.#plain.all(KINDS.indexOf(kind), after, limit)
    return rows as unknown as unknown[][]
  }

  #subject(row: unknown[]): Question | undefined {
    const [, did, collection, rkey, rev, heldRev, subjectDid, key] = row as [
      bigint,
      Did,
      bigint,
      StoredKey,
      bigint,
      bigint | null,
      Did | null,
      StoredKey | null,
    ]
    if (heldRev === null || fromDistance(rkey, heldRev) !== rev || subjectDid === null || key === null)
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
