import { type Faults, NO_FAULTS } from '../../../src/simulator/faults.ts'

/** Faults that are there all the time, and must neither lose nor delay anything. */
export const ALWAYS: Partial<Faults> = {
  malformed: 0.001,
  hostile: 0.001,
  duplicate: 0.001,
  appview: 0.02,
  hugeFrame: 10_000,
}

/** What goes wrong with the network for some seconds, one after the other. */
const KINDS: Readonly<Record<string, Partial<Faults>>> = {
  'the host restarts': { drop: 1, unavailable: true },
  'connections break': { drop: 0.005 },
  'the stream stands still': { silent: true },
  'the stream trickles': { framesPerSecond: 100 },
  'events come again': { duplicate: 0.3, drop: 0.001 },
  'the AppView refuses': { appview: 1 },
}

/** A fault and when it is there, in seconds from the beginning of the run. */
export type Outage = { kind: string; from: number; to: number }

/** How long a run is, and how often and for how long the network is disturbed; all in seconds. */
export type OutagePlan = { seconds: number; every: number; length: number }

/** The outages of a run: each kind in turn, the last early enough to be over, and mended, before the end. */
export function plannedOutages({ seconds, every, length }: OutagePlan): Outage[] {
  const kinds = Object.keys(KINDS)
  return Array.from({ length: Math.floor(seconds / every) }, (_, n) => {
    const from = every * n + every / 3
    return { kind: kinds[n % kinds.length] ?? '', from, to: from + length }
  })
}

/** The faults at `second`. */
export function faultsAt(outages: readonly Outage[], second: number): Faults {
  const outage = outages.find(({ from, to }) => second >= from && second < to)
  return { ...NO_FAULTS, ...ALWAYS, ...(outage && KINDS[outage.kind]) }
}

/** Whether no outage is at `second`, nor has been in the `recovery` seconds before. */
export function isCalm(outages: readonly Outage[], second: number, recovery: number): boolean {
  return outages.every(({ from, to }) => second + 1 <= from || second >= to + recovery)
}
