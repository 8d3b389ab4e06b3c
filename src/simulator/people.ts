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
  /** `handle` and `shy` before their last change, which was at the happening `until`. */
  former: { handle: Handle; shy: boolean; until: number } | undefined
  status: AccountStatus
  /** The repository as it stands. */
  records: Map<RecordPath, JsonObject>
  /** Paths of their latest records, oldest first: they delete one of these. */
  recent: RecordPath[]
  /** The repository's newest revision, in microseconds; revisions only grow. */
  revMicros: number
  /** Their posts and status do not change up to this happening, since somebody has just reposted one. */
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
