import type { Did } from '@atcute/lexicons/syntax'
import { type Person, people } from './people.ts'
import type { Random } from './random.ts'

/** At most one person in so many is away at a time, so that somebody can always act. */
const AWAY = 5
/** How many random people to try before the first active one acts. */
const DRAWS = 100

/** Everybody on the network, and who of them is there. */
export class Population {
  readonly all: readonly Person[]
  readonly #random: Random
  /** Those who act by themselves: the first so many. */
  readonly #acting: number
  readonly #byDid: ReadonlyMap<Did, Person>

  /**
   * @param random draws who acts; the people themselves depend on `seed` alone
   * @param quiet how many of them never act by themselves: the last ones
   */
  constructor(count: number, seed: number, random: Random, quiet = 0) {
    this.all = people(count, seed)
    this.#random = random
    this.#acting = count - quiet
    this.#byDid = new Map(this.all.map((person) => [person.did, person]))
  }

  byDid(did: Did): Person | undefined {
    return this.#byDid.get(did)
  }

  byHandle(handle: string): Person | undefined {
    return this.all.find((person) => person.handle === handle)
  }

  /** Picks an active person; the first people in the list act the most. */
  pickActive(): Person {
    for (let draw = 0; draw < DRAWS; draw++) {
      const index = Math.floor(this.#acting * this.#random.next() ** 2.5)
      const person = this.all[index]
      if (person?.status === 'active') return person
    }
    const person = this.all.find(({ status }) => status === 'active')
    if (person === undefined) throw new Error('Expected a network with somebody in it, found nobody')
    return person
  }

  away(): Person[] {
    return this.all.filter(({ status }) => status !== 'active')
  }

  /** Whether one more person may go away. */
  get canSpareOne(): boolean {
    return (this.away().length + 1) * AWAY <= this.all.length
  }
}
