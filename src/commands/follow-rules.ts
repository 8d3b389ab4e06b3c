import type { Logger } from 'pino'
import type { CharacterCache } from '../api/character-cache.ts'
import type { CurrentRules } from '../api/current-rules.ts'
import type { LedgerRules } from '../store/rules.ts'
import { throttle } from '../throttle.ts'
import { monotonic } from './from-config.ts'

/** How often the API looks whether the ledger's rules have changed. */
const LOOK_EVERY_MS = 2_000

export type FollowRulesOptions = {
  ledgerRules: Pick<LedgerRules, 'state'>
  rules: CurrentRules
  cache: CharacterCache
  log: Logger
}

/** Has `rules` follow the ledger's until it is disposed, and drops cached answers that were made by others. */
export async function followRules({
  ledgerRules,
  rules,
  cache,
  log,
}: FollowRulesOptions): Promise<Disposable> {
  const unread = throttle(monotonic)
  const look = async (): Promise<void> => {
    try {
      if (rules.update(await ledgerRules.state())) cache.clear()
    } catch (error) {
      unread((count) => log.warn({ err: error, count }, "the ledger's rules cannot be read"))
    }
  }
  await look()
  let looking = false
  const timer = setInterval(async () => {
    // A cluster may be slow to answer.
    if (looking) return
    looking = true
    await look()
    looking = false
  }, LOOK_EVERY_MS)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
