// A ledger is bound to the rules by which it was awarded: every driver stores their fingerprint and checks it alike.
import { RulesChangedError } from './store.ts'

/** Stands for the rules while a recompute is under way: no rules have this fingerprint. */
export const RECOMPUTING = 'recomputing'

/**
 * Whether a writer of the rules `fingerprint` may take what was awarded by `held`; `undefined`: it is new.
 * @param what names the ledger, or the part of it
 * @throws {RulesChangedError} where it was awarded by others
 */
export function assertRules(held: string | undefined, fingerprint: string, what = 'the ledger'): void {
  if (held === undefined || held === fingerprint) return
  const why = held === RECOMPUTING ? 'is half recomputed' : 'was awarded by other rules than these'
  throw new RulesChangedError(
    `${what} ${why}. Run \`bsky-rpg recompute\` to judge all of it by the rules as they are now, or start with the old ones.`,
  )
}
