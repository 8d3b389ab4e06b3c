// A ledger is bound to the rules that awarded its XP: every driver stores their fingerprint and checks it by this.
import { RulesChangedError } from './store.ts'

/** Stands for the rules while a recompute is under way: no rules have this fingerprint. */
export const RECOMPUTING = 'recomputing'

/**
 * Refuses a ledger whose `stored` fingerprint is not that of the writer's rules; `undefined` where it is new.
 * @param what names the ledger, or a part of it, in the message
 * @throws {RulesChangedError} where other rules awarded it, or a recompute has not ended
 */
export function assertRules(stored: string | undefined, fingerprint: string, what = 'the ledger'): void {
  if (stored === undefined || stored === fingerprint) return
  const why = stored === RECOMPUTING ? 'is half recomputed' : 'was awarded by other rules than these'
  throw new RulesChangedError(
    `${what} ${why}. Run \`bsky-rpg recompute\` to award all of it again by the present rules, or start with the old ones.`,
  )
}
