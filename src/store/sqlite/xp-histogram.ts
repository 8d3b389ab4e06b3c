import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { WAITING } from '../visibility.ts'

/** The table `standings`: the number of shown characters at each amount of XP, updated with every commit. */
export class XpHistogram {
  readonly #add: StatementSync
  readonly #dropEmpty: StatementSync
  readonly #moves = new Map<number, number>()
  /** Numbers of characters that are shown, and of those that would be if they were introduced. */
  characters: number
  introductions: number

  constructor(
    db: DatabaseSync,
    { characters, introductions }: { characters: number; introductions: number },
  ) {
    this.characters = characters
    this.introductions = introductions
    this.#add = db.prepare(
      `INSERT INTO standings (experience, characters) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET characters = characters + ?2`,
    )
    this.#dropEmpty = db.prepare('DELETE FROM standings WHERE experience = ? AND characters = 0')
  }

  /** Counts a change of a character's visibility. */
  changeVisibility(before: number, after: number): void {
    this.introductions += Number(after === WAITING) - Number(before === WAITING)
  }

  /** Counts a change of a character's XP; `undefined` where it is not shown. */
  move(from: number | undefined, to: number | undefined): void {
    if (from !== undefined) this.#count(from, -1)
    if (to !== undefined) this.#count(to, 1)
  }

  /** Writes the changes since the last call; many cancel each other out. */
  save(): void {
    for (const [experience, step] of this.#moves) {
      if (step === 0) continue
      this.#add.run(experience, step)
      if (step < 0) this.#dropEmpty.run(experience)
    }
    this.#moves.clear()
  }

  #count(experience: number, step: number): void {
    this.#moves.set(experience, (this.#moves.get(experience) ?? 0) + step)
    this.characters += step
  }
}
