import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { LedgerEvent } from '../../game/state.ts'
import { type Expiry, expiredCount } from '../expired.ts'
import type { ActorRow, Kind } from './actor-row.ts'
import type { Names } from './names.ts'
import { storedKey } from './tid.ts'

/** The table `events`: appended at its end, pruned at its beginning. A row's `back` is the distance to its chain's previous id. */
export class Events {
  readonly #names: Names
  readonly #insert: StatementSync
  readonly #back: StatementSync
  readonly #delete: StatementSync
  readonly #oldest: StatementSync
  readonly #deleteUpTo: StatementSync
  readonly #notePruned: StatementSync
  /** The id that the next event takes. */
  nextId: number
  /** Events with smaller ids are not kept any more. */
  oldestId: number

  constructor(db: DatabaseSync, names: Names, { nextId, oldestId }: { nextId: number; oldestId: number }) {
    this.#names = names
    this.nextId = nextId
    this.oldestId = oldestId
    this.#insert = db.prepare(
      'INSERT INTO events (id, actor, back, at, entry, rkey, delta, experience) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    )
    this.#back = db.prepare('SELECT back FROM events WHERE id = ?')
    this.#delete = db.prepare('DELETE FROM events WHERE id = ?')
    this.#oldest = db.prepare('SELECT id, actor, at, delta FROM events ORDER BY id LIMIT ?')
    this.#deleteUpTo = db.prepare('DELETE FROM events WHERE id <= ?')
    this.#notePruned = db.prepare('UPDATE actors SET pruned_xp = pruned_xp + ? WHERE id = ?')
  }

  append(row: ActorRow, kind: Kind, event: LedgerEvent): void {
    const id = this.nextId++
    const back = kind.lastEvent === 0 ? 0 : id - kind.lastEvent
    const entry = this.#names.entryId(event.collection, event.cause, event.reason)
    const { delta, experience } = event
    this.#insert.run(id, row.id, back, event.at / 1000, entry, storedKey(event.rkey), delta, experience)
    kind.lastEvent = id
  }

  /** Removes all events of a person; returns how many there were. */
  purge(row: ActorRow): number {
    let gone = 0
    for (const kind of row.kinds.values()) {
      for (let id = kind.lastEvent; id >= this.oldestId; gone++) {
        const back = Number(this.#back.get(id)?.back ?? 0)
        this.#delete.run(id)
        if (back === 0) id = 0
        else id -= back
      }
    }
    return gone
  }

  /** Removes up to `limit` of the oldest expired events; their sum stays in `actors.pruned_xp`, so the audit adds up. */
  prune(expiry: Expiry, limit: number): number {
    let last = 0
    let gone = 0
    const sums = new Map<number, number>()
    const oldest = this.#oldest.all(limit)
    for (const row of oldest.slice(
      0,
      expiredCount(oldest, ({ at }) => Number(at) * 1000, expiry),
    )) {
      const actor = Number(row.actor)
      sums.set(actor, (sums.get(actor) ?? 0) + Number(row.delta))
      last = Number(row.id)
      gone++
    }
    if (gone === 0) return 0
    for (const [actor, sum] of sums) if (sum !== 0) this.#notePruned.run(sum, actor)
    this.#deleteUpTo.run(last)
    this.oldestId = last + 1
    return gone
  }
}
