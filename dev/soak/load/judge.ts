// Whether a run under load went well: pure functions over what was measured, each of which tells faults in words.
import type { LoadFigures } from './figures.ts'
import type { FollowerReport } from './follower.ts'
import { isCalm, type Outage } from './outages.ts'
import type { NeededMemory, Sample } from './program-figures.ts'
import type { Piece } from './received.ts'
import type { StoredEvents } from './stored.ts'
import { byKind } from './timings.ts'

/** How long after an outage the program may be behind, in seconds: its pauses between connections double up to some seconds. */
const RECOVERY_SECONDS = 20

/**
 * Within how many milliseconds 99 % of the answers of a kind must have come in calm seconds, on a machine with nothing else to do.
 * Several times what they take there: a soak looks for what grows or stands still, and benchmarks for what becomes slower.
 */
const BOUNDS_MS: Readonly<Record<string, number>> = {
  // The API looks into the ledger every 250 ms, and ingest commits in batches.
  'event to client': 1_000,
  character: 150,
  'a page of events': 150,
  insights: 300,
  sheet: 300,
  card: 1_000,
  export: 5_000,
}
const OTHER_BOUND_MS = 300
/**
 * On a busy machine each of the several threads that take part in an answer waits for the processor, again and again, as
 * long as the yardstick's timer waits once: bounds grow by this many times that.
 */
const WAITS = 10
/** How far behind the network ingest may be in calm seconds. */
const LAG_SECONDS = 5
/** What the kernel holds for a client that does not read, with room to spare: after more, the server must have cut it off. */
const MAX_PASSED_BYTES = 24 * 2 ** 20
/** Files and connections that may be open in the end and were not before: threads and caches that are opened at first use. */
const DESCRIPTORS = 20
/** A run that is shorter has not filled its caches: its memory says nothing. */
const SETTLED_SECONDS = 300
/** Growth of the memory that is needed over the last two thirds of a run that counts as none, as a share of it and in MiB. */
const GROWTH = { share: 0.1, mib: 32 }
/** Differences of the ledger that are told. */
const EXAMPLES = 5

/** What went wrong, in words; nothing if all went well. */
export function faultsOf(figures: LoadFigures, stored: Pick<StoredEvents, 'between'>): string[] {
  const { differences, findings, samples, needed, seconds } = figures
  const gaps = samples.at(-1)?.gaps ?? 0
  return [
    ...(differences.length === 0
      ? []
      : [`the ledger differs in ${differences.length} places: ${differences.slice(0, EXAMPLES).join('; ')}`]),
    ...(findings === undefined ? [] : [`verify says: ${findings}`]),
    ...(gaps === 0 ? [] : [`ingest has noted ${gaps} gaps of the stream`]),
    ...clientFaults(figures, stored),
    ...slowKinds(figures),
    ...lateSamples(samples, figures),
    ...answerFaults(figures),
    ...(seconds < SETTLED_SECONDS ? [] : growthFaults(needed)),
    ...descriptorFaults(figures),
  ]
}

/** Clients that missed an event, received one twice or out of order, were cut off, or stalled without being cut off. */
function clientFaults(
  { followers, readers, last }: Pick<LoadFigures, 'followers' | 'readers' | 'last'>,
  stored: Pick<StoredEvents, 'between'>,
): string[] {
  const ofStreams = followers.flatMap((follower, n) =>
    followerFaults(follower, last, stored).map(
      (fault) => `client ${n}, which ${follower.behaviour}, ${fault}`,
    ),
  )
  const ofPages = readers.flatMap(({ pieces, refused }, n) => [
    ...refused.map((why) => `reader ${n} of /v1/events was answered ${why}`),
    ...pieces.flatMap((piece) => {
      const { events } = stored.between(piece, undefined)
      return events === piece.events
        ? []
        : [`reader ${n} of /v1/events was sent ${piece.events} events of ${events} after ${piece.from}`]
    }),
  ])
  return [...ofStreams, ...ofPages]
}

function followerFaults(
  follower: FollowerReport,
  last: number,
  stored: Pick<StoredEvents, 'between'>,
): string[] {
  const { behaviour, actors, pieces, misplaced, cut, refused, stalls } = follower
  const faults = refused.map((why) => `was refused: ${why}`)
  if (cut > 0) faults.push(`was cut off ${cut} times while it read`)
  if (behaviour === 'samples') return faults
  if (misplaced > 0) faults.push(`was sent ${misplaced} events twice or out of order`)
  for (const piece of pieces) {
    const expected = stored.between(piece, actors)
    if (!isSame(piece, expected)) {
      faults.push(
        `was sent ${piece.events} events of ${expected.events} between ${piece.from} and ${piece.to}`,
      )
    }
  }
  const reached = pieces.at(-1)?.to
  if (reached === undefined || reached < last) faults.push(`has heard up to ${reached}, not ${last}`)
  for (const { wasCut, passed } of stalls) {
    if (!wasCut && passed > MAX_PASSED_BYTES) faults.push(`did not read ${passed} bytes and was not cut off`)
  }
  return faults
}

