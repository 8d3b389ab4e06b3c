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
  /** Chance that the AppView says the contrary of what somebody wants about being shown. */
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

/** A frame that no client may choke on, and none may take for an event. `ofWires` are those in the manner of some wire. */
export function malformedFrame(random: Random, hugeFrame: number, ofWires: readonly string[]): string {
  const n = random.below(BROKEN.length + ofWires.length + 2)
  const short = BROKEN[n] ?? ofWires[n - BROKEN.length]
  if (short !== undefined) return short
  return n === BROKEN.length + ofWires.length ? nested() : JSON.stringify({ text: 'x'.repeat(hugeFrame) })
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
  '{"__proto__":{"kind":"commit","did":"did:plc:hhhhhhhhhhhhhhhhhhhhhhhh"},"constructor":1}',
]

function nested(): string {
  return `${'['.repeat(20_000)}${']'.repeat(20_000)}`
}
