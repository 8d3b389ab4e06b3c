import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { constants, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { create as tidOf } from '@atcute/tid'
import type { Did, Micros, StreamEvent } from '../src/atproto/event.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { Ledger } from '../src/ingest/ledger.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import type { Row } from './table.ts'

const CHARACTERS = 200_000
/** Events of the person whose ledger is exported. */
const LARGE = 61_000
const START: Micros = 1_750_000_000_000_000
const WARM_SECONDS = 10
const SECONDS = 30
/** Pause between two measured requests. */
const PAUSE_MS = 10

/** Measures how a crowd of expensive requests delays cheap ones. */
export async function benchCrowd(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  try {
    const path = join(folder, 'ledger.db')
    await fill(path)
    const server = start('http-server.ts', ['crowd', `sqlite:${path}`])
    const [where] = await once(server.stdout, 'data')
    const url = String(where).trim()
    const alone = await measure(url, WARM_SECONDS)
    const crowd = start('crowd-clients.ts', [url, path, didOf(0)])
    // The crowd must not take processor time from the measured processes.
    setPriority(crowd.pid ?? 0, constants.priority.PRIORITY_LOW)
    const summary = once(crowd.stdout, 'data')
    await measure(url, WARM_SECONDS)
    const beside = await measure(url, SECONDS)
    crowd.kill('SIGTERM')
    const [done] = await summary
    server.kill()
    await Promise.all([once(crowd, 'close'), once(server, 'close')])
    const note = (kind: Kind) =>
      `median ${milliseconds(beside[kind], 0.5)}, at most ${milliseconds(beside[kind], 1)}; with nobody else p99 ${milliseconds(alone[kind], 0.99)}`
    return [
      {
        name: '/healthz beside a crowd, p99',
        value: milliseconds(beside.health, 0.99),
        note: note('health'),
      },
      {
        name: 'a character beside it, p99',
        value: milliseconds(beside.character, 0.99),
        note: note('character'),
      },
      { name: '  what the crowd was served meanwhile', value: '', note: String(done).trim() },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Kind = 'health' | 'character'

function start(script: string, args: string[]) {
  return spawn(process.execPath, [fileURLToPath(new URL(`./${script}`, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Sends one request after the other for `seconds`; returns the milliseconds that each took, sorted. */
async function measure(url: string, seconds: number): Promise<Record<Kind, number[]>> {
  const agent = new Agent({ keepAlive: true })
  const took: Record<Kind, number[]> = { health: [], character: [] }
  const end = performance.now() + seconds * 1000
  for (let n = 0; performance.now() < end; n++) {
    took.health.push(await ask(`${url}/healthz`, n, agent))
    const did = didOf((n * 7_919) % CHARACTERS)
    took.character.push(await ask(`${url}/v1/characters/${did}`, n, agent))
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  agent.destroy()
  for (const list of Object.values(took)) list.sort((a, b) => a - b)
  return took
}

async function ask(url: string, n: number, agent: Agent): Promise<number> {
  const began = performance.now()
  const request = get(url, { agent, headers: { 'x-forwarded-for': `203.0.113.${n % 250}` } })
  const [response] = await once(request, 'response')
  if (response.statusCode !== 200) throw new Error(`${url} was answered with ${response.statusCode}`)
  response.resume()
  await once(response, 'end')
  return performance.now() - began
}

function milliseconds(sorted: readonly number[], part: number): string {
  return `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1)} ms`
}

function didOf(n: number): Did {
  return `did:web:p${n}.example`
}

/** Makes a ledger in which all 200,000 people differ in XP, and one of them has 61,000 events. */
async function fill(path: string): Promise<void> {
  const rules = rulebook(NO_CHANGES)
  await using store = openSqlite({ path, reserve: 0 })
  {
    await using writer = await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
    const game = {
      rules,
      former: undefined,
      followed: new Set(rules.collections),
      baseline: 'off',
      appview: 'none',
    } as const
    const ledger = new Ledger({ game, writer, folded: () => {} })
    const likes = [
      ...Array.from({ length: CHARACTERS }, (_, n) => likeOf(didOf(n), n)),
      ...Array.from({ length: LARGE }, (_, n) => likeOf(didOf(0), CHARACTERS + n)),
    ]
    for (let at = 0; at < likes.length; at += 5_000) await ledger.fold(likes.slice(at, at + 5_000), undefined)
  }
  const db = new DatabaseSync(path)
  // Quicker than folding events for the XP, and readers see no difference.
  db.exec(`UPDATE actors SET experience = id * 10;
    DELETE FROM standings; INSERT INTO standings (experience, characters) SELECT experience, 1 FROM actors;
    DELETE FROM foremost`)
  db.close()
}

/** The `n`-th event of the ledger: `did` likes a feed generator. */
export function likeOf(did: Did, n: number): StreamEvent {
  const at = START + n * 1_000
  const rev = tidOf(at, 1)
  return {
    kind: 'commit',
    did,
    at,
    rev,
    op: 'create',
    collection: 'app.bsky.feed.like',
    rkey: rev,
    record: { subject: { uri: 'at://did:web:somebody.example/app.bsky.feed.generator/a' } },
  }
}
