// How fast a ledger is restored, exported, backed up and recomputed, in processes of their own, and how much memory that takes.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createZstdCompress } from 'node:zlib'
import { createRaw } from '@atcute/tid'
import type { Did, Nsid } from '../src/atproto/event.ts'
import { NO_CHANGES, rulebook } from '../src/game/rulebook.ts'
import { unknownActor } from '../src/game/state.ts'
import type { LedgerSource, SourcePerson } from '../src/store/export/ledger-copy.ts'
import { exportLines } from '../src/store/export/write-export.ts'
import { type Row, rate } from './table.ts'

const PROGRAM = fileURLToPath(new URL('../bin/bsky-rpg.js', import.meta.url))
const LIKE: Nsid = 'app.bsky.feed.like'
const START = Date.UTC(2026, 0, 5) * 1_000
const PEOPLE = 50_000
const RECORDS = 20
const MIB = 2 ** 20

/** A ledger of a million likes, each with its event, and everybody's on one day. */
export async function benchCopies(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-bench-'))
  const [made, ledger, again, copy, rules] = [
    'made.zst',
    'ledger.db',
    'again.zst',
    'copy.db',
    'rules.json',
  ].map((name) => join(folder, name)) as [string, string, string, string, string]
  try {
    const blocks = exportLines(madeUp(), { id: 'bench', program: 'bench', at: START })
    await pipeline(Readable.from(blocks), createZstdCompress(), createWriteStream(made))
    const flags = ['--database-url', `sqlite:${ledger}`, '--disk-reserve', '0']
    const records = PEOPLE * RECORDS
    const restored = await measured(['restore', made, ...flags])
    const exported = await measured(['export', again, ...flags])
    const backedUp = await besideWriter(ledger, () => measured(['backup', copy, ...flags]))
    const size = statSync(ledger).size / MIB
    const recomputed = await measured(['recompute', ...flags])
    writeFileSync(rules, JSON.stringify({ points: { 'repost.text': 51 } }))
    const moved = await measured(['recompute', '--rules', rules, ...flags])
    const note = ({ peakMiB }: Measured) => `${records} records and as many events; ${peakMiB} MiB at most`
    return [
      {
        name: 'restore into a file, read back, and verify',
        value: `${rate(records / restored.seconds)} records`,
        note: note(restored),
      },
      {
        name: 'export from a file',
        value: `${rate(records / exported.seconds)} records`,
        note: note(exported),
      },
      {
        name: 'backup beside 100 commits a second',
        value: `${(size / backedUp.seconds).toFixed(0)} MiB/s`,
        note: `${size.toFixed(0)} MiB; ${backedUp.peakMiB} MiB at most, the log grew to ${backedUp.logMiB} MiB`,
      },
      {
        name: 'recompute by the same rules',
        value: `${rate(records / recomputed.seconds)} records`,
        note: `${records} records, none of which changes; ${recomputed.peakMiB} MiB at most`,
      },
      {
        name: 'other XP for reposts, which nobody has',
        value: `${rate(records / moved.seconds)} records`,
        note: `in all ${moved.seconds.toFixed(1)} s, with the start of the program`,
      },
      { name: 'size of the export', value: `${(statSync(again).size / MIB).toFixed(0)} MiB`, note: '' },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Measured = { seconds: number; peakMiB: number }

async function measured(words: readonly string[]): Promise<Measured> {
  const began = performance.now()
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  let peakMiB = 0
  while (child.exitCode === null && child.signalCode === null) {
    peakMiB = Math.max(peakMiB, anonymousMiB(child.pid))
    await Promise.race([ended, sleep(50)])
  }
  if (child.exitCode !== 0) throw new Error(`${words[0]} ended with ${child.exitCode}`)
  return { seconds: (performance.now() - began) / 1_000, peakMiB }
}

/** Memory without mapped files, as far as the system tells. */
function anonymousMiB(pid: number | undefined): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Math.round(Number(/RssAnon:\s+(\d+) kB/.exec(text)?.[1] ?? 0) / 1_024)
  } catch {
    return 0
  }
}

/** Commits to the ledger while `work` goes on, with a log as short as 8 MiB. */
async function besideWriter(ledger: string, work: () => Promise<Measured>) {
  using db = new DatabaseSync(ledger, { timeout: 1_000 })
  db.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8192')
  // SQLite writes no page of a row that stays as it is.
  const touch = db.prepare('UPDATE actors SET last_delta = last_delta + 1 WHERE id = ?')
  let done = false
  let logMiB = 0
  const finished = work().finally(() => {
    done = true
  })
  while (!done) {
    db.exec('BEGIN IMMEDIATE')
    for (let i = 0; i < 50; i++) touch.run(1 + Math.floor(Math.random() * PEOPLE))
    db.exec('COMMIT')
    logMiB = Math.max(logMiB, Math.round(statSync(`${ledger}-wal`).size / MIB))
    await sleep(10)
  }
  return { ...(await finished), logMiB }
}

function madeUp(): LedgerSource {
  const rules = rulebook(NO_CHANGES)
  const xp = rules.points.like ?? 0
  return {
    state: {
      versions: [{ version: 1, fingerprint: rules.fingerprint, titles: undefined, at: undefined }],
      cursor: { host: 'bench.invalid', wire: 'v2', value: 1, at: START },
      heartbeat: undefined,
      followed: undefined,
      gaps: [],
      wishes: [],
    },
    async *people() {
      for (let n = 0; n < PEOPLE; n++) yield person(n, xp)
    },
    async *questions() {},
    [Symbol.asyncDispose]: async () => {},
  }
}

function person(n: number, xp: number): SourcePerson {
  const did: Did = `did:plc:${lettersOf(n)}`
  const day = START / 86_400_000_000
  const at = (i: number): number => START + (n + i * PEOPLE) * 40_000
  const earned = RECORDS * xp
  const keys = Array.from({ length: RECORDS }, (_, i) => ({ i, rkey: createRaw(at(i), n % 1_024) }))
  return {
    actor: {
      ...unknownActor(did),
      born: true,
      introduced: true,
      experience: earned,
      lastDelta: xp,
      updatedAt: at(RECORDS - 1) - (at(RECORDS - 1) % 1_000),
      periods: { day, week: earned, month: earned },
      running: { day, experience: earned, claimed: 0, counts: new Map([['like', RECORDS]]) },
      counts: new Map([[LIKE, RECORDS]]),
      rev: keys.at(-1)?.rkey,
    },
    profile: undefined,
    pruned: 0,
    granted: new Map(),
    days: [],
    *records() {
      for (const { i, rkey } of keys) {
        yield [
          { did, collection: LIKE, rkey },
          {
            rev: rkey,
            live: true,
            xp,
            facts: { media: undefined, subject: undefined, own: undefined },
            at: Math.floor(at(i) / 1_000_000),
            capped: false,
            claimed: undefined,
          },
        ]
      }
    },
    *events() {
      for (const { i, rkey } of keys) {
        const entered = at(i) - (at(i) % 1_000)
        yield {
          did,
          collection: LIKE,
          rkey,
          at: entered,
          cause: 'create',
          reason: 'like',
          delta: xp,
          experience: (i + 1) * xp,
          rules: 1,
        }
      }
    },
  }
}

/** A number in letters, as DIDs have them. */
function lettersOf(n: number): string {
  const digits = n.toString(16).padStart(24, '0')
  return [...digits].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 16))).join('')
}
