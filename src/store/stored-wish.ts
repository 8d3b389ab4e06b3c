import { createRaw } from '@atcute/tid'
import type { Did, Micros } from '../atproto/event.ts'
import type { Wish } from '../game/operation.ts'
import type { WishId } from '../game/state.ts'

/** A revision's last bits name its clock; with all of them set it is the greatest of its microsecond. */
const LAST_CLOCK = 1023

/** The wish that a driver has stored as these. What was done before an `unforget` stays forgotten. */
export function wishOf(kind: Wish['kind'], of: { wish: WishId; did: Did; at: Micros }): Wish {
  return kind === 'unforget' ? { kind, ...of, floor: createRaw(of.at, LAST_CLOCK) } : { kind, ...of }
}
