import type { Random } from './random.ts'

/** The faults to inject, settable while a server runs. Chances are from 0 to 1, per frame unless said otherwise. */
export type Faults = {
  /** The connection breaks off. */
  drop: number
  /** Every connection breaks off after so many events; undefined for never. */
  dropAfter: number | undefined
  /** An unreadable frame comes before the real one. */
  malformed: number
  /** A well-formed frame with a nonsense record comes before the real one. */
  hostile: number
  /** A well-formed frame with an impossible witness time comes before the real one. */
  badTime: number
  /** A few earlier frames come again. */
  duplicate: number
  /** Two events of different people are witnessed in the other order. A chance per event, when it happens. */
  reorder: number
  /** Nothing is sent any more, not even pings, until the connection is closed. */
  silent: boolean
  /** No client is sent more than so many frames a second. */
  framesPerSecond: number
  /** Upgrades are answered 503. */
  unavailable: boolean
  /** How many of the newest events the host still serves: older cursors are clamped or refused. */
  keeps: number
  /** Chance that the AppView fails: 429, 500, garbage or a connection that breaks off. */
  appview: number
  /** Chance that the AppView takes a request and never answers. */
  appviewHangs: number
  /** Chance that the AppView leaves a person or post out of an answer, as if it did not exist. */
  appviewOmits: number
  /** Chance that the AppView inverts a person's wish not to be shown without sign-in. */
  appviewLies: number
  /** For so many happenings after a change, the AppView still shows the old handle or label. */
  appviewBehind: number
  /** Chance that a repository is served in a hostile way: cut off, garbage, endless. */
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
  framesPerSecond: Number.POSITIVE_INFINITY,
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

/** Every fault that a client can survive without a gap, all at once. */
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

/** A malformed frame, which clients must skip without failing; `ofWires` are the wires' own, of which it may be one. */
export function malformedFrame(random: Random, hugeFrame: number, ofWires: readonly string[]): string {
  const n = random.below(BROKEN.length + ofWires.length + 2)
  const short = BROKEN[n] ?? ofWires[n - BROKEN.length]
  if (short !== undefined) return short
  return n === BROKEN.length + ofWires.length ? nested() : JSON.stringify({ text: 'x'.repeat(hugeFrame) })
}

/** A frame cut off somewhere. */
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
