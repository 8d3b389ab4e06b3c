import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { WAITING } from '../visibility.ts'

/** The table `standings`: how many shown characters hold how much XP, kept up with every commit. */
export class XpHistogram {
  readonly #add: StatementSync
  readonly #dropEmpty: StatementSync
  readonly #moves = new Map<number, number>()
  /** How many characters are shown, and how many would be if somebody had said that they want to be. */
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

  /** A character went from one standing to another. */
  stand(before: number, after: number): void {
    this.introductions += Number(after === WAITING) - Number(before === WAITING)
  }

  /** A character went from one amount of XP to another; `undefined` where it is not shown. */
  move(from: number | undefined, to: number | undefined): void {
    if (from !== undefined) this.#count(from, -1)
    if (to !== undefined) this.#count(to, 1)
  }

  /** Writes what has moved since the last time; many moves cancel each other out. */
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
