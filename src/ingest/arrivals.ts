import { Counter, type Registry } from 'prom-client'
import type { CommitEvent, StreamEvent } from '../atproto/event.ts'

type Operations = Record<CommitEvent['op'], number>

const OTHER_KINDS = ['identity', 'account', 'sync'] as const satisfies readonly StreamEvent['kind'][]

/** Counts the events that the stream brings. */
export class Arrivals {
  readonly #events: Counter<'kind' | 'collection' | 'op'>

  constructor(registry: Registry) {
    this.#events = new Counter({
      name: 'bsky_rpg_stream_events_total',
      help: 'Events received, by kind; commits by collection and operation, too',
      labelNames: ['kind', 'collection', 'op'],
      registers: [registry],
    })
    // Where nothing that arrives can be read, the share of what cannot is known all the same.
    for (const kind of OTHER_KINDS) this.#events.inc({ kind, collection: '', op: '' }, 0)
  }

  /** Counts a delivery. Only followed collections are in it, so there are as many labels as the settings name. */
  count(events: readonly StreamEvent[]): void {
    const commits = new Map<string, Operations>()
    const others = { identity: 0, account: 0, sync: 0 }
    for (const event of events) {
      if (event.kind !== 'commit') {
        others[event.kind] += 1
        continue
      }
      commits.getOrInsertComputed(event.collection, noOperations)[event.op] += 1
    }
    for (const [collection, ops] of commits) {
      for (const [op, n] of Object.entries(ops)) {
        if (n > 0) this.#events.inc({ kind: 'commit', collection, op }, n)
      }
    }
    for (const [kind, n] of Object.entries(others)) {
      if (n > 0) this.#events.inc({ kind, collection: '', op: '' }, n)
    }
  }
}

function noOperations(): Operations {
  return { create: 0, update: 0, delete: 0 }
}
