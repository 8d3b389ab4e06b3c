// How long ingest stands still in a step of a move to other rules, where somebody has very many records.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { createRaw } from '@atcute/tid'
import type { Did, Nsid, StreamEvent } from '../src/atproto/event.ts'
import { decide } from '../src/game/decide.ts'
import type { Game } from '../src/game/game.ts'
import { NO_CHANGES, type RuleChanges, rulebook } from '../src/game/rulebook.ts'
import { touched } from '../src/game/touched.ts'
import { gameInForce } from '../src/ingest/rules-in-force.ts'
import { moveSome } from '../src/ingest/rules-move.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import type { Writer } from '../src/store/store.ts'
import type { Row } from './table.ts'

const POST: Nsid = 'app.bsky.feed.post'
const DID: Did = `did:plc:${'m'.repeat(24)}`
const START = Date.UTC(2025, 0, 1) * 1_000
const RECORDS = 200_000
/** As many as a personal data server lets somebody create in a day. */
const BUSY_DAY = 11_666

const posts = rulebook(NO_CHANGES)
const CASES: readonly [string, RuleChanges, { aDay: number }][] = [
  ['other XP for all posts', { ...NO_CHANGES, points: { 'post.text': 51 } }, { aDay: 500 }],
  ['a new daily cap', { ...NO_CHANGES, caps: { [POST]: 1_000 } }, { aDay: 500 }],
  ['a new daily cap, days as busy as can be', { ...NO_CHANGES, caps: { [POST]: 1_000 } }, { aDay: BUSY_DAY }],
]

/** Somebody with 200,000 posts in a file, moved to other rules. */
export async function benchMoves(): Promise<Row[]> {
  const rows: Row[] = []
  for (const [name, changes, { aDay }] of CASES) rows.push(await benchMove(name, changes, aDay))
  return rows
}

async function benchMove(name: string, changes: RuleChanges, aDay: number): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  try {
    await using store = openSqlite({ path: join(folder, 'ledger.db'), reserve: 0 })
    await using writer = await store.write({ fingerprint: posts.fingerprint, purpose: 'keep' })
    const game: Game = {
      rules: posts,
      former: undefined,
      followed: new Set(posts.collections),
      baseline: 'off',
      appview: 'none',
    }
    for (let from = 0; from < RECORDS; from += 5_000) await fill(game, writer, { from, aDay })
    const { fingerprint, titles } = rulebook(changes)
    await store.rules.leave({ fingerprint, titles })
    const by = gameInForce(game, await writer.takeUpRules(START))
    const steps: number[] = []
    for (let isDone = false; !isDone; ) {
      const before = process.cpuUsage()
      isDone = (await moveSome(by, writer, START)) === undefined
      const { user, system } = process.cpuUsage(before)
      steps.push((user + system) / 1_000)
      await turn()
    }
    steps.sort((a, b) => a - b)
    const [median = 0, longest = 0] = [steps[steps.length >> 1], steps.at(-1)]
    const sum = steps.reduce((all, ms) => all + ms, 0)
    return {
      name,
      value: `${longest.toFixed(0)} ms`,
      note: `the longest of ${steps.length} steps in processor time; the median ${median.toFixed(0)} ms, all ${(sum / 1_000).toFixed(1)} s`,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fill(game: Game, writer: Writer, { from, aDay }: { from: number; aDay: number }) {
  const events = Array.from({ length: 5_000 }, (_, nth): StreamEvent => {
    const n = from + nth
    const at = START + Math.floor((n / aDay) * 86_400_000_000)
    const rev = createRaw(at, n % 1_024)
    const record = { text: 'not kept' }
    return { kind: 'commit', did: DID, at, rev, op: 'create', collection: POST, rkey: rev, record }
  })
  const known = await writer.load(touched(game, events))
  await writer.commit(decide(game, known, events), undefined)
}
