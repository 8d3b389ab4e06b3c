// The whole program at the network's pace: the delay from an event to its XP in the API, and requests' latency meanwhile.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createRaw } from '@atcute/tid'
import type { Did, StreamEvent } from '../src/atproto/event.ts'
import { live } from '../src/simulator/live.ts'
import { Network } from '../src/simulator/network.ts'
import { type Simulator, startSimulator } from '../src/simulator/simulator.ts'
import { charactersLua } from './http.ts'
import type { Row } from './table.ts'

const PROGRAM = fileURLToPath(new URL('../bin/bsky-rpg.js', import.meta.url))
const RATE = 1_000
const PEOPLE = 20_000
const PROBES = 300
const PROBE_EVERY_MS = 50
const LOOK_EVERY_MS = 2
const LOAD_SECONDS = 10
const SHOWN_WITHIN_MS = 60_000
const BOARD_EVERY_MS = 500
const PROBE_WITHIN_MS = 30_000

/** Runs `start` against a network of 1,000 events a second. Needs `wrk`. */
export async function benchLatency(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  const end = new AbortController()
  try {
    const now = () => Date.now() * 1000
    const network = new Network({ seed: 1, actors: PEOPLE, start: now(), step: 1_000, mix: 'everything' })
    await using simulator = await startSimulator({ network, seed: 1 })
    await using program = await startProgram(simulator, join(folder, 'ledger.db'))
    const living = live(simulator, { rate: RATE, clock: now, signal: end.signal })
    const shown = await shownPeople(program.url, PROBES)

    const delays: number[] = []
    const probing = shown.map(async (did, n) => {
      await sleep(n * PROBE_EVERY_MS)
      delays.push(await probe(simulator, program.url, did))
    })
    await Promise.all(probing)
    delays.sort((a, b) => a - b)

    const script = join(folder, 'paths.lua')
    writeFileSync(script, charactersLua(network.people.map(({ did }) => did)))
    const args = ['-t1', '-c8', `-d${LOAD_SECONDS}s`, '--latency', '-s', script, program.url]
    const { stdout } = await promisify(execFile)('wrk', args)
    end.abort()
    await living
    const at = (share: number) => `${(delays[Math.floor(delays.length * share)] ?? 0).toFixed(0)} ms`
    return [
      {
        name: 'from a frame being sent to its XP in the API, p99',
        value: at(0.99),
        note: `median ${at(0.5)}; ${PROBES} posts among ${RATE} events/s`,
      },
      {
        name: 'GET /v1/characters/{did} meanwhile, p99',
        value: /99%\s+(\S+)/.exec(stdout)?.[1] ?? '',
        note: `at ${/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]} requests/s over 8 connections`,
      },
    ]
  } finally {
    end.abort()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startProgram(simulator: Simulator, file: string): Promise<AsyncDisposable & { url: string }> {
  const flags = {
    'database-url': `sqlite:${file}`,
    'jetstream-urls': simulator.url,
    'appview-url': simulator.httpUrl,
    'plc-url': simulator.httpUrl,
    port: '0',
    'disk-reserve': '0',
    'rate-limit': '1000000',
  }
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(process.execPath, [PROGRAM, 'start', ...args], {
    env: { PATH: process.env.PATH, LOG_FORMAT: 'json' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const url = Promise.withResolvers<string>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data
      const found = /http:\/\/[\d.]+:\d+/.exec(output.replaceAll(simulator.httpUrl, ''))
      if (found !== null) url.resolve(found[0])
    })
  }
  child.once('close', () => url.reject(new Error(`bsky-rpg start ended before it listened: ${output}`)))
  return {
    url: await url.promise,
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await once(child, 'close')
    },
  }
}

/** Waits until the board has `count` people: somebody new is only shown once the AppView has introduced them. */
async function shownPeople(url: string, count: number): Promise<Did[]> {
  for (const end = performance.now() + SHOWN_WITHIN_MS; performance.now() < end; ) {
    const dids: Did[] = []
    let cursor: string | null = ''
    while (cursor !== null && dids.length < count) {
      const query: string = cursor === '' ? 'limit=100' : `limit=100&cursor=${encodeURIComponent(cursor)}`
      const response = await fetch(`${url}/v1/leaderboards/all?${query}`)
      if (!response.ok) break
      const page = (await response.json()) as { items: { character: { did: Did } }[]; cursor: string | null }
      dids.push(...page.items.map(({ character }) => character.did))
      cursor = page.cursor
    }
    if (dids.length >= count) return dids.slice(0, count)
    await sleep(BOARD_EVERY_MS)
  }
  throw new Error(`fewer than ${count} people were shown within ${SHOWN_WITHIN_MS / 1_000} s`)
}

/**
 * Sends a post of somebody who is shown; returns the milliseconds until the API has its XP.
 * @throws {Error} if that takes longer than `PROBE_WITHIN_MS`
 */
async function probe(simulator: Simulator, url: string, did: Did): Promise<number> {
  const at = Date.now() * 1000
  const rkey = createRaw(at, 1_023)
  const post: StreamEvent = {
    kind: 'commit',
    did,
    at,
    rev: rkey,
    op: 'create',
    collection: 'app.bsky.feed.post',
    rkey,
    record: { $type: 'app.bsky.feed.post', text: 'hello', createdAt: new Date(at / 1000).toISOString() },
  }
  const began = performance.now()
  simulator.add([post])
  for (;;) {
    const events = await (await fetch(`${url}/v1/characters/${did}/events?limit=10`)).text()
    if (events.includes(rkey)) return performance.now() - began
    if (performance.now() - began > PROBE_WITHIN_MS) throw new Error(`a post of ${did} never reached the API`)
    await sleep(LOOK_EVERY_MS)
  }
}
