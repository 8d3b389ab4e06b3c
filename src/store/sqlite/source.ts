import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Did, Handle } from '@atcute/lexicons/syntax'
import type { Profile } from '../../atproto/profile.ts'
import type { Followed } from '../../game/followed.ts'
import type { LedgerEvent } from '../../game/state.ts'
import { assertNobodyMoves, isSettled } from '../bound-rules.ts'
import type { LedgerSource, LedgerState, OpenQuestion, SourcePerson } from '../export/ledger-copy.ts'
import { isStranger } from '../export/stranger.ts'
import { StoreError, type WishToLeave } from '../store.ts'
import { ACTOR_COLUMNS, type ActorRow, actorRow } from './actor-row.ts'
import { CursorRow } from './cursor.ts'
import { Days } from './days.ts'
import { EntryVersions } from './entry-versions.ts'
import { Grants } from './grants.ts'
import { Names } from './names.ts'
import { People } from './people.ts'
import { Questions } from './questions.ts'
import { Records } from './records.ts'
import { Rulebooks, rulesOf } from './rulebooks.ts'
import { EVENT_COLUMNS, ledgerEvent } from './timeline.ts'

/** People read at once. */
const PAGE = 500

/** Reads all of a ledger as of the moment when it is made: as long as it is open, the write-ahead log grows. */
export class SqliteSource implements LedgerSource {
  readonly state: LedgerState
  readonly #db: DatabaseSync
  readonly #names: Names
  readonly #versions: EntryVersions
  readonly #records: Records
  readonly #grants: Grants
  readonly #days: Days
  readonly #questions: Questions
  readonly #sql: Statements

  /** @param db a connection of its own, which it closes */
  constructor(db: DatabaseSync) {
    db.exec('BEGIN')
    this.#db = db
    this.#names = new Names(db)
    this.#versions = new EntryVersions(db).refresh()
    this.#records = new Records(db, this.#names, new People(db, this.#names, 0))
    this.#grants = new Grants(db, this.#names)
    this.#days = new Days(db, this.#names)
    this.#questions = new Questions(db, this.#names, 0)
    this.#sql = prepare(db)
    this.state = readState(db)
  }

  async *people(): AsyncGenerator<SourcePerson> {
    for (let last = -1n; ; ) {
      const rows = this.#sql.people.all(last, PAGE) as unknown as unknown[][]
      for (const row of rows) {
        const person = this.#person(actorRow(row, this.#names), Number(row.at(-1)))
        if (person !== undefined) yield person
        last = row[0] as bigint
      }
      if (rows.length < PAGE) return
    }
  }

  async *questions(): AsyncGenerator<OpenQuestion> {
    yield* this.#questions.all()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#db.isOpen) this.#db.close()
  }

  /** `undefined` for people who are only named by others. */
  #person(row: ActorRow, pruned: number): SourcePerson | undefined {
    const { id, state, kinds } = row
    if (isStranger(state)) return undefined
    const profile = this.#sql.profile.get(id)
    return {
      actor: state,
      profile: profile && profileOf(profile),
      pruned,
      granted: this.#grants.of(row),
      days: this.#days.of(id),
      records: () => this.#records.of(row),
      events: () =>
        this.#events(
          state.did,
          [...kinds.values()].map(({ lastEvent }) => lastEvent),
        ),
    }
  }

  /** The chains lead from the newest to the oldest. */
  *#events(did: Did, heads: readonly number[]): Generator<LedgerEvent> {
    const ids: number[] = []
    for (const head of heads) {
      for (let id = head; id > 0; ) {
        const back = this.#sql.back.get(id)?.back
        // Pruned: the chain ends here.
        if (back === undefined) break
        ids.push(id)
        id = Number(back) === 0 ? 0 : id - Number(back)
      }
    }
    for (const id of ids.sort((a, b) => a - b)) {
      const row = this.#sql.event.get(id) as unknown as unknown[]
      yield ledgerEvent(row, did, { names: this.#names, versions: this.#versions })
    }
  }
}

/** @throws {StoreError} where it is not a whole ledger */
function readState(db: DatabaseSync): LedgerState {
  const rules = rulesOf(db)
  const cursor = new CursorRow(db).readReached()
  if (rules === undefined || cursor === undefined) {
    throw new StoreError('the ledger has nothing to export yet: ingest has received no event.')
  }
  if (!isSettled(rules)) {
    throw new StoreError('the ledger is half recomputed or half restored: end that first, then export it.')
  }
  const { versions, move } = new Rulebooks(db).state()
  assertNobodyMoves(move)
  const pulse = db.prepare('SELECT at, lag, host FROM pulse').get()
  const followed = db.prepare('SELECT json FROM followed').get()
  return {
    versions: versions.map(({ version, fingerprint, titles, at }) => ({ version, fingerprint, titles, at })),
    cursor,
    heartbeat: pulse && {
      at: Number(pulse.at),
      lag: Number(pulse.lag),
      host: pulse.host === null ? undefined : String(pulse.host),
    },
    followed: followed && (JSON.parse(String(followed.json)) as Followed),
    gaps: db
      .prepare('SELECT host, began, ended, reason, at FROM gaps ORDER BY id')
      .all()
      .map(({ host, began, ended, reason, at }) => ({
        host: String(host),
        from: Number(began),
        to: ended === null ? undefined : Number(ended),
        reason: String(reason),
        at: Number(at),
      })),
    wishes: db
      .prepare('SELECT kind, did, at FROM inbox ORDER BY id')
      .all()
      .map(({ kind, did, at }) => ({
        kind: kind as WishToLeave['kind'],
        did: did as Did,
        at: Number(at),
      })),
  }
}

function profileOf({ handle, display_name, avatar, asked }: Record<string, unknown>): Profile {
  return {
    handle: (handle as Handle | null) ?? undefined,
    displayName: (display_name as string | null) ?? undefined,
    avatar: (avatar as string | null) ?? undefined,
    asked: Number(asked),
  }
}

type Statements = ReturnType<typeof prepare>

function prepare(db: DatabaseSync) {
  const arrays = (text: string): StatementSync => {
    const statement = db.prepare(text)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    return statement
  }
  return {
    people: arrays(`SELECT ${ACTOR_COLUMNS}, pruned_xp FROM actors WHERE id > ? ORDER BY id LIMIT ?`),
    profile: db.prepare('SELECT handle, display_name, avatar, asked FROM profiles WHERE actor = ?'),
    back: db.prepare('SELECT back FROM events WHERE id = ?'),
    event: arrays(`SELECT ${EVENT_COLUMNS} FROM events e WHERE e.id = ?`),
  }
}
