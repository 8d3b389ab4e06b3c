import type { LoadFigures } from './figures.ts'
import { boundMs, calm, growthMib, lastTwoThirds } from './judge.ts'
import type { NeededMemory } from './program-figures.ts'
import { byKind } from './timings.ts'

/** The figures of a run, as a Markdown table. */
export function reportOf(figures: LoadFigures): string {
  const { samples, needed, followers, readers, outages, imports, descriptors, yardstickMs } = figures
  const rows: [string, string, string][] = []
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
  const highest = (values: readonly number[]): number => Math.max(0, ...values)
  const memory = samples.map(({ anonymousMib }) => anonymousMib)
  const cpu = (samples.at(-1)?.cpuSeconds ?? 0) - (samples[0]?.cpuSeconds ?? 0)
  const span = (samples.at(-1)?.second ?? 0) - (samples[0]?.second ?? 0)
  rows.push(
    [
      'events',
      whole(figures.events),
      `${(figures.events / figures.seconds).toFixed(0)} a second; ${outages.length} outages`,
    ],
    [
      'records or XP that differ from the network',
      whole(figures.differences.length),
      figures.findings ?? '`verify` finds nothing',
    ],
    [
      'memory without mapped files',
      `${highest(memory).toFixed(0)} MiB at most`,
      `heap of the main thread ${highest(samples.map(({ heapMib }) => heapMib)).toFixed(0)} MiB, external ${highest(samples.map(({ externalMib }) => externalMib)).toFixed(0)} MiB at most`,
    ],
    [
      '  once garbage was collected',
      `${highest(needed.map(({ mib }) => mib)).toFixed(0)} MiB at most`,
      growthOf(needed),
    ],
    [
      'processor time',
      `${((cpu / span) * 100).toFixed(0)} % of a core`,
      `of all threads; an idle process's timer was ${yardstickMs.toFixed(0)} ms late, p99`,
    ],
    [
      'files and connections',
      `${highest(samples.map((s) => s.descriptors))} at most`,
      `${descriptors.before} before the clients came, ${descriptors.after} after they had left`,
    ],
    ['streams', whole(followers.length), clients(figures)],
    [
      'events sent to them',
      whole(sum(followers.map(({ events }) => events))),
      `${(sum(followers.map(({ bytes }) => bytes)) / 1e9).toFixed(1)} GB; gaps told: ${gapsOf(figures)}`,
    ],
    [
      'readers of `/v1/events`',
      whole(readers.length),
      `${whole(sum(readers.flatMap(({ pieces }) => pieces.map(({ events }) => events))))} events of people who are always shown`,
    ],
    [
      'imports',
      whole(imports.filter(({ state }) => state === 'done').length),
      `of ${imports.length} asked for`,
    ],
  )
  for (const [kind, histogram] of byKind(figures.timings, calm(outages))) {
    rows.push([
      `${kind}, p99`,
      `${ms(histogram.quantile(0.99))}`,
      `median ${ms(histogram.quantile(0.5))}, ${whole(histogram.size)} times; bound ${ms(boundMs(kind, yardstickMs))}`,
    ])
  }
  const lines = rows.map((cells) => `| ${cells.join(' | ')} |`)
  return ['| what | measured | |', '| --- | --- | --- |', ...lines].join('\n')
}

function clients({ followers }: LoadFigures): string {
  const stalls = followers.flatMap((follower) => follower.stalls)
  const resumed = followers.reduce((sum, follower) => sum + follower.resumed, 0)
  const all = followers.filter(
    ({ actors, behaviour }) => actors === undefined && behaviour !== 'samples',
  ).length
  return `${all} follow everybody; ${whole(resumed)} resumed; ${stalls.length} stalls, ${stalls.filter(({ wasCut }) => wasCut).length} of them cut off`
}

/** How many gaps clients were told of, by reason. */
function gapsOf({ followers }: LoadFigures): string {
  const reasons = Map.groupBy(
    followers.flatMap(({ gaps }) => gaps),
    (reason) => reason,
  )
  return reasons.size === 0
    ? 'none'
    : [...reasons].map(([why, { length }]) => `${length} (${why})`).join(', ')
}

function whole(n: number): string {
  return n.toLocaleString('en')
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
}

function growthOf(needed: readonly NeededMemory[]): string {
  const late = lastTwoThirds(needed)
  if (late.length < 2) return ''
  const grown = growthMib(late)
  return `${grown < 0 ? '−' : '+'}${Math.abs(grown).toFixed(0)} MiB over the last two thirds`
}
