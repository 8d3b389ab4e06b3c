// Checks identifiers as strictly as the library does. The usual ones (a did:plc, TIDs, a few collections) are recognized
// letter by letter, in a fifth of the time that a regular expression takes; a property test compares the two.
import { isDid as isAnyDid, isRecordKey as isAnyRecordKey, isNsid } from '@atcute/lexicons/syntax'
import type { Did, Nsid, RecordKey, Tid } from '../../atproto/event.ts'

const PLC = 'did:plc:'
const PLC_LENGTH = 32
const TID_LENGTH = 13
/** How many collections are remembered. Every commit names one of some dozens, so each needs checking only once. */
const MAX_COLLECTIONS = 1_000
/** How many are compared one by one before the map is asked: those seen first are the most frequent. */
const MAX_FREQUENT = 6

/** The letters of TIDs (sortable base 32), and those that a TID may begin with, by character code. */
const TID_LETTERS = lettersOf('234567abcdefghijklmnopqrstuvwxyz')
const TID_FIRST = lettersOf('234567abcdefghij')
const frequent: Nsid[] = []
const collections = new Map<unknown, Nsid>()

export function isDid(value: unknown): value is Did {
  return isPlc(value) || isAnyDid(value)
}

export function isTid(value: unknown): value is Tid {
  if (typeof value !== 'string' || value.length !== TID_LENGTH) return false
  return TID_FIRST[value.charCodeAt(0)] === 1 && consistsOf(TID_LETTERS, value, 1)
}

export function isRecordKey(value: unknown): value is RecordKey {
  return isTid(value) || isAnyRecordKey(value)
}

/** The same string for every event of a collection, as many maps look it up later; undefined where it is no NSID. */
export function collectionOf(value: unknown): Nsid | undefined {
  for (const known of frequent) if (known === value) return known
  const known = collections.get(value)
  if (known !== undefined) return known
  if (!isNsid(value)) return undefined
  // V8 keeps one copy of each property name, and compares two by their address.
  const [name = value] = Object.keys({ [value]: true }) as Nsid[]
  if (frequent.length < MAX_FREQUENT) frequent.push(name)
  else if (collections.size < MAX_COLLECTIONS) collections.set(name, name)
  return name
}

function isPlc(value: unknown): value is Did<'plc'> {
  if (typeof value !== 'string' || value.length !== PLC_LENGTH || !value.startsWith(PLC)) return false
  return consistsOf(TID_LETTERS, value, PLC.length)
}

function consistsOf(letters: Uint8Array, text: string, from: number): boolean {
  for (let at = from; at < text.length; at += 1) if (letters[text.charCodeAt(at)] !== 1) return false
  return true
}

function lettersOf(alphabet: string): Uint8Array {
  const letters = new Uint8Array(128)
  for (const letter of alphabet) letters[letter.charCodeAt(0)] = 1
  return letters
}
