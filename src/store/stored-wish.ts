import { createRaw } from '@atcute/tid'
import type { Did, Micros } from '../atproto/event.ts'
import type { Wish } from '../game/operation.ts'
import type { WishId } from '../game/state.ts'

/** A revision ends with the id of its clock; with this one it is the greatest of its microsecond. */
const LAST_CLOCK = 1023

/** Reads a stored wish. The floor of an `unforget` or a `return` keeps everything up to its time deleted. */
export function wishOf(kind: Wish['kind'], of: { wish: WishId; did: Did; at: Micros }): Wish {
  switch (kind) {
    case 'unforget':
    case 'return':
      return { kind, ...of, floor: createRaw(of.at, LAST_CLOCK) }
    case 'cancel-import':
      // Ingest finds the open question when it takes the wish.
      return { kind, ...of, question: undefined }
    default:
      return { kind, ...of }
  }
}
