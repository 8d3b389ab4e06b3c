// A ledger is bound to the rules that awarded its XP: every driver stores their fingerprint and checks it by this.
import type { RulesState } from './rules.ts'
import { RulesChangedError, StoreError } from './store.ts'

/** Stands for the rules while a recompute is under way: no rules have this fingerprint. */
export const RECOMPUTING = 'recomputing'

/** Stands for the rules, with the export's id after it, while a ledger is restored. */
const RESTORING = 'restoring:'

/** The rules that are stored with a ledger while it is restored from the export that `id` names. */
export function restoring(id: string): string {
  return `${RESTORING}${id}`
}

export function isRestoring(stored: string | undefined): boolean {
  return stored?.startsWith(RESTORING) ?? false
}

/** Whether all of a ledger was awarded by the rules that are `stored` with it. */
export function isSettled(stored: string): boolean {
  return stored !== RECOMPUTING && !isRestoring(stored)
}

/**
 * Refuses a ledger that is not restored to the end: nothing else may write it.
 * @throws {StoreError}
 */
export function assertWhole(stored: string | undefined, what = 'the ledger'): void {
  if (!isRestoring(stored)) return
  throw new StoreError(
    `${what} is half restored. Run \`bsky-rpg restore\` again with the same export, which goes on where it was, or begin in an empty ledger.`,
  )
}

/**
 * Refuses to export a ledger in the middle of a move: how far one is goes by an order of people that no other store has.
 * @throws {StoreError}
 */
export function assertNobodyMoves(move: RulesState['move']): void {
  if (move === undefined) return
  throw new StoreError(
    `people are being moved to other rules, ${Math.floor(move.done * 100)} % so far: export when /v1/rules says that this is done. Where no ingest runs, \`bsky-rpg recompute\` ends the move.`,
  )
}

/**
 * Refuses a ledger whose `stored` fingerprint is not that of the writer's rules; `undefined` where it is new.
 * @param what names the ledger, or a part of it, in the message
 * @throws {RulesChangedError} where other rules awarded it, or a recompute has not ended
 */
export function assertRules(stored: string | undefined, fingerprint: string, what = 'the ledger'): void {
  if (stored === undefined || stored === fingerprint) return
  assertWhole(stored, what)
  const why = stored === RECOMPUTING ? 'is half recomputed' : 'was awarded by other rules than these'
  throw new RulesChangedError(
    `${what} ${why}. Run \`bsky-rpg recompute\` to award all of it again by the present rules, or start with the old ones.`,
  )
}
