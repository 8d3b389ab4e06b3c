import { setTimeout as sleep } from 'node:timers/promises'
import type { Rulebook } from '../game/rulebook.ts'
import type { AuditResult } from '../store/auditor.ts'
import type { Store } from '../store/store.ts'
import type { Command } from './command.ts'
import { interruptible } from './ending.ts'
import { gameOf, storeOf } from './from-config.ts'
import { fulfil } from './fulfil.ts'
import { writeVerifyMetrics } from './verify-metrics.ts'

/** Findings printed one by one; of the others only their number. */
const MAX_SHOWN = 50
/** After a repair by a running ingest, the audit is repeated this often, after pauses of this length. */
const RECHECK_MS = 3_000
const MAX_RECHECKS = 4

export const verify: Command = {
  usage: '',
  summary: 'Check that records, events and characters add up',
  flags: {
    repair: {
      type: 'boolean',
      meaning: 'repair what a crash may leave wrong: on a cluster, experience counters',
    },
    metrics: {
      type: 'string',
      meaning:
        'a file, such as bsky_rpg.prom, to write the number of mismatches to, for the node exporter of Prometheus',
    },
  },
  positionals: 0,
  run: interruptible(async ({ config, flags }, signal) => {
    await using store = await storeOf(config, 'nothing', { ending: signal })
    const { rules } = gameOf(config)
    let result = await audit(store, rules, signal)
    report(result)
    if (flags.repair === true && result.findings.length > 0) {
      const repairable = await store.auditor.repair(result)
      console.log(`${repairable} of them can be repaired`)
      const here = await fulfil(store, gameOf(config))
      for (
        let check = 0;
        repairable > 0 && check < (here ? 1 : MAX_RECHECKS) && result.findings.length > 0;
        check++
      ) {
        if (!here) await sleep(RECHECK_MS, undefined, { signal })
        result = await audit(store, rules, signal)
      }
      report(result)
    }
    if (typeof flags.metrics === 'string') {
      await writeVerifyMetrics(flags.metrics, result, Date.now() * 1_000)
    }
    return result.findings.length === 0 ? 0 : 1
  }),
}

/** Prints its progress; `signal` ends it. */
function audit(store: Store, rules: Rulebook, signal: AbortSignal): Promise<AuditResult> {
  return store.auditor.audit(rules, ({ step, done, total }) => {
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
