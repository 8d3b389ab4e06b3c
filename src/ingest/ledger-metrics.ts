import { Gauge, type Registry } from 'prom-client'
import { deedsOf } from '../game/attributes.ts'
import type { QuestionKind } from '../game/question.ts'
import type { StoreStatus } from '../store/status.ts'

/** Prometheus metrics of all of the ledger, as the store's status has them: each worker of a cluster reports the same. */
export class LedgerMetrics {
  readonly #characters: Gauge
  readonly #records: Gauge
  readonly #entries: Gauge
  readonly #experience: Gauge
  readonly #diskBytes: Gauge<'disk'>
  readonly #media: Gauge<'described'>
  readonly #waiting: Gauge<'kind' | 'state'>
  readonly #unanswered: Gauge<'kind'>
  readonly #unreconciled: Gauge

  constructor(registry: Registry) {
    const registers = [registry]
    const gauge = (name: string, help: string) => new Gauge({ name: `bsky_rpg_${name}`, help, registers })
    this.#characters = gauge('characters', 'Characters shown')
    this.#records = gauge('records', 'Live records and tombstones')
    this.#entries = gauge('ledger_entries', 'Entries in the ledger now')
    this.#experience = gauge('experience', 'XP of all characters')
    this.#diskBytes = new Gauge({
      name: 'bsky_rpg_ledger_bytes',
      help: "Bytes of the ledger's file and its log; none where it is on a cluster",
      labelNames: ['disk'],
      registers,
    })
    this.#media = new Gauge({
      name: 'bsky_rpg_media_posts_today',
      help: 'Live posts with media of the latest day (UTC) on which any counted, by whether all media are described',
      labelNames: ['described'],
      registers,
    })
    this.#waiting = new Gauge({
      name: 'bsky_rpg_questions_waiting',
      help: 'Questions to the network that wait: new ones, and those postponed to another try',
      labelNames: ['kind', 'state'],
      registers,
    })
    this.#unanswered = new Gauge({
      name: 'bsky_rpg_questions_unanswered_seconds',
      help: 'For how long new questions of a kind have waited while none was answered',
      labelNames: ['kind'],
      registers,
    })
    this.#unreconciled = gauge(
      'reconciliation_waiting',
      'People who are still to be compared with their repositories after a gap',
    )
  }

  /** @param unansweredSeconds for how long new questions of a kind have waited without any answer */
  report(status: StoreStatus, unansweredSeconds: (kind: QuestionKind) => number): void {
    this.#characters.set(status.characters)
    this.#records.set(status.records)
    this.#entries.set(status.events)
    this.#experience.set(status.experience)
    if (status.bytes !== undefined) this.#diskBytes.set({ disk: 'ledger' }, status.bytes)
    const { media, described } = deedsOf(status.today.counts)
    this.#media.set({ described: 'yes' }, described)
    this.#media.set({ described: 'no' }, media - described)
    for (const [kind, n] of Object.entries(status.waiting)) {
      this.#waiting.set({ kind, state: 'new' }, n)
      this.#unanswered.set({ kind }, unansweredSeconds(kind as QuestionKind))
    }
    this.#unreconciled.set(leftOf(status.reconciliation))
    for (const [kind, n] of Object.entries(status.postponed)) {
      this.#waiting.set({ kind, state: 'postponed' }, n)
    }
  }
}

function leftOf(reconciliation: StoreStatus['reconciliation']): number {
  if (reconciliation === undefined || reconciliation.endedAt !== undefined) return 0
  return Math.max(0, reconciliation.people - reconciliation.checked)
}
