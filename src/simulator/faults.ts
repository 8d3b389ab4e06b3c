import type { Random } from './random.ts'

/** What goes wrong, settable while a server runs. Chances are per frame; 0 is never. */
export type Faults = {
  /** The connection breaks off. */
  drop: number
  /** A frame that cannot be read comes before the real one. */
  malformed: number
  /** An earlier frame comes again. */
  duplicate: number
  /** Two events of different people are witnessed in the other order. */
  reorder: number
  /** Nothing is sent any more, not even pings, until the connection is closed. */
  silent: boolean
  /** Upgrades are answered 503. */
  unavailable: boolean
  /** Chance that the AppView fails: 429, 500, garbage or a connection that breaks off. */
  appview: number
  /** Size of the largest hostile frame, in characters. */
  hugeFrame: number
}

export const NO_FAULTS: Faults = {
  drop: 0,
  malformed: 0,
  duplicate: 0,
  reorder: 0,
  silent: false,
  unavailable: false,
  appview: 0,
  hugeFrame: 100_000,
}

/** Everything that can be ridden out, at once. */
export const ALL_FAULTS: Faults = {
  ...NO_FAULTS,
  drop: 0.0005,
  malformed: 0.01,
  duplicate: 0.01,
  reorder: 0.02,
  appview: 0.2,
}

const DID = 'did:plc:hhhhhhhhhhhhhhhhhhhhhhhh'
const COMMIT = {
  rev: '3kaaaaaaaaa2a',
  operation: 'create',
  collection: 'app.bsky.feed.like',
  rkey: '3kaaaaaaaaa2b',
}

/** A frame that no client may choke on, and none may take for an event. */
export function malformedFrame(random: Random, hugeFrame: number): string {
  const time_us = 1_700_000_000_000_000
  const frames: (() => string)[] = [
    () => '',
    () => '{"did":"did:plc:',
    () => 'null',
    () => '[1,2,3]',
    () => '"text"',
    () => '{"__proto__":{"kind":"commit"},"constructor":1}',
    () => JSON.stringify({ did: DID, time_us, kind: 'party', party: {} }),
    () => JSON.stringify({ did: 42, time_us, kind: 'commit', commit: COMMIT }),
    () => JSON.stringify({ did: DID, time_us: 'now', kind: 'commit', commit: COMMIT }),
    () => JSON.stringify({ did: DID, time_us: 2 ** 53, kind: 'commit', commit: COMMIT }),
    () => JSON.stringify({ did: DID, time_us, kind: 'commit', commit: { ...COMMIT, rev: null } }),
    () => JSON.stringify({ did: DID, time_us, kind: 'commit', commit: { ...COMMIT, rkey: 'a/b' } }),
    () => JSON.stringify({ did: DID, time_us, kind: 'commit', commit: COMMIT }),
    () => JSON.stringify({ did: DID, time_us, kind: 'account', account: { active: 'yes' } }),
    () => `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    () => JSON.stringify({ did: DID, time_us, kind: 'commit', commit: '\ud800' }),
    () => JSON.stringify({ text: 'x'.repeat(hugeFrame) }),
    () => JSON.stringify({ $type: 'message', payload: { $type: 'x#party', seq: 1 } }),
    () => JSON.stringify({ $type: 'message', payload: { $type: 'x#commit', seq: -1, did: DID } }),
  ]
  return random.pick(frames)()
}
