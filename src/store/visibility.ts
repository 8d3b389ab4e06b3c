// A person's visibility as one number of bits, which every driver stores (in columns named `standing`) and compares.
import { ACCOUNT_STATUSES } from '../atproto/event.ts'
import type { Visibility } from '../game/state.ts'

/** Values of the bits. The status takes the three from 8 on, so there is room for eight statuses. */
const BORN = 1
const OPTED_OUT = 2
const FORGOTTEN = 4
const STATUS = 8
const STATUS_BITS = 7
const NOT_INTRODUCED = 64
const UNFOLLOWED = 128
const HIDDEN = 256
const LEFT = 512

/** The only visibility of people who are shown: born, introduced, active, followed; not opted out, hidden, forgotten or left. */
export const SHOWN = BORN

/** The only visibility of people who would be shown if they were introduced. */
export const WAITING = BORN + NOT_INTRODUCED

/** The number to store. */
export function visibilityOf({
  born,
  optedOut,
  introduced,
  forgotten,
  hidden,
  left,
  status,
  unfollowed,
}: Visibility): number {
  return (
    Number(born) * BORN +
    Number(optedOut) * OPTED_OUT +
    Number(forgotten) * FORGOTTEN +
    ACCOUNT_STATUSES.indexOf(status) * STATUS +
    Number(!introduced) * NOT_INTRODUCED +
    Number(unfollowed) * UNFOLLOWED +
    Number(hidden) * HIDDEN +
    Number(left) * LEFT
  )
}

/** Reads a number that `visibilityOf` wrote. */
export function readVisibility(visibility: number): Visibility {
  return {
    born: (visibility & BORN) !== 0,
    optedOut: (visibility & OPTED_OUT) !== 0,
    introduced: (visibility & NOT_INTRODUCED) === 0,
    forgotten: (visibility & FORGOTTEN) !== 0,
    status: ACCOUNT_STATUSES[(visibility / STATUS) & STATUS_BITS] ?? 'inactive',
    unfollowed: (visibility & UNFOLLOWED) !== 0,
    hidden: (visibility & HIDDEN) !== 0,
    left: (visibility & LEFT) !== 0,
  }
}
