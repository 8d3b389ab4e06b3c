// One stream client, alone in its process: `node bench/client-contestants.ts <name> <url> <messages>` reads all messages once
// to warm up and once more to measure, and prints messages a second.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { JetstreamSubscription } from '@atcute/jetstream'
import { Jetstream } from '@skyware/jetstream'
import { WebSocket } from 'ws'
import { silentObserver, subscribe } from '../src/jetstream/subscribe.ts'

/** Reads `count` messages from `url`; returns messages a second from the first to the last. */
type Contestant = (url: string, count: number) => Promise<number>

const V1 = '/subscribe'
const V2 = '/xrpc/network.bsky.jetstream.subscribeEvents'
export const DICTIONARY = fileURLToPath(new URL('../test/fixtures/simulated.zdict', import.meta.url))

export const contestants = {
  'bare v1': (url, count) => bare(`${url}${V1}`, count),
  'bare v2': (url, count) => bare(`${url}${V2}`, count),
  'ours v1': (url, count) => ours(`${url}${V1}`, count, 'off'),
  'ours v2 one by one': (url, count) => ours(`${url}${V2}?singly=1`, count / 10, 'off', 'processor'),
  'ours v2 zstd one by one': (url, count) => ours(`${url}${V2}?singly=1`, count / 10, 'zstd', 'processor'),
  'ours v2': (url, count) => ours(`${url}${V2}`, count, 'off'),
  'ours zstd': (url, count) => ours(`${url}${V1}`, count, 'zstd'),
  skyware,
  atcute,
} satisfies Record<string, Contestant>

export type ContestantName = keyof typeof contestants

/** Counts messages up to `count`, and their rate from the second call of `tick` on. */
function counter(
  count: number,
  nowMs = () => performance.now(),
): { tick: (n: number) => boolean; rate: () => number } {
  let seen = 0
  let counted = 0
  let began = 0
  return {
    tick: (n) => {
      // The first messages only start the clock.
      if (began === 0) began = nowMs()
      else counted += n
      seen += n
      return seen >= count
    },
    rate: () => counted / ((nowMs() - began) / 1000),
  }
}

function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function bare(url: string, count: number): Promise<number> {
  const { tick, rate: result } = counter(count)
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { perMessageDeflate: false })
    socket.on('message', (data) => {
      JSON.parse(String(data))
      if (!tick(1)) return
      resolve(result())
      socket.terminate()
    })
  })
}

/** @param by the clock, or processor time: a client of frames that are sent one by one is idle for part of the time */
async function ours(
  url: string,
  count: number,
  compression: 'zstd' | 'off',
  by: 'clock' | 'processor' = 'clock',
): Promise<number> {
  const { tick, rate: result } = counter(count, by === 'clock' ? () => performance.now() : processorMs)
  const stream = subscribe({
    hosts: [url],
    cursor: undefined,
    collections: [],
    dids: undefined,
    compression,
    userDictionary: compression === 'zstd' ? new Uint8Array(readFileSync(DICTIONARY)) : undefined,
    observer: silentObserver,
    signal: new AbortController().signal,
    // The other clients keep no messages. Events of a delivery of 10,000 survive the collector's young generation, which
    // copies them twice: that costs a third of the speed, and saves ingest transactions, which are not measured here.
    maxEvents: 500,
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

if (import.meta.main) {
  const [name = '', url = '', count = ''] = process.argv.slice(2)
  const run = contestants[name as ContestantName]
  await run(url, Number(count))
  console.log(await run(url, Number(count)))
  process.exit(0)
}
