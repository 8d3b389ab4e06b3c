// The syntax of identifiers, as the library has it. What nearly every event has (a did:plc, TIDs, one of a few collections)
// is recognized letter by letter, which takes a fifth of the time of an expression; a test holds both to each other.
import { isDid as isAnyDid, isRecordKey as isAnyRecordKey, isNsid } from '@atcute/lexicons/syntax'
import type { Did, Nsid, RecordKey, Tid } from '../../atproto/event.ts'

const PLC = 'did:plc:'
const PLC_LENGTH = 32
const TID_LENGTH = 13
/** A network has some dozens of collections and names one in every commit: each is checked once. */
const MAX_COLLECTIONS = 1_000
/** Looked through before the table is asked: the first to be seen are those that are seen most. */
const MAX_FREQUENT = 6

/** By character code: base 32 as TIDs have it, sortable; the same without those that a TID cannot begin with. */
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

/** One text for all events of a collection, which is looked up in many a table on its way; undefined when it is no NSID. */
export function collectionOf(value: unknown): Nsid | undefined {
  for (const known of frequent) if (known === value) return known
  const known = collections.get(value)
  if (known !== undefined) return known
  if (!isNsid(value)) return undefined
  // The names of properties are what the engine keeps one copy of, and compares without looking at the letters.
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
