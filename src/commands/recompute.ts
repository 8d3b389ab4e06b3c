import { setImmediate as turn } from 'node:timers/promises'
import type { Did } from '@atcute/lexicons/syntax'
import { Ledger } from '../ingest/ledger.ts'
import type { Command } from './command.ts'
import { interruptible } from './ending.ts'
import { clock, gameOf, storeOf } from './from-config.ts'

/** People in one transaction. */
const PEOPLE_AT_ONCE = 500

export const recompute: Command = {
  usage: '',
  summary: 'Apply changed rules to the whole ledger, without asking the network',
  flags: {},
  positionals: 0,
  run: interruptible(async ({ config }, signal) => {
    await using store = await storeOf(config, 'upgrade', { ending: signal })
    const game = gameOf(config)
    await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'recompute' })
    const ledger = new Ledger({ game, writer, folded: () => {} })
    const at = clock()
    let judged = 0
    let changed = 0
    let after: Did | undefined
    for (;;) {
      // SQLite never yields to the event loop: without this turn a signal would not arrive.
      await turn()
      if (signal.aborted) {
        console.error(
          `${judged} people judged, ${changed} changed; the others are unchanged. Run \`bsky-rpg recompute\` again: until it has finished, nothing else may write to the ledger.`,
        )
        throw signal.reason
      }
      const dids = await writer.people(after, PEOPLE_AT_ONCE)
      if (dids.length === 0) break
      const { outcomes } = await ledger.fold(
        dids.map((did) => ({ kind: 'recompute', did, at })),
        undefined,
      )
      judged += dids.length
      changed += outcomes.applied
      after = dids.at(-1)
      if (judged % (PEOPLE_AT_ONCE * 20) === 0) console.error(`${judged} people judged, ${changed} changed`)
    }
    await writer.bindRules(game.rules.fingerprint)
    console.log(`${judged} people judged, ${changed} changed`)
    return 0
  }),
}
