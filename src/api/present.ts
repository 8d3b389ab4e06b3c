import type { Static } from 'typebox'
import type { Micros } from '../atproto/event.ts'
import { uriOf } from '../atproto/uri.ts'
import { leveling } from '../game/levels.ts'
import type { Rulebook } from '../game/rulebook.ts'
import type { LedgerEvent } from '../game/state.ts'
import type { Character } from '../store/store.ts'
import type { Ranks } from './ranks.ts'
import type * as schemas from './schemas.ts'

/** From what the store holds to what the API says. */
export class Presenter {
  readonly #rules: Rulebook
  readonly #ranks: Ranks

  constructor({ rules, ranks }: { rules: Rulebook; ranks: Ranks }) {
    this.#rules = rules
    this.#ranks = ranks
  }

  character(character: Character): Static<typeof schemas.Character> {
    const { did, profile, experience, lastDelta, counts, updatedAt } = character
    const state = leveling(experience, lastDelta)
    return {
      did,
      handle: profile?.handle ?? null,
      displayName: profile?.displayName ?? null,
      avatar: profile?.avatar ?? null,
      title: this.#rules.title(state.level),
      leveling: state,
      rank: this.#ranks.of(experience),
      counts: Object.fromEntries(counts),
      updatedAt: iso(updatedAt),
    }
  }

  event(event: LedgerEvent): Static<typeof schemas.LedgerEvent> {
    const { cause, reason, delta, experience } = event
    return {
      uri: uriOf(event),
      type: event.collection,
      cause,
      reason,
      note: noteOf(event),
      delta,
      at: iso(event.at),
      leveling: leveling(experience, delta),
    }
  }
}

export function iso(at: Micros): string {
  return new Date(at / 1000).toISOString()
}

/** What happened, for people. What went down says why. */
function noteOf({ cause, reason, delta }: LedgerEvent): string {
  const amount = `${delta > 0 ? '+' : ''}${delta} XP`
  switch (cause) {
    case 'create':
      return `${amount} for ${reason}`
    case 'update':
      return `${amount} because the record was edited; it counts as ${reason} now`
    case 'delete':
      return `${amount} because the record was deleted; it had counted as ${reason}`
    case 'subject':
      return `${amount} because what the reposted post shows became known; it counts as ${reason} now`
    case 'sync':
      return `${amount} because the record is gone from the repository, which was replaced; it had counted as ${reason}`
    case 'baseline':
      return `${amount}, approximately, for posts from before this server`
    case 'recompute':
      return `${amount} because the rules have changed; it counts as ${reason} now`
  }
}
