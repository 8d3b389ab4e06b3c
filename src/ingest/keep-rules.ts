import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Micros } from '../atproto/event.ts'
import type { Ledger } from './ledger.ts'

/** How often ingest looks for rules that another process has left. */
const LOOK_EVERY_MS = 1_000
/** How often the log says how far a move is. */
const REPORT_EVERY_MS = 30_000

export type KeepRulesOptions = {
  ledger: Ledger
  clock: () => Micros
  log: Pick<Logger, 'info'>
  signal: AbortSignal
}

/**
 * Takes up rules that other processes leave, and moves everybody to them, a few at a time between deliveries of the stream,
 * until `signal` aborts. Goes on with a move that an earlier run began.
 */
export async function keepRules({ ledger, clock, log, signal }: KeepRulesOptions): Promise<void> {
  let reportedMs = Number.NEGATIVE_INFINITY
  let isMoving = false
  while (!signal.aborted) {
    const { move } = await ledger.takeUpRules(clock())
    const { version } = ledger.game.rules
    if (move === undefined && isMoving) log.info(`everybody counts by version ${version} of the rules`)
    if (move !== undefined && performance.now() - reportedMs > REPORT_EVERY_MS) {
      log.info(
        `moving from version ${move.from} of the rules to ${version}: ${Math.floor(move.done * 100)} %`,
      )
      reportedMs = performance.now()
    }
    isMoving = move !== undefined
    if (isMoving && !(await moveForAWhile(ledger, clock, signal))) continue
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
  }
}

/** Moves people until none of this writer's are left, or it is time to look around. @returns whether none are left */
async function moveForAWhile(ledger: Ledger, clock: () => Micros, signal: AbortSignal): Promise<boolean> {
  const untilMs = performance.now() + LOOK_EVERY_MS
  while (!signal.aborted && performance.now() < untilMs) {
    if (await ledger.moveSome(clock())) return true
    // A store that answers at once would keep the socket waiting.
    await turn()
  }
  return false
}
