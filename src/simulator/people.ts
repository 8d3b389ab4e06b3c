import type { Did, Handle } from '@atcute/lexicons/syntax'
import type { AccountStatus } from '../atproto/event.ts'
import type { JsonObject } from '../atproto/json.ts'
import type { RecordPath } from '../game/state.ts'
import { Random } from './random.ts'

/** Someone on the simulated network. */
export type Person = {
  index: number
  did: Did
  handle: Handle
  displayName: string
  /** Wants not to be shown by apps without sign-in. */
  shy: boolean
  /** What was said of them before the last change of it, and when that was, in happenings. */
  former: { handle: Handle; shy: boolean; until: number } | undefined
  status: AccountStatus
  /** The repository as it stands. */
  records: Map<RecordPath, JsonObject>
  /** The paths made last, oldest first: what people change their minds about. */
  recent: RecordPath[]
  /** Its newest revision, in microseconds; revisions only grow. */
  revMicros: number
  /** Until that many happenings: nothing of theirs is changed, for somebody has just referred to it. */
  frozenUntil: number
}

const FIRST = [
  'Amber',
  'Birch',
  'Cedar',
  'Dusk',
  'Ember',
  'Fern',
  'Garnet',
  'Hazel',
  'Iris',
  'Juniper',
  'Kestrel',
  'Lark',
]
const LAST = [
  'Brook',
  'Dale',
  'Field',
  'Grove',
  'Hill',
  'Lake',
  'Marsh',
  'Moor',
  'Ridge',
  'Shore',
  'Vale',
  'Wood',
]

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** The people of a network of `seed`: the first ones do the most. */
export function people(count: number, seed: number): Person[] {
  const random = new Random(seed ^ 0x9e3779b9)
  return Array.from({ length: count }, (_, index) => {
    const first = random.pick(FIRST)
    const last = random.pick(LAST)
    const name = `${first}-${last}-${index}`.toLowerCase()
    let key = ''
    while (key.length < 24) key += BASE32.charAt(random.below(32))
    return {
      index,
      did: random.chance(0.01) ? `did:web:${name}.example` : `did:plc:${key}`,
      handle: `${name}.test` as Handle,
      displayName: `${first} ${last}`,
      shy: random.chance(0.02),
      former: undefined,
      status: 'active',
      records: new Map(),
      recent: [],
      revMicros: 0,
      frozenUntil: 0,
    }
  })
}
