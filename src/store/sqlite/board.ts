import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { boardAfter, boardAround, type Board as Places, type PlacesPage, ranked } from '../board.ts'
import type { BoardPage, Character, Page, Ranked } from '../store.ts'
import { SHOWN } from '../visibility.ts'
import { CHARACTER_COLUMNS, type CharacterRow } from './character-row.ts'

/** Pages of the board in the table `foremost`, with their characters. Equals are ordered by id. */
export class Board {
  readonly #toCharacter: (row: CharacterRow) => Character
  readonly #places: StatementSync
  readonly #character: StatementSync
  readonly #version: StatementSync
  /** The board at the last read, and the file's version then. */
  #cached: { places: Places<number>; version: unknown } | undefined

  constructor(db: DatabaseSync, toCharacter: (row: CharacterRow) => Character) {
    this.#toCharacter = toCharacter
    this.#places = db.prepare('SELECT actor, experience FROM foremost')
    this.#places.setReturnArrays(true)
    this.#character = db.prepare(
      `SELECT ${CHARACTER_COLUMNS} FROM actors a LEFT JOIN profiles p ON p.actor = a.id
         WHERE a.id = ? AND a.standing = ${SHOWN}`,
    )
    this.#character.setReturnArrays(true)
    // Differs after each commit of another connection; see https://www.sqlite.org/pragma.html#pragma_data_version.
    this.#version = db.prepare('PRAGMA data_version')
  }

  /** @throws {InvalidCursorError} */
  page({ cursor, limit }: Pick<BoardPage, 'cursor' | 'limit'>): Page<Ranked> {
    return this.#withCharacters(boardAfter(this.#read(), { cursor, limit }, readId))
  }

  /** A page with the character of this id in its middle; empty where it is not on the board. */
  around(id: number, limit: number): Page<Ranked> {
    return this.#withCharacters(boardAround(this.#read(), id, limit))
  }

  /** Reads and sorts the board, a millisecond or more, once per commit rather than once per page. */
  #read(): Places<number> {
    const version = this.#version.get()?.data_version
    if (this.#cached !== undefined && this.#cached.version === version) return this.#cached.places
    const rows = this.#places.all() as unknown as [number, number][]
    const places = ranked(rows.map(([key, experience]) => ({ key, experience })))
    this.#cached = { places, version }
    return places
  }

  #withCharacters({ places, cursor }: PlacesPage<number>): Page<Ranked> {
    const items = places.flatMap(({ key, rank }) => {
      const row = this.#character.get(key) as unknown as CharacterRow | undefined
      return row === undefined ? [] : [{ rank, character: this.#toCharacter(row) }]
    })
    return { items, cursor }
  }
}

function readId(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
