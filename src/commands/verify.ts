import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditResult, Store } from '../store/store.ts'
import type { Command } from './command.ts'
import { gameOf, storeOf } from './from-config.ts'
import { fulfil } from './fulfil.ts'

/** Findings printed one by one; of the rest only how many there are. */
const MAX_SHOWN = 50
/** How long a running ingest is given to mend what it was asked to, in milliseconds, and how often that is looked at. */
const PATIENCE_MS = 3_000
const LOOKS = 4

export const verify: Command = {
  usage: '',
  summary: 'Check that records, events and characters add up',
  flags: {
    repair: {
      type: 'boolean',
      meaning: 'put right what a crash may leave behind: on a cluster, experience counters',
    },
  },
  positionals: 0,
  async run({ config, flags }, signal) {
    await using store = await storeOf(config, 'nothing')
    let result = await audit(store, signal)
    report(result)
    if (flags.repair === true && result.findings.length > 0) {
      const mendable = await store.auditor.repair(result)
      console.log(`${mendable} of them can be mended`)
      const here = await fulfil(store, gameOf(config))
      for (let look = 0; mendable > 0 && look < (here ? 1 : LOOKS) && result.findings.length > 0; look++) {
        if (!here) await sleep(PATIENCE_MS)
        result = await audit(store, signal)
      }
      report(result)
    }
    return result.findings.length === 0 ? 0 : 1
  },
}

/** Says on the way how far it is, and ends where `signal` aborts. */
function audit(store: Store, signal: AbortSignal): Promise<AuditResult> {
  return store.auditor.audit(({ step, done, total }) => {
    signal.throwIfAborted()
    console.error(`${step}: ${done} of ${total}`)
  })
}

function report({ findings, characters, records, events, experience }: AuditResult): void {
  for (const { did, what, expected, actual } of findings.slice(0, MAX_SHOWN)) {
    console.log(`${did ?? 'the ledger'}: ${what}: expected ${expected}, found ${actual}`)
  }
  if (findings.length > MAX_SHOWN) console.log(`and ${findings.length - MAX_SHOWN} more`)
  const sums = `${characters} characters, ${records} records, ${events} events, ${experience} XP`
  console.log(findings.length === 0 ? `clean: ${sums}` : `${findings.length} mismatches in ${sums}`)
}
