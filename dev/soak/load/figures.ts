import type { FollowerReport } from './follower.ts'
import type { Outage } from './outages.ts'
import type { PageReport } from './page-follower.ts'
import type { NeededMemory, Sample } from './program-figures.ts'
import type { Timing } from './timings.ts'
import type { Answers, Imported } from './visitors-helper.ts'

/** All that was measured in a run under load. */
export type LoadFigures = {
  seconds: number
  /** Events a second that the network sent. */
  rate: number
  /** Events of the network in the run, and entries of the ledger in the end. */
  events: number
  entries: number
  outages: readonly Outage[]
  samples: readonly Sample[]
  needed: readonly NeededMemory[]
  timings: readonly Timing[]
  /** How late a timer of a process fires that has nothing to do, p99 in milliseconds: how busy the machine was. */
  yardstickMs: number
  /** Where the ledger differs from the network's repositories, in words. */
  differences: readonly string[]
  /** What `verify` says where it finds something. */
  findings: string | undefined
  followers: readonly FollowerReport[]
  readers: readonly PageReport[]
  /** The newest event of the ledger. */
  last: number
  answers: Answers
  imports: readonly Imported[]
  /** Files and connections that the program has open before the clients come, and after they have left. */
  descriptors: { before: number; after: number }
}
