import type { Command } from './command.ts'
import { storeOf } from './parts.ts'

/** Findings printed one by one; of the rest only how many there are. */
const MOST_SHOWN = 50

export const verify: Command = {
  usage: '',
  summary: 'Check that every point is accounted for: records, events and characters add up',
  flags: {},
  positionals: 0,
  async run({ config }) {
    await using store = storeOf(config)
    const result = await store.auditor.audit(({ step, done, total }) => {
      console.error(`${step}: ${done} of ${total}`)
    })
    const { findings, characters, records, events, experience } = result
    for (const { did, what, expected, actual } of findings.slice(0, MOST_SHOWN)) {
      console.log(`${did ?? 'the ledger'}: ${what}: expected ${expected}, found ${actual}`)
    }
    if (findings.length > MOST_SHOWN) console.log(`and ${findings.length - MOST_SHOWN} more`)
    const sums = `${characters} characters, ${records} records, ${events} events, ${experience} XP`
    console.log(findings.length === 0 ? `clean: ${sums}` : `${findings.length} mismatches in ${sums}`)
    return findings.length === 0 ? 0 : 1
  },
}
