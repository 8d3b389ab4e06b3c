import { readFileSync } from 'node:fs'
import { cpuSeconds } from '../../cpu-seconds.ts'

/** What is measured of the program at a moment. */
export type Sample = {
  /** Seconds from the beginning of the run. */
  second: number
  /** Memory without mapped files, which are the system's cache of the ledger; with them; in MiB. */
  anonymousMib: number
  residentMib: number
  /** V8's heap of the main thread, and what its objects hold outside of it, in MiB. */
  heapMib: number
  externalMib: number
  descriptors: number
  /** How late the main thread's timers were, p99 since the sample before, in milliseconds. */
  loopDelayMs: number
  lagSeconds: number
  streams: number
  /** Pieces of the stream that were missed, so far. */
  gaps: number
  cpuSeconds: number
}

/** Memory without mapped files that the program has left after its garbage was collected, in MiB. */
export type NeededMemory = { second: number; mib: number }

const MIB = 2 ** 20

/** Reads the figures of process `pid`, which serves `metrics`, the text of `/metrics`. */
export function sampleOf(pid: number | undefined, metrics: string, second: number): Sample {
  return {
    second,
    anonymousMib: anonymousMib(pid),
    residentMib: statusMib(pid, 'VmRSS'),
    heapMib: sumOf(metrics, 'nodejs_heap_size_used_bytes') / MIB,
    externalMib: sumOf(metrics, 'nodejs_external_memory_bytes') / MIB,
    descriptors: sumOf(metrics, 'process_open_fds'),
    loopDelayMs: sumOf(metrics, 'nodejs_eventloop_lag_p99_seconds') * 1_000,
    lagSeconds: sumOf(metrics, 'bsky_rpg_lag_seconds'),
    streams: sumOf(metrics, 'bsky_rpg_sse_clients'),
    gaps: sumOf(metrics, 'bsky_rpg_gaps_total'),
    cpuSeconds: cpuSeconds(pid),
  }
}

/** Memory without mapped files, in MiB. */
export function anonymousMib(pid: number | undefined): number {
  return statusMib(pid, 'RssAnon')
}

function statusMib(pid: number | undefined, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1_024
}

/** The sum of all series of a metric. */
function sumOf(metrics: string, name: string): number {
  return metrics
    .matchAll(new RegExp(`^${name}(?:\\{[^\\n]*\\})? (\\S+)$`, 'gm'))
    .reduce((sum, [, value]) => sum + Number(value), 0)
}
