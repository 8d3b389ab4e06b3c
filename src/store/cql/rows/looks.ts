// The table `looks`: which people visitors have looked at whose profile is missing or old. These wishes come in great numbers, are
// the same for every visitor and worth little, so they are rows that expire, each minute's in a partition of its own: nobody
// reads past deleted ones.
import type { Did, Micros } from '../../../atproto/event.ts'
import type { Wish } from '../../../game/operation.ts'
import type { WishId } from '../../../game/state.ts'
import { wishOf } from '../../stored-wish.ts'
import type { Row } from '../driver/paging.ts'
import { numberOf } from '../driver/values.ts'

/** How long a look waits for a worker, in minutes; the table's rows expire a minute later. */
export const LOOK_MINUTES = 10

export const INSERT_LOOK = 'INSERT INTO looks (minute, did, at) VALUES (?, ?, ?)'
export const SELECT_LOOKS = 'SELECT did, at FROM looks WHERE minute = ?'

const PREFIX = 'look:'

export function minuteOf(at: Micros): number {
  return Math.floor(at / 60_000_000)
}

export function lookOf(minute: number, { did, at }: Row): Wish {
  return wishOf('look-up', { wish: `${PREFIX}${minute}:${did}`, did: did as Did, at: numberOf(at) })
}

/** Whether a wish came from this table, and not from the inbox. */
export function isLook(wish: WishId): boolean {
  return wish.startsWith(PREFIX)
}
