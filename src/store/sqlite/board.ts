import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { PeriodBoard } from '../../game/boards.ts'
import { boardAfter, boardAround, type Board as Places, type PlacesPage, ranked } from '../board.ts'
import type { Character, Page, Placed, Ranked } from '../store.ts'
import { SHOWN } from '../visibility.ts'
import { CHARACTER_COLUMNS, type CharacterRow } from './character-row.ts'
import { PeriodPlaces } from './period-places.ts'

/** A part of a board: after a cursor, or around the character of an id. */
export type BoardPart = { cursor: string | undefined; around: number | undefined; limit: number }

/** Pages of the boards, with their characters. Equals are ordered by id. */
export class Boards {
  readonly #toCharacter: (row: CharacterRow) => Character
  readonly #all: StatementSync
  readonly #periods: PeriodPlaces
  readonly #character: StatementSync
  readonly #version: StatementSync
  /** The boards that were read from this version of the file. */
  readonly #cached = new Map<string, Places<number>>()
  #cachedVersion: unknown

  constructor(db: DatabaseSync, toCharacter: (row: CharacterRow) => Character) {
    this.#toCharacter = toCharacter
    const prepare = (sql: string): StatementSync => {
      const statement = db.prepare(sql)
      statement.setReturnArrays(true)
      return statement
    }
    this.#all = prepare('SELECT actor, experience FROM foremost')
    this.#periods = new PeriodPlaces(db)
    this.#character = prepare(
      `SELECT ${CHARACTER_COLUMNS} FROM actors a LEFT JOIN profiles p ON p.actor = a.id
         WHERE a.id = ? AND a.standing = ${SHOWN}`,
    )
    // Differs after each commit of another connection; see https://www.sqlite.org/pragma.html#pragma_data_version.
    this.#version = db.prepare('PRAGMA data_version')
  }

  /** @throws {InvalidCursorError} */
  page(part: BoardPart): Page<Ranked> {
    const places = this.#read('all', () => this.#all.all() as unknown as [number, number][])
    const page = this.#withCharacters(partOf(places, part))
    return { ...page, items: page.items.map(({ rank, character }) => ({ rank, character })) }
  }

  /**
   * `undefined` where there is no board of that period.
   * @throws {InvalidCursorError}
   */
  periodPage(board: PeriodBoard, part: BoardPart): Page<Placed> | undefined {
    if (!this.#periods.has(board)) return undefined
    const places = this.#read(`${board.kind} ${board.period}`, () => this.#periods.of(board) ?? [])
    return this.#withCharacters(partOf(places, part))
  }

  /** Reads and sorts a board, some milliseconds, once per commit rather than once per page. */
  #read(name: string, select: () => [number, number][]): Places<number> {
    const version = this.#version.get()?.data_version
    if (this.#cachedVersion !== version) this.#cached.clear()
    this.#cachedVersion = version
    return this.#cached.getOrInsertComputed(name, () =>
      ranked(select().map(([key, experience]) => ({ key, experience }))),
    )
  }

  #withCharacters({ places, cursor }: PlacesPage<number>): Page<Placed> {
    const items = places.flatMap(({ key, rank, experience: earned }) => {
      const row = this.#character.get(key) as unknown as CharacterRow | undefined
      return row === undefined ? [] : [{ rank, earned, character: this.#toCharacter(row) }]
    })
    return { items, cursor }
  }
}

function partOf(places: Places<number>, { cursor, around, limit }: BoardPart): PlacesPage<number> {
  return around === undefined
    ? boardAfter(places, { cursor, limit }, readId)
    : boardAround(places, around, limit)
}

function readId(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
