import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Did } from '../../src/atproto/event.ts'
import { PROFILE } from '../../src/atproto/profile.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import type { StoreStatus } from '../../src/store/store.ts'

export const PROGRAM = fileURLToPath(new URL('../../bin/bsky-rpg.js', import.meta.url))

/** A folder of a test's own, gone with it. */
export function folder(): Disposable & { path: (name: string) => string } {
  const path = mkdtempSync(join(tmpdir(), 'bsky-rpg-test-'))
  return {
    path: (name) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** What has come out of a program so far, and how it ended. */
export class Program implements AsyncDisposable {
  readonly child: ChildProcess
  readonly ended: Promise<number | NodeJS.Signals>
  output = ''

  constructor(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [PROGRAM, ...words], {
      env: { PATH: process.env.PATH, LOG_FORMAT: 'json', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.output += data
      })
    }
    this.ended = once(this.child, 'close').then(([code, signal]) => signal ?? code)
  }

  async kill(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    this.child.kill(signal)
    return this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGKILL')
  }
}

/** Flags that lead a program to a simulator and a ledger in `file`, or at a URL. */
export function flagsFor(simulator: Simulator, ledger: string, plcUrl = simulator.httpUrl): string[] {
  return [
    ...['--database-url', ledger.includes('://') ? ledger : `sqlite:${ledger}`],
    ...['--jetstream-urls', simulator.url],
    ...['--appview-url', simulator.httpUrl],
    ...['--plc-url', plcUrl],
    ...['--port', '0', '--disk-reserve', '0'],
  ]
}

/** Resolves as soon as `condition` holds, seen every so often; says what was waited for where it does not in time. */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  withinMs = 60_000,
  everyMs = 10,
): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain until ${what}`)
    await sleep(everyMs)
  }
}

const FOLLOWED: ReadonlySet<string> = new Set([...rulebook(NO_CHANGES).collections, PROFILE])

/**
 * The number of the newest event that a program is sent which follows `listed`, or everybody: what comes after it is in
 * collections, or by people, that it does not follow.
 */
export function newestSent({ archive }: Simulator, listed?: ReadonlySet<Did>): number {
  const newest = archive.entries.findLast(
    ({ event }) =>
      (listed?.has(event.did) ?? true) && (event.kind !== 'commit' || FOLLOWED.has(event.collection)),
  )
  return newest?.seq ?? 0
}

/** Everything was asked; what is asked again is about people and posts that the network does not know, now or ever. */
export function isAnswered({ waiting, postponed }: Pick<StoreStatus, 'waiting' | 'postponed'>): boolean {
  return Object.values(waiting).every((n) => n === 0) && postponed.repository === 0
}
