import { createRaw } from '@atcute/tid'
import type { Did, Micros } from '../atproto/event.ts'
import type { Wish } from '../game/operation.ts'
import type { WishId } from '../game/state.ts'

/** A revision ends with the id of its clock; with this one it is the greatest of its microsecond. */
const LAST_CLOCK = 1023

/** Reads a stored wish. The floor of an `unforget` keeps everything up to its time forgotten. */
export function wishOf(kind: Wish['kind'], of: { wish: WishId; did: Did; at: Micros }): Wish {
  return kind === 'unforget' ? { kind, ...of, floor: createRaw(of.at, LAST_CLOCK) } : { kind, ...of }
}