function isSame(a: Piece, b: Piece): boolean {
  return a.events === b.events && a.sum === b.sum
}

/** Kinds of requests that were answered too slowly in calm seconds. */
function slowKinds({
  timings,
  outages,
  yardstickMs,
}: Pick<LoadFigures, 'timings' | 'outages' | 'yardstickMs'>): string[] {
  return [...byKind(timings, calm(outages))].flatMap(([kind, histogram]) => {
    const [p99, bound] = [histogram.quantile(0.99), boundMs(kind, yardstickMs)]
    return p99 <= bound ? [] : [`${kind}: p99 is ${p99.toFixed(0)} ms, more than ${bound.toFixed(0)} ms`]
  })
}

/** The bound of `slowKinds` for a kind, in milliseconds. */
export function boundMs(kind: string, yardstickMs: number): number {
  return (BOUNDS_MS[kind] ?? OTHER_BOUND_MS) + WAITS * yardstickMs
}

/** The seconds in which nothing is wrong with the network, nor was just before. */
export function calm(outages: readonly Outage[]): (second: number) => boolean {
  return (second) => isCalm(outages, second, RECOVERY_SECONDS)
}

/** Calm moments at which ingest was behind. */
function lateSamples(
  samples: readonly Pick<Sample, 'second' | 'lagSeconds'>[],
  { outages, yardstickMs }: Pick<LoadFigures, 'outages' | 'yardstickMs'>,
): string[] {
  const bound = LAG_SECONDS + (WAITS * yardstickMs) / 1_000
  const late = samples.filter(({ second, lagSeconds }) => calm(outages)(second) && lagSeconds > bound)
  return late.map(
    ({ second, lagSeconds }) => `after ${second.toFixed(0)} s ingest was ${lagSeconds.toFixed(1)} s behind`,
  )
}

/** Requests that failed, and imports that did not end well. */
function answerFaults({ answers, imports }: Pick<LoadFigures, 'answers' | 'imports'>): string[] {
  const failed = [...answers].filter(([what]) => !/ [23]\d\d$/.test(what))
  return [
    ...failed.map(([what, n]) => `${n} requests were answered: ${what}`),
    ...imports
      .filter(({ state }) => state !== 'done')
      .map(({ did, state }) => `the import of ${did} is ${state}`),
  ]
}

/** Whether the memory that is needed grew over the last two thirds of a run. */
function growthFaults(needed: readonly NeededMemory[]): string[] {
  const late = lastTwoThirds(needed)
  if (late.length < 2) return ['memory was looked at less than twice in the last two thirds']
  const grown = growthMib(late)
  const mean = late.reduce((sum, { mib }) => sum + mib, 0) / late.length
  const allowed = Math.max(GROWTH.mib, GROWTH.share * mean)
  if (grown <= allowed) return []
  return [
    `memory without garbage grew by ${grown.toFixed(0)} MiB over the last two thirds, more than ${allowed.toFixed(0)} MiB`,
  ]
}

/** Without the first third, in which caches are filled. */
export function lastTwoThirds<T>(values: readonly T[]): readonly T[] {
  return values.slice(Math.floor(values.length / 3))
}

/** By how much the line that fits best rises from the first to the last, in MiB. */
export function growthMib(needed: readonly NeededMemory[]): number {
  const n = needed.length
  const meanX = needed.reduce((sum, { second }) => sum + second, 0) / n
  const meanY = needed.reduce((sum, { mib }) => sum + mib, 0) / n
  let [products, squares] = [0, 0]
  for (const { second, mib } of needed) {
    products += (second - meanX) * (mib - meanY)
    squares += (second - meanX) ** 2
  }
  const span = (needed.at(-1)?.second ?? 0) - (needed[0]?.second ?? 0)
  return squares === 0 ? 0 : (products / squares) * span
}

/** Whether files or connections stayed open after the clients had left. */
export function descriptorFaults({ descriptors }: Pick<LoadFigures, 'descriptors'>): string[] {
  const { before, after } = descriptors
  return after <= before + DESCRIPTORS
    ? []
    : [`${after} files and connections are open, ${before} were before`]
}
