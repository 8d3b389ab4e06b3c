import type { Did } from '@atcute/lexicons/syntax'
import { dateOf } from '../game/boards.ts'
import {
  type Counts,
  type DayShare,
  type DayTally,
  NO_COUNTS,
  NO_TALLY,
  sumOf,
  type Tally,
  withShare,
} from '../game/days.ts'
import type { Day } from '../game/time.ts'
import type { Finding } from './auditor.ts'
import type { NetworkDay } from './network-day.ts'
import type { StoreStatus } from './status.ts'

/** What is stored of a person's days. */
export type StoredDays = {
  /** Of days before the running one. */
  stored: readonly DayTally[]
  running: DayTally
  earlier: Counts
}

/** The tallies of a person's days, added up from the shares of their records. */
export class ExpectedDays {
  readonly #days = new Map<Day, Tally>()

  add(share: DayShare): void {
    this.#days.set(share.day, withShare(this.#days.get(share.day) ?? NO_TALLY, share, 1))
  }

  /** Every number that differs from what is stored. */
  findings(did: Did, { stored, running, earlier }: StoredDays): Finding[] {
    const findings: Finding[] = []
    const expect = (what: string, expected: number, actual: number): void => {
      if (expected !== actual) findings.push({ did, what, expected, actual })
    }
    const expectCounts = (when: string, expected: Counts, actual: Counts): void => {
      for (const reason of new Set([...expected.keys(), ...actual.keys()]))
        expect(`${reason} ${when}`, expected.get(reason) ?? 0, actual.get(reason) ?? 0)
    }
    const held = new Map<Day, Tally>([...stored, running].map(({ day, ...tally }) => [day, tally]))
    for (const day of new Set([...this.#days.keys(), ...held.keys()])) {
      const [expected, actual] = [this.#days.get(day) ?? NO_TALLY, held.get(day) ?? NO_TALLY]
      const when = `of ${dateOf(day)}`
      expect(`experience ${when}`, expected.experience, actual.experience)
      expect(`claimed experience ${when}`, expected.claimed, actual.claimed)
      expectCounts(when, expected.counts, actual.counts)
    }
    expectCounts('of earlier days', sumOfAll(stored), earlier)
    const late = stored.filter(({ day }) => day >= running.day)
    expect('stored days that have not ended', 0, late.length)
    return findings
  }
}

/** Compares the network's running day, as added up from everybody's own, with what is stored of it. */
export function todayFindings(
  people: Pick<NetworkDay, 'day' | 'counts'>,
  stored: StoreStatus['today'],
): Finding[] {
  // A purge may have taken everybody of the latest day, which stays the latest.
  const day = Math.max(people.day, stored.day)
  const expected = people.day === day ? people.counts : NO_COUNTS
  const findings = [{ did: undefined, what: 'latest day', expected: day, actual: stored.day }]
  for (const reason of new Set([...expected.keys(), ...stored.counts.keys()])) {
    const [n, actual] = [expected.get(reason) ?? 0, stored.counts.get(reason) ?? 0]
    findings.push({ did: undefined, what: `${reason} of the latest day`, expected: n, actual })
  }
  return findings.filter((finding) => finding.expected !== finding.actual)
}

function sumOfAll(days: readonly DayTally[]): Counts {
  return days.reduce((sum, { counts }) => sumOf(sum, counts), NO_COUNTS)
}
