import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Did } from '@atcute/lexicons/syntax'
import { unknownActor } from '../../game/state.ts'
import { GenerationalCache } from '../generational-cache.ts'
import { StoreError } from '../store.ts'
import { ACTOR_COLUMNS, type ActorRow, actorRow, CHANGING_COLUMNS, changingValues } from './actor-row.ts'
import type { Names } from './names.ts'

/** Maximum rows cached. A row is about 700 bytes, so this is some 35 MB. */
const MAX_CACHED = 50_000

/**
 * The rows of `actors`, cached while they are in use. Only the writer changes them, so its cache never differs from the file.
 */
export class People {
  readonly #names: Names
  readonly #byDid: StatementSync
  readonly #didById: StatementSync
  readonly #insert: StatementSync
  readonly #update: StatementSync
  readonly #setPruned: StatementSync
  readonly #rows = new GenerationalCache<Did, ActorRow>(MAX_CACHED)
  /** The row that was found last: mostly the next one that is asked for, too. */
  #last: ActorRow | undefined
  /** DIDs known to have no row: a batch looks the same unknown person up several times. */
  readonly #absent = new Set<Did>()
  /** The id that the next new person takes. */
  nextId: number

  constructor(db: DatabaseSync, names: Names, nextId: number) {
    this.#names = names
    this.nextId = nextId
    this.#byDid = db.prepare(`SELECT ${ACTOR_COLUMNS} FROM actors WHERE did = ?`)
    this.#byDid.setReadBigInts(true)
    this.#byDid.setReturnArrays(true)
    this.#didById = db.prepare('SELECT did FROM actors WHERE id = ?')
    const inserted = [...CHANGING_COLUMNS, 'id', 'did']
    const places = inserted.map(() => '?')
    this.#insert = db.prepare(`INSERT INTO actors (${inserted}, pruned_xp) VALUES (${places}, 0)`)
    const changes = CHANGING_COLUMNS.map((column) => `${column} = ?`)
    this.#update = db.prepare(`UPDATE actors SET ${changes} WHERE id = ?`)
    this.#setPruned = db.prepare('UPDATE actors SET pruned_xp = ? WHERE id = ?')
  }

  /** The person's row; `undefined` where they have none. */
  find(did: Did): ActorRow | undefined {
    if (this.#last?.state.did === did) return this.#last
    const cached = this.#rows.get(did)
    if (cached !== undefined) {
      this.#last = cached
      return cached
    }
    if (this.#absent.has(did)) return undefined
    const row = this.#byDid.get(did) as unknown as unknown[] | undefined
    if (row !== undefined) return this.#cache(actorRow(row, this.#names))
    if (this.#absent.size >= MAX_CACHED) this.#absent.clear()
    this.#absent.add(did)
    return undefined
  }

  /** The person's row, made in memory where there is none; `save` writes it to the file. */
  row(did: Did): ActorRow {
    const found = this.find(did)
    if (found !== undefined) return found
    this.#absent.delete(did)
    return this.#cache({ id: this.nextId++, stored: false, state: unknownActor(did), kinds: new Map() })
  }

  /** The person's id in other tables; inserts the person into the file first where needed. */
  idOf(did: Did): number {
    const row = this.row(did)
    if (!row.stored) this.save(row)
    return row.id
  }

  didOf(id: number): Did {
    const row = this.#didById.get(id)
    if (row === undefined)
      throw new StoreError(
        `the ledger names person ${id}, who is not in it: the file is damaged. Restore a backup; see docs/operating.md.`,
      )
    return row.did as Did
  }

  save(row: ActorRow): void {
    const values = changingValues(row, this.#names)
    if (row.stored) this.#update.run(...values)
    else this.#insert.run(...values, row.state.did)
    row.stored = true
  }

  /** Forgets the XP of the person's pruned events, for a purge. */
  dropPruned(row: ActorRow): void {
    this.setPruned(row, 0)
  }

  /** Sets the XP of the person's pruned events, whose row is in the file. */
  setPruned(row: ActorRow, xp: number): void {
    this.#setPruned.run(xp, row.id)
  }

  #cache(row: ActorRow): ActorRow {
    this.#rows.set(row.state.did, row)
    this.#last = row
    return row
  }
}
