import { Counter, type Registry } from 'prom-client'
import { levelOf } from '../game/levels.ts'
import type { Rulebook } from '../game/rulebook.ts'
import type { Cause, Changes } from '../game/state.ts'

/** What the entries of one cause and reason have brought in one batch. */
type Sum = { entries: number; awarded: number; takenBack: number }

/** Prometheus metrics of what the game awards, by the rules' reasons and by what caused it. */
export class GameMetrics {
  readonly #entries: Counter<'reason' | 'cause'>
  readonly #awarded: Counter<'reason' | 'cause'>
  readonly #takenBack: Counter<'reason' | 'cause'>
  readonly #levelUps: Counter<'cause'>
  readonly #titles: Counter<'title'>

  constructor(registry: Registry) {
    const registers = [registry]
    this.#entries = new Counter({
      name: 'bsky_rpg_ledger_entries_total',
      help: 'Entries of the ledger, by the reason for the XP and by what caused them',
      labelNames: ['reason', 'cause'],
      registers,
    })
    this.#awarded = new Counter({
      name: 'bsky_rpg_xp_awarded_total',
      help: 'XP awarded, by reason and cause',
      labelNames: ['reason', 'cause'],
      registers,
    })
    this.#takenBack = new Counter({
      name: 'bsky_rpg_xp_taken_back_total',
      help: 'XP taken back, by reason and cause',
      labelNames: ['reason', 'cause'],
      registers,
    })
    this.#levelUps = new Counter({
      name: 'bsky_rpg_level_ups_total',
      help: 'Levels gained, by what caused them',
      labelNames: ['cause'],
      registers,
    })
    this.#titles = new Counter({
      name: 'bsky_rpg_titles_reached_total',
      help: 'How often somebody reached a title',
      labelNames: ['title'],
      registers,
    })
    this.#levelUps.inc({ cause: 'create' }, 0)
  }

  /** Counts a committed batch; `rules` give the titles. Adds up before it counts: prom-client takes a microsecond a call. */
  count({ actors }: Pick<Changes, 'actors'>, rules: Pick<Rulebook, 'title'>): void {
    const sums = new Map<Cause, Map<string, Sum>>()
    for (const { events } of actors.values()) {
      for (const { cause, reason, delta, experience } of events) {
        const sum = sumOf(sums, cause, reason)
        sum.entries += 1
        if (delta >= 0) sum.awarded += delta
        else sum.takenBack -= delta
        const [before, level] = [levelOf(experience - delta), levelOf(experience)]
        if (level > before) this.#leveledUp(cause, level - before, rules.title(before), rules.title(level))
      }
    }
    for (const [cause, byReason] of sums) {
      for (const [reason, { entries, awarded, takenBack }] of byReason) {
        this.#entries.inc({ reason, cause }, entries)
        this.#awarded.inc({ reason, cause }, awarded)
        this.#takenBack.inc({ reason, cause }, takenBack)
      }
    }
  }

  #leveledUp(cause: Cause, levels: number, before: string, title: string): void {
    this.#levelUps.inc({ cause }, levels)
    if (title !== before) this.#titles.inc({ title })
  }
}

function sumOf(sums: Map<Cause, Map<string, Sum>>, cause: Cause, reason: string): Sum {
  return sums
    .getOrInsertComputed(cause, () => new Map())
    .getOrInsertComputed(reason, () => ({ entries: 0, awarded: 0, takenBack: 0 }))
}
