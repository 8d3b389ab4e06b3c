import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { JetstreamSubscription } from '@atcute/jetstream'
import { Jetstream } from '@skyware/jetstream'
import { WebSocket } from 'ws'
import { silentObserver, subscribe } from '../src/jetstream/subscribe.ts'
import { startFeed } from './feed.ts'
import { type Row, rate } from './table.ts'

const DICTIONARY = fileURLToPath(new URL('../test/fixtures/simulated.zdict', import.meta.url))
/** Each contestant runs that often, in turn; the median counts. */
const ROUNDS = 3

/** Reads `count` messages from `url`; returns messages a second from the first to the last. */
type Contestant = { name: string; run: (url: string, count: number) => Promise<number> }

const contestants: Contestant[] = [
  { name: 'bare `ws` and JSON.parse', run: bare },
  { name: 'ours, v1', run: (url, count) => ours(`${url}/subscribe`, count, 'off') },
  {
    name: 'ours, v2',
    run: (url, count) => ours(`${url}/xrpc/network.bsky.jetstream.subscribeEvents`, count, 'off'),
  },
  { name: 'ours, v1 with zstd', run: (url, count) => ours(`${url}/subscribe`, count, 'auto') },
  { name: '@skyware/jetstream', run: skyware },
  { name: '@atcute/jetstream', run: atcute },
]

/** The client alone: from the socket to events, beside others. */
export async function benchClient(events = 300_000): Promise<Row[]> {
  await using feed = await startFeed({
    events,
    actors: 50_000,
    kinds: ['v1', 'v2', 'zstd'],
    dictionary: DICTIONARY,
  })
  const rates = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, run } of contestants) {
      rates.getOrInsertComputed(name, () => []).push(await run(feed.url, feed.events))
    }
  }
  const median = (name: string) => rates.get(name)?.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
  const base = median('bare `ws` and JSON.parse')
  return contestants.map(({ name }) => ({
    name,
    value: rate(median(name)),
    note: `${Math.round((median(name) / base) * 100)} % of the bare one`,
  }))
}

/** Counts to `count` and says how fast. */
function counter(count: number): { tick: (n: number) => boolean; rate: () => number } {
  let seen = 0
  let counted = 0
  let began = 0
  return {
    tick: (n) => {
      // What came before the clock ran is not counted.
      if (began === 0) began = performance.now()
      else counted += n
      seen += n
      return seen >= count
    },
    rate: () => counted / ((performance.now() - began) / 1000),
  }
}

function bare(url: string, count: number): Promise<number> {
  const { tick, rate: result } = counter(count)
  return new Promise((resolve) => {
    const socket = new WebSocket(`${url}/subscribe`, { perMessageDeflate: false })
    socket.on('message', (data) => {
      JSON.parse(String(data))
      if (!tick(1)) return
      resolve(result())
      socket.terminate()
    })
  })
}

async function ours(url: string, count: number, compression: 'auto' | 'off'): Promise<number> {
  const { tick, rate: result } = counter(count)
  const stream = subscribe({
    hosts: [url],
    cursor: undefined,
    collections: [],
    dids: undefined,
    compression,
    v1Dictionary: compression === 'auto' ? new Uint8Array(readFileSync(DICTIONARY)) : undefined,
    observer: silentObserver,
    signal: new AbortController().signal,
    // The others keep nothing. What waits in a delivery of 10,000 survives the collector's young generation, and is
    // copied twice for it: that costs a third of the speed, and buys ingest fewer transactions.
    most: 500,
  })
  let measured = 0
  for await (const { events } of stream) {
    if (!tick(events.length)) continue
    measured = result()
    break
  }
  return measured
}

function skyware(url: string, count: number): Promise<number> {
  const { tick, rate: result } = counter(count)
  return new Promise((resolve) => {
    const jetstream = new Jetstream({ endpoint: `${url}/subscribe`, ws: WebSocket })
    jetstream.on('commit', () => {
      if (!tick(1)) return
      resolve(result())
      jetstream.close()
    })
    jetstream.start()
  })
}

async function atcute(url: string, count: number): Promise<number> {
  const { tick, rate: result } = counter(count)
  let measured = 0
  for await (const _event of new JetstreamSubscription({ url: `${url}/subscribe` })) {
    if (!tick(1)) continue
    measured = result()
    break
  }
  return measured
}
