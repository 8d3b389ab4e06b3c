// The AppView's untrue answers: out of date, incomplete, or with wrong labels.

import type { Faults } from './faults.ts'
import type { Network } from './network.ts'
import type { Person } from './people.ts'
import type { Random } from './random.ts'
import type { Said } from './views.ts'

/** What the AppView says of `person`; undefined where it leaves them out. */
export function saidOf(person: Person, network: Network, faults: Faults, random: Random): Said | undefined {
  if (random.chance(faults.appviewOmits)) return undefined
  const { former } = person
  const behind = former !== undefined && network.happened - former.until < faults.appviewBehind
  const { handle, shy } = behind ? former : person
  return { handle, shy: random.chance(faults.appviewLies) !== shy }
}
