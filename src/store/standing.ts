// Who may be seen, in one number: every driver stores it, and its readers compare it.
import type { AccountStatus } from '../atproto/event.ts'
import type { ActorState } from '../game/state.ts'

/** Positions of the bits; above them the status. */
const BORN = 1
const OPTED_OUT = 2
const FORGOTTEN = 4
const STATUS = 8

/** A status is stored as its place here: new ones go to the end. */
const STATUSES: readonly AccountStatus[] = [
  'active',
  'deactivated',
  'deleted',
  'takendown',
  'suspended',
  'desynchronized',
  'throttled',
  'inactive',
]

/** The one standing of those who may be seen: born, active, neither opted out nor forgotten. */
export const SHOWN = BORN

type Standing = Pick<ActorState, 'born' | 'optedOut' | 'forgotten' | 'status'>

/** `standing` as it is stored. */
export function standingOf({ born, optedOut, forgotten, status }: Standing): number {
  return (
    Number(born) * BORN +
    Number(optedOut) * OPTED_OUT +
    Number(forgotten) * FORGOTTEN +
    STATUSES.indexOf(status) * STATUS
  )
}

/** Reads what `standingOf` wrote; a status of a newer program is `inactive`. */
export function readStanding(standing: number): Standing {
  return {
    born: (standing & BORN) !== 0,
    optedOut: (standing & OPTED_OUT) !== 0,
    forgotten: (standing & FORGOTTEN) !== 0,
    status: STATUSES[Math.floor(standing / STATUS)] ?? 'inactive',
  }
}
