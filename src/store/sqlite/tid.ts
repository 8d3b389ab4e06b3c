import { isTid, type RecordKey, type Tid } from '@atcute/lexicons/syntax'

// A TID is 64 bits in 13 characters of sortable base 32, its first bit 0: as an integer it takes 8 bytes and still
// sorts by time. SQLite's integers hold it, JavaScript's numbers do not, so it travels as a bigint.

const ALPHABET = '234567abcdefghijklmnopqrstuvwxyz'
const DIGITS = new Uint8Array(128)
for (const [digit, letter] of [...ALPHABET].entries()) DIGITS[letter.charCodeAt(0)] = digit

/** Assembled from halves through shared memory: far cheaper than arithmetic on bigints. */
const halves = new Uint32Array(2)
const whole = new BigInt64Array(halves.buffer)
const [LOW, HIGH] = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? [0, 1] : [1, 0]

/** How a record key is kept: a TID as its integer, any other key as it is. */
export type StoredKey = bigint | string

/** The integer of a TID; `tid` has to be one (`isTid`). */
export function tidToInteger(tid: Tid): bigint {
  // The seventh of the 13 digits lies across the halves.
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
  let tid = ''
  for (let shift = 28; shift > 0; shift -= 5) tid += ALPHABET.charAt((high >>> shift) & 31)
  tid += ALPHABET.charAt(((high & 7) << 2) | (low >>> 30))
  for (let shift = 25; shift >= 0; shift -= 5) tid += ALPHABET.charAt((low >>> shift) & 31)
  return tid
}

/**
 * True for TIDs of times that people live in, which sort alike as text and as integers; those from the 23rd century on
 * have the integer's sign set.
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
 * A number as its distance from the key beside it: what happened close together takes few bytes. Wraps around at 64 bits,
 * so that it comes back whatever the key is. Next to a key that is text, the number itself.
 */
export function distance(key: StoredKey, number: bigint): bigint {
  return typeof key === 'bigint' ? BigInt.asIntN(64, number - key) : number
}

/** The number that `distance` made a distance of. */
export function fromDistance(key: StoredKey, away: bigint): bigint {
  return typeof key === 'bigint' ? BigInt.asIntN(64, key + away) : away
}

/** The time that a TID tells, in whole seconds since the Unix epoch: its client's word. 0 for any other key. */
export function secondsIn(key: StoredKey): number {
  return typeof key === 'bigint' ? Number((key >> 10n) / 1_000_000n) : 0
}

function digit(tid: Tid, index: number): number {
  return DIGITS[tid.charCodeAt(index)] as number
}
