// The stream client alone, from the socket to events, compared with other clients.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type ContestantName, DICTIONARY } from './client-contestants.ts'
import { startFeed } from './feed.ts'
import { median } from './median.ts'
import { type Row, rate } from './table.ts'

const CONTESTANTS = fileURLToPath(new URL('./client-contestants.ts', import.meta.url))
/** Runs of each client, in turn, each in a process of its own; the median counts. */
const ROUNDS = 5

const rows: readonly { who: ContestantName; name: string; beside: ContestantName }[] = [
  { who: 'bare v1', name: 'bare `ws` and JSON.parse', beside: 'bare v1' },
  { who: 'ours v1', name: 'ours, v1', beside: 'bare v1' },
  { who: 'ours zstd', name: 'ours, v1 with zstd', beside: 'bare v1' },
  { who: 'skyware', name: '@skyware/jetstream', beside: 'bare v1' },
  { who: 'atcute', name: '@atcute/jetstream', beside: 'bare v1' },
  { who: 'bare v2', name: "bare `ws` and JSON.parse, v2's longer frames", beside: 'bare v2' },
  { who: 'ours v2', name: 'ours, v2', beside: 'bare v2' },
  {
    who: 'ours v2 one by one',
    name: 'ours, v2, frames sent one by one, a second of processor time',
    beside: 'ours v2 one by one',
  },
  {
    who: 'ours v2 zstd one by one',
    name: 'the same with zstd',
    beside: 'ours v2 one by one',
  },
]

export async function benchClient(events = 300_000): Promise<Row[]> {
  await using feed = await startFeed({
    events,
    actors: 50_000,
    kinds: ['v1', 'v2', 'zstd', 'zstd2'],
    dictionary: DICTIONARY,
  })
  const rates = new Map<ContestantName, number[]>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const { who } of rows) {
      const args = [CONTESTANTS, who, feed.url, String(feed.events)]
      const { stdout } = await promisify(execFile)(process.execPath, args)
      rates.getOrInsertComputed(who, () => []).push(Number(stdout))
    }
  }
  const middle = (who: ContestantName): number => median(rates.get(who) ?? [])
  return rows.map(({ who, name, beside }) => ({
    name,
    value: rate(middle(who)),
    note: `${Math.round((middle(who) / middle(beside)) * 100)} % of ${beside.startsWith('bare') ? 'the bare one' : 'the one without zstd'}`,
  }))
}
