import type { Did } from '../../src/atproto/event.ts'
import { shareOf } from '../../src/game/days.ts'
import type { Rulebook } from '../../src/game/rulebook.ts'
import type { Auditor, AuditProgress, AuditResult, Finding } from '../../src/store/auditor.ts'
import { ExpectedDays } from '../../src/store/day-findings.ts'
import type { Memory } from './memory.ts'

/** Audits the ledger in memory by adding up its records and events. */
export class MemoryAuditor implements Auditor {
  readonly #memory: Memory

  constructor(memory: Memory) {
    this.#memory = memory
  }

  async audit(rules: Pick<Rulebook, 'award'>, progress: (done: AuditProgress) => void): Promise<AuditResult> {
    const { ledger, pruned } = this.#memory
    const findings: Finding[] = []
    const found = (did: Did, what: string, expected: number, actual: number): void => {
      if (expected !== actual) findings.push({ did, what, expected, actual })
    }
    let experience = 0
    for (const [did, actor] of ledger.actors) {
      experience += actor.experience
      const byRecords = ledger.records(did).reduce((sum, [, { xp }]) => sum + xp, 0)
      const events = ledger.events.filter((event) => event.did === did)
      const byEvents = events.reduce((sum, { delta }) => sum + delta, pruned.get(did) ?? 0)
      found(did, 'experience, by records', byRecords, actor.experience)
      found(did, 'experience, by events', byEvents, actor.experience)
      const days = new ExpectedDays()
      for (const [{ collection }, state] of ledger.records(did)) {
        const share = shareOf(rules, collection, state)
        if (share !== undefined) days.add(share)
      }
      const stored = [...ledger.days(did)].map(([day, tally]) => ({ day, ...tally }))
      findings.push(...days.findings(did, { stored, ...actor }))
    }
    progress({ step: 'people', done: ledger.actors.size, total: ledger.actors.size })
    const { actors, stored, events } = ledger
    return { characters: actors.size, records: stored.size, events: events.length, experience, findings }
  }

  async repair(): Promise<number> {
    return 0
  }
}
