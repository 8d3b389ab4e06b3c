import type { Random } from './random.ts'

/** What goes wrong, settable while a server runs. Chances are per frame; 0 is never. */
export type Faults = {
  /** The connection breaks off. */
  drop: number
  /** Every connection breaks off after so many events; `undefined` for none. */
  dropAfter: number | undefined
  /** A frame that cannot be read comes before the real one. */
  malformed: number
  /** A frame comes before the real one that can be read, with a record in it that is nonsense. */
  hostile: number
  /** A well-formed frame comes before the real one that claims to be of a time at which nothing can have been witnessed. */
  badTime: number
  /** A few earlier frames come again. */
  duplicate: number
  /** Two events of different people are witnessed in the other order. Decided when they happen. */
  reorder: number
  /** Nothing is sent any more, not even pings, until the connection is closed. */
  silent: boolean
  /** Upgrades are answered 503. */
  unavailable: boolean
  /** How many of the newest events the host still has: older cursors are clamped or refused. */
  keeps: number
  /** Chance that the AppView fails: 429, 500, garbage or a connection that breaks off. */
  appview: number
  /** Chance that the AppView takes a request and never answers. */
  appviewHangs: number
  /** Chance that the AppView leaves somebody, or some post, out of an answer, as if there were none. */
  appviewOmits: number
  /** Chance that the AppView says the contrary of what somebody's own profile record says about being shown. */
  appviewLies: number
  /** For so many happenings the AppView goes on telling what a handle or a label was before. */
  appviewBehind: number
  /** Chance that a repository is served as no repository should be: cut off, garbage, without end. */
  repositories: number
  /** Size of the largest malformed frame, in characters. */
  hugeFrame: number
}

export const NO_FAULTS: Faults = {
  drop: 0,
  dropAfter: undefined,
  malformed: 0,
  hostile: 0,
  badTime: 0,
  duplicate: 0,
  reorder: 0,
  silent: false,
  unavailable: false,
  keeps: Number.POSITIVE_INFINITY,
  appview: 0,
  appviewHangs: 0,
  appviewOmits: 0,
  appviewLies: 0,
  appviewBehind: 0,
  repositories: 0,
  hugeFrame: 100_000,
}

/** Everything that can be ridden out without a gap, at once. */
export const ALL_FAULTS: Faults = {
  ...NO_FAULTS,
  drop: 0.0005,
  malformed: 0.01,
  hostile: 0.005,
  duplicate: 0.01,
  reorder: 0.02,
  appview: 0.2,
  appviewHangs: 0.001,
}

const DID = 'did:plc:hhhhhhhhhhhhhhhhhhhhhhhh'
const COMMIT = {
  rev: '3kaaaaaaaaa2a',
  operation: 'create',
  collection: 'app.bsky.feed.like',
  rkey: '3kaaaaaaaaa2b',
}
const LIKE = { $type: 'app.bsky.feed.like', subject: { uri: `at://${DID}/app.bsky.feed.post/a` } }

/** A frame, of either wire, that no client may choke on, and none may take for an event. */
export function malformedFrame(random: Random, hugeFrame: number): string {
  const n = random.below(BROKEN.length + 2)
  return BROKEN[n] ?? (n === BROKEN.length ? nested() : JSON.stringify({ text: 'x'.repeat(hugeFrame) }))
}

/** A frame whose end did not make it. */
export function cutOff(frame: string | Buffer, random: Random): string | Buffer {
  const end = random.below(frame.length)
  return typeof frame === 'string' ? frame.slice(0, end) : frame.subarray(0, end)
}

const BROKEN: readonly string[] = [
  '',
  '{"did":"did:plc:',
  'null',
  '[1,2,3]',
  '"text"',
  `{"__proto__":{"kind":"commit","did":"${DID}"},"constructor":1}`,
  v1({ kind: 'party', party: {} }),
  v1({ did: 42, commit: { ...COMMIT, record: LIKE } }),
  v1({ did: 'did:plc:', commit: { ...COMMIT, record: LIKE } }),
  v1({ time_us: 'now', commit: { ...COMMIT, record: LIKE } }),
  v1({ time_us: 2 ** 53, commit: { ...COMMIT, record: LIKE } }),
  v1({ time_us: -1, commit: { ...COMMIT, record: LIKE } }),
  v1({ commit: { ...COMMIT, rev: null, record: LIKE } }),
  v1({ commit: { ...COMMIT, rev: 'yesterday', record: LIKE } }),
  v1({ commit: { ...COMMIT, rkey: 'a/b', record: LIKE } }),
  v1({ commit: { ...COMMIT, collection: '__proto__', record: LIKE } }),
  v1({ commit: { ...COMMIT, operation: 'perhaps', record: LIKE } }),
  v1({ commit: { ...COMMIT, record: [LIKE] } }),
  v1({ commit: COMMIT }),
  v1({ commit: '\ud800' }),
  v1({ kind: 'account', account: { active: 'yes' } }),
  v1({ kind: 'identity', identity: null }),
  v2({ $type: 'x#party' }),
  v2({ seq: -1, ...COMMIT, record: LIKE }),
  v2({ seq: 2 ** 53, ...COMMIT, record: LIKE }),
  v2({ time: 'now', ...COMMIT, record: LIKE }),
  v2({ time: '+99999-12-31T00:00:00Z', ...COMMIT, record: LIKE }),
  v2({ did: 42, ...COMMIT, record: LIKE }),
  v2({ ...COMMIT, rkey: '\ud800', record: LIKE }),
  v2({ ...COMMIT, rev: '3k', record: LIKE }),
  v2(COMMIT),
  v2({ $type: 'x#account', account: { active: 1 } }),
  v2({ $type: 'x#sync', sync: { rev: '' } }),
  JSON.stringify({ $type: 'message' }),
  JSON.stringify({ $type: 'party', payload: {} }),
]

function v1(fields: object): string {
  return JSON.stringify({ did: DID, time_us: 1_700_000_000_000_000, kind: 'commit', ...fields })
}

function v2(fields: object): string {
  const $type = 'network.bsky.jetstream.subscribeEvents#commit'
  const payload = { $type, seq: 1, did: DID, time: '2023-11-14T22:13:20.000000Z', ...fields }
  return JSON.stringify({ $type: 'message', payload })
}

function nested(): string {
  return `${'['.repeat(20_000)}${']'.repeat(20_000)}`
}
