// Who may be seen, in one number: every driver stores it, and its readers compare it.
import { ACCOUNT_STATUSES } from '../atproto/event.ts'
import type { ActorState } from '../game/state.ts'

/** Positions of the bits; the status takes the three from 8 on, and there is no room for more than eight. */
const BORN = 1
const OPTED_OUT = 2
const FORGOTTEN = 4
const STATUS = 8
const STATUS_BITS = 7
const NOT_INTRODUCED = 64
const UNFOLLOWED = 128

/** The one standing of those who may be seen: born, introduced, active, followed, neither opted out nor forgotten. */
export const SHOWN = BORN

/** The one standing of those who could be seen if somebody had said that they want to be. */
export const WAITING = BORN + NOT_INTRODUCED

type Visibility = Pick<ActorState, 'born' | 'optedOut' | 'introduced' | 'forgotten' | 'status' | 'unfollowed'>

/** `standing` as it is stored. */
export function visibilityOf({
  born,
  optedOut,
  introduced,
  forgotten,
  status,
  unfollowed,
}: Visibility): number {
  return (
    Number(born) * BORN +
    Number(optedOut) * OPTED_OUT +
    Number(forgotten) * FORGOTTEN +
    ACCOUNT_STATUSES.indexOf(status) * STATUS +
    Number(!introduced) * NOT_INTRODUCED +
    Number(unfollowed) * UNFOLLOWED
  )
}

/** Reads what `visibilityOf` wrote. */
export function readVisibility(standing: number): Visibility {
  return {
    born: (standing & BORN) !== 0,
    optedOut: (standing & OPTED_OUT) !== 0,
    introduced: (standing & NOT_INTRODUCED) === 0,
    forgotten: (standing & FORGOTTEN) !== 0,
    status: ACCOUNT_STATUSES[(standing / STATUS) & STATUS_BITS] ?? 'inactive',
    unfollowed: (standing & UNFOLLOWED) !== 0,
  }
}
