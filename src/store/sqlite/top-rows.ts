import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { TopPlaces } from '../top.ts'
import { SHOWN } from '../visibility.ts'

/** Some tens of full pages of the API, as far as a reader may want to page. */
const MAX_PLACES = 2_000

/** The table `foremost`: the characters on the board, by actor id. */
export class TopRows {
  readonly #places: TopPlaces<number>
  readonly #select: StatementSync
  readonly #put: StatementSync
  readonly #drop: StatementSync

  constructor(db: DatabaseSync, above: number) {
    const rows = db.prepare('SELECT actor, experience FROM foremost').all()
    this.#places = new TopPlaces({ max: MAX_PLACES, places: rows.map(placeOf), above })
    this.#select = db.prepare(
      `SELECT id AS actor, experience FROM actors WHERE standing = ${SHOWN} ORDER BY experience DESC LIMIT ${MAX_PLACES / 2}`,
    )
    this.#put = db.prepare('INSERT OR REPLACE INTO foremost (actor, experience) VALUES (?, ?)')
    this.#drop = db.prepare('DELETE FROM foremost WHERE actor = ?')
  }

  /** See `TopPlaces.above`; stored with the totals. */
  get above(): number {
    return this.#places.above
  }

  /** Places a character that has `experience` now; `undefined` where it is not shown. */
  place(actor: number, experience: number | undefined): void {
    this.#places.place(actor, experience)
  }

  /** Writes the places that have changed since the last call. */
  save(): void {
    for (const [actor, experience] of this.#places.takeChanges()) {
      if (experience === undefined) this.#drop.run(actor)
      else this.#put.run(actor, experience)
    }
  }

  /**
   * Refills the board from all characters where many have left it, as after a recompute by rules that award less. Takes
   * seconds with millions of characters.
   * @returns whether there is anything to save
   */
  refillIfShort(): boolean {
    if (!this.#places.isShort) return false
    this.#places.refill(this.#select.all().map(placeOf))
    return true
  }
}

function placeOf(row: Record<string, unknown>): [number, number] {
  return [Number(row.actor), Number(row.experience)]
}
