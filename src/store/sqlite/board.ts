import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { SHOWN } from '../standing.ts'
import { type BoardPage, type Character, InvalidCursorError, type Page, type Ranked } from '../store.ts'
import { CHARACTER_COLUMNS, type CharacterRow } from './character-row.ts'

/** A place on the board: who stands there, and with how much. Equals follow each other by id. */
type Place = { experience: number; id: number }

/** All shown characters by experience, read along the index `board`. */
export class Board {
  readonly #toCharacter: (row: CharacterRow) => Character
  readonly #equals: StatementSync
  readonly #below: StatementSync
  readonly #aboveEquals: StatementSync
  readonly #above: StatementSync
  readonly #better: StatementSync

  constructor(db: DatabaseSync, toCharacter: (row: CharacterRow) => Character) {
    this.#toCharacter = toCharacter
    const select = (where: string, order: string): StatementSync => {
      const statement = db.prepare(
        `SELECT ${CHARACTER_COLUMNS} FROM actors a LEFT JOIN profiles p ON p.actor = a.id
           WHERE a.standing = ${SHOWN} AND ${where} ORDER BY ${order} LIMIT ?`,
      )
      statement.setReturnArrays(true)
      return statement
    }
    this.#equals = select('a.experience = ? AND a.id > ?', 'a.id')
    this.#below = select('a.experience < ?', 'a.experience DESC, a.id')
    this.#aboveEquals = select('a.experience = ? AND a.id < ?', 'a.id DESC')
    this.#above = select('a.experience > ?', 'a.experience, a.id DESC')
    this.#better = db.prepare('SELECT coalesce(sum(characters), 0) AS n FROM standings WHERE experience > ?')
  }

  /** @throws {InvalidCursorError} */
  page({ cursor, limit }: BoardPage): Page<Ranked> {
    return this.#after(cursor === undefined ? undefined : readCursor(cursor), limit)
  }

  /** A page with the character that stands at `place` in its middle. */
  around(place: Place, limit: number): Page<Ranked> {
    const half = Math.floor((limit - 1) / 2)
    let above = this.#aboveEquals.all(place.experience, place.id, half) as unknown as CharacterRow[]
    if (above.length < half) {
      above = above.concat(
        this.#above.all(place.experience, half - above.length) as unknown as CharacterRow[],
      )
    }
    const first = above.at(-1)
    // The page begins with the one found farthest up, or with the character itself.
    const begin = first === undefined ? place : placeOf(first)
    return this.#after({ experience: begin.experience, id: begin.id - 1 }, limit)
  }

  #after(place: Place | undefined, limit: number): Page<Ranked> {
    const most = limit + 1
    let rows =
      place === undefined
        ? []
        : (this.#equals.all(place.experience, place.id, most) as unknown as CharacterRow[])
    if (rows.length < most) {
      const below = this.#below.all(place?.experience ?? Number.MAX_SAFE_INTEGER, most - rows.length)
      rows = rows.concat(below as unknown as CharacterRow[])
    }
    const shown = rows.slice(0, limit)
    const last = shown.at(-1)
    return {
      items: this.#ranked(shown),
      cursor: rows.length > limit && last !== undefined ? writeCursor(placeOf(last)) : undefined,
    }
  }

  #ranked(rows: readonly CharacterRow[]): Ranked[] {
    const ranks = new Map<number, number>()
    return rows.map((row) => {
      const { experience } = placeOf(row)
      const rank = ranks.getOrInsertComputed(experience, () => 1 + Number(this.#better.get(experience)?.n))
      return { rank, character: this.#toCharacter(row) }
    })
  }
}

function placeOf(row: CharacterRow): Place {
  return { id: row[0], experience: row[2] }
}

function writeCursor({ experience, id }: Place): string {
  return `${experience.toString(36)}-${id.toString(36)}`
}

function readCursor(cursor: string): Place {
  const [, experience, id] = /^([0-9a-z]{1,10})-([0-9a-z]{1,10})$/.exec(cursor) ?? []
  if (experience === undefined || id === undefined) {
    throw new InvalidCursorError('the cursor is not one of a leaderboard')
  }
  return { experience: Number.parseInt(experience, 36), id: Number.parseInt(id, 36) }
}
