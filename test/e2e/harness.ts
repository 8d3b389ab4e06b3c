import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Did } from '../../src/atproto/event.ts'
import { PROFILE } from '../../src/atproto/profile.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { Network } from '../../src/simulator/network.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import type { StoreStatus } from '../../src/store/status.ts'

export const PROGRAM = fileURLToPath(new URL('../../bin/bsky-rpg.js', import.meta.url))

/** A temporary folder for one test, deleted when it is disposed. */
export function folder(): Disposable & { path: (name: string) => string } {
  const path = mkdtempSync(join(tmpdir(), 'bsky-rpg-test-'))
  return {
    path: (name) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

type SpawnOptions = {
  env: NodeJS.ProcessEnv
  cwd?: string
  input?: 'ignore' | 'pipe'
  detached?: boolean
}

/** A process that runs: its output so far, and how it ended. Disposing kills it. */
export class Running implements AsyncDisposable {
  readonly child: ChildProcess
  readonly ended: Promise<number | NodeJS.Signals>
  output = ''

  constructor(command: string, args: readonly string[], { input = 'ignore', ...options }: SpawnOptions) {
    this.child = spawn(command, args, { ...options, stdio: [input, 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.output += data
      })
    }
    this.ended = once(this.child, 'close').then(([code, signal]) => signal ?? code)
  }

  /** Whether it has ended by itself or by a signal. */
  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  async kill(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    this.child.kill(signal)
    return this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGKILL')
  }
}

/** `bsky-rpg` with these arguments. */
export class Program extends Running {
  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    input: 'ignore' | 'pipe' = 'ignore',
  ) {
    const env = { PATH: process.env.PATH, LOG_FORMAT: 'json', ...environment }
    super(process.execPath, [PROGRAM, ...args], { env, input })
  }
}

/** Flags that point a program to a simulator and to `ledger`, a file's path or a URL. */
export function flagsFor(
  simulator: Pick<Simulator, 'url' | 'httpUrl'>,
  ledger: string,
  plcUrl = simulator.httpUrl,
): string[] {
  return [
    ...['--database-url', ledger.includes('://') ? ledger : `sqlite:${ledger}`],
    ...['--jetstream-urls', simulator.url],
    ...['--appview-url', simulator.httpUrl],
    ...['--plc-url', plcUrl],
    ...['--port', '0', '--disk-reserve', '0'],
  ]
}

/** Resolves once `condition` is true, checking every `everyMs`; throws after `withinMs`, naming `what` it waited for. */
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

/** A program that starts beside many others on a busy machine. */
const START_MS = 240_000

/** The URL at which a program serves, once it does. */
export function servedAt(program: Running): Promise<string> {
  return said(program, /serving at (http:[^"]+)/)
}

/** Resolves once a program that starts has said something that matches `pattern`, with its first group. */
export async function said(program: Running, pattern: RegExp): Promise<string> {
  const hasSaid = (): boolean => {
    if (program.hasEnded) throw new Error('the program has ended')
    return pattern.test(program.output)
  }
  await until(`it says ${pattern}`, hasSaid, START_MS).catch((error: unknown) => {
    throw new Error(`the program said: ${program.output}`, { cause: error })
  })
  return pattern.exec(program.output)?.[1] ?? ''
}

/** A simulator without faults, of a network that begins now. */
export async function startNetwork({ seed, actors }: { seed: number; actors: number }): Promise<Simulator> {
  const network = new Network({ seed, actors, start: Date.now() * 1_000, step: 1_000, mix: 'everything' })
  return await startSimulator({ network, seed, faults: NO_FAULTS })
}

/** A port of 127.0.0.1 that nobody listened to just now, for programs that take no port of their own. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const FOLLOWED: ReadonlySet<string> = new Set([...rulebook(NO_CHANGES).collections, PROFILE])

/**
 * The sequence number of the newest event that a program which follows `listed`, or everybody, receives: later events are in
 * collections, or by people, that it does not follow.
 */
export function newestSent({ archive }: Simulator, listed?: ReadonlySet<Did>): number {
  const newest = archive.entries.findLast(
    ({ event }) =>
      (listed?.has(event.did) ?? true) && (event.kind !== 'commit' || FOLLOWED.has(event.collection)),
  )
  return newest?.seq ?? 0
}

/** Whether every question was asked. Those that are asked again are about people and posts that the network never knows. */
export function isAnswered({ waiting, postponed }: Pick<StoreStatus, 'waiting' | 'postponed'>): boolean {
  return Object.values(waiting).every((n) => n === 0) && postponed.repository === 0
}
