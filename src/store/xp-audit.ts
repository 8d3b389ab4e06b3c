// What both stores check of the totals that go by XP: the leaderboard and the histogram.
import type { Finding } from './auditor.ts'

/** The name of a finding about a place on the leaderboard. */
export const ON_BOARD = 'experience on the board'

/** Compares the stored leaderboard with everybody's XP: each place, and that nobody is missing who has more than its end. */
export class XpBoardAudit<Key> {
  readonly #above: number
  readonly #unseen: Map<Key, number>

  /** @param above see `TopPlaces.above` */
  constructor({ above, places }: { above: number; places: Iterable<[Key, number]> }) {
    this.#above = above
    this.#unseen = new Map(places)
  }

  /** How many places belong to people of whom `difference` was never asked. */
  get strays(): number {
    return this.#unseen.size
  }

  /**
   * The difference between the board and a person's XP; `undefined` where there is none. A character with exactly as much as
   * the board's end may be on it or not.
   * @param shown the XP of a character that is shown, else `undefined`
   */
  difference(key: Key, shown: number | undefined): Omit<Finding, 'did'> | undefined {
    const placed = this.#unseen.get(key)
    this.#unseen.delete(key)
    const belongs =
      shown !== undefined && (shown > this.#above || (shown === this.#above && placed !== undefined))
    const [expected, actual] = [belongs ? shown : 0, placed ?? 0]
    return expected === actual ? undefined : { what: ON_BOARD, expected, actual }
  }
}

/** Compares how many shown characters have each amount of XP with what is stored of it. */
export function histogramFindings(
  people: ReadonlyMap<number, number>,
  stored: ReadonlyMap<number, number>,
): Finding[] {
  const findings: Finding[] = []
  for (const experience of new Set([...people.keys(), ...stored.keys()])) {
    const [expected, actual] = [people.get(experience) ?? 0, stored.get(experience) ?? 0]
    if (expected === actual) continue
    findings.push({ did: undefined, what: `characters with ${experience} XP`, expected, actual })
  }
  return findings
}
