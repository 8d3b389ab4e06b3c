import type { Row } from '../driver/paging.ts'
import { numberOf } from '../driver/values.ts'
import { type Mutation, rowMutation } from '../rows/mutations.ts'

/** One shard's rows of `standings`: the number of shown characters at each amount of XP, updated with every batch. */
export class XpHistogram {
  readonly #shard: number
  readonly #characters: Map<number, number>
  readonly #changed = new Set<number>()

  constructor(shard: number, rows: readonly Row[]) {
    this.#shard = shard
    this.#characters = new Map(
      rows
        .map(({ experience, characters }): [number, number] => [numberOf(experience), numberOf(characters)])
        .filter(([, characters]) => characters !== 0),
    )
  }

  /** Counts a change of a character's XP; `undefined` where it is not shown. */
  move(from: number | undefined, to: number | undefined): void {
    if (from !== undefined) this.#count(from, -1)
    if (to !== undefined) this.#count(to, 1)
  }

  /** Writes what has changed since the last call. */
  takeMutations(): Mutation[] {
    const mutations = [...this.#changed].map((experience) => {
      // 0 in place of a deletion: nearly every sum is left again, and a server reads past deletions for days.
      const characters = this.#characters.get(experience) ?? 0
      return rowMutation('standing', { shard: this.#shard, experience, characters })
    })
    this.#changed.clear()
    return mutations
  }

  #count(experience: number, step: 1 | -1): void {
    const n = (this.#characters.get(experience) ?? 0) + step
    if (n === 0) this.#characters.delete(experience)
    else this.#characters.set(experience, n)
    this.#changed.add(experience)
  }
}
