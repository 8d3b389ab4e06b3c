import { isTid, type RecordKey, type Tid } from '@atcute/lexicons/syntax'

// A TID is 64 bits in 13 characters of sortable base 32, its first bit 0: as an integer it takes 8 bytes and still
// sorts by time. It fits SQLite's integers but not JavaScript's numbers, so it is passed as a bigint.

const ALPHABET = '234567abcdefghijklmnopqrstuvwxyz'
const LETTERS = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0))
const DIGITS = new Uint8Array(128)
for (const [digit, letter] of [...ALPHABET].entries()) DIGITS[letter.charCodeAt(0)] = digit

/** Assembled from halves through shared memory: far cheaper than arithmetic on bigints. */
const halves = new Uint32Array(2)
const whole = new BigInt64Array(halves.buffer)
const [LOW, HIGH] = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? [0, 1] : [1, 0]

/** A record key as it is stored: a TID as its integer, any other key as text. */
export type StoredKey = bigint | string

/** The integer of a TID; `tid` has to be one (`isTid`). */
export function tidToInteger(tid: Tid): bigint {
  // The seventh of the 13 digits has bits in both halves.
  let high = 0
  for (let i = 0; i < 6; i++) high = high * 32 + digit(tid, i)
  let low = 0
  for (let i = 7; i < 13; i++) low = low * 32 + digit(tid, i)
  const middle = digit(tid, 6)
  halves[HIGH as number] = high * 8 + (middle >>> 2)
  halves[LOW as number] = (middle & 3) * 2 ** 30 + low
  return whole[0] as bigint
}

/** The TID that `tidToInteger` made an integer of. */
export function integerToTid(integer: bigint): Tid {
  whole[0] = integer
  const high = halves[HIGH as number] as number
  const low = halves[LOW as number] as number
  // One call: a text that grows letter by letter is copied with each, and takes seven times as long.
  return String.fromCharCode(
    letter(high >>> 28),
    letter(high >>> 23),
    letter(high >>> 18),
    letter(high >>> 13),
    letter(high >>> 8),
    letter(high >>> 3),
    letter((high << 2) | (low >>> 30)),
    letter(low >>> 25),
    letter(low >>> 20),
    letter(low >>> 15),
    letter(low >>> 10),
    letter(low >>> 5),
    letter(low),
  )
}

/**
 * True for TIDs of times before the 23rd century, which sort alike as text and as integers. Later ones set the integer's
 * sign bit.
 */
export function isOrdered(rkey: RecordKey): rkey is Tid {
  return rkey < 'c' && isTid(rkey)
}

export function storedKey(rkey: RecordKey): StoredKey {
  return isTid(rkey) ? tidToInteger(rkey) : rkey
}

export function recordKey(stored: StoredKey): RecordKey {
  return typeof stored === 'bigint' ? integerToTid(stored) : stored
}

/**
 * `number` as its distance from the key of its row, which takes few bytes where both are near in time. Wraps around at 64
 * bits, so `fromDistance` restores it for every key. For a key that is text, `number` itself.
 */
export function distance(key: StoredKey, number: bigint): bigint {
  return typeof key === 'bigint' ? BigInt.asIntN(64, number - key) : number
}

/** The inverse of `distance`. */
export function fromDistance(key: StoredKey, away: bigint): bigint {
  return typeof key === 'bigint' ? BigInt.asIntN(64, key + away) : away
}

/** The time in a TID, in whole seconds since the Unix epoch, as the client claims it. 0 for any other key. */
export function secondsIn(key: StoredKey): number {
  return typeof key === 'bigint' ? Number((key >> 10n) / 1_000_000n) : 0
}

/** The letter of the lowest five of `bits`. */
function letter(bits: number): number {
  return LETTERS[bits & 31] as number
}

function digit(tid: Tid, index: number): number {
  return DIGITS[tid.charCodeAt(index)] as number
}
