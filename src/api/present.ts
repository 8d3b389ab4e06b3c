import type { Static } from 'typebox'
import { uriOf } from '../atproto/uri.ts'
import { attributesOf, deedsOf } from '../game/attributes.ts'
import { BASELINE } from '../game/baseline.ts'
import { broughtBy } from '../game/imports.ts'
import { leveling } from '../game/levels.ts'
import { type Rulebook, TRACKED, UNREADABLE } from '../game/rulebook.ts'
import type { LedgerEvent } from '../game/state.ts'
import { iso } from '../game/time.ts'
import type { Character } from '../store/store.ts'
import type { Ranks } from './ranks.ts'
import type * as schemas from './schemas.ts'

const CREATED: Readonly<Record<string, string>> = {
  [TRACKED]: 'tracked: no XP',
  [UNREADABLE]: 'not a valid record of its collection: no XP',
}

/** Turns what the store returns into what the API returns. */
export class Presenter {
  readonly #rules: Rulebook
  readonly #ranks: Ranks

  constructor({ rules, ranks }: { rules: Rulebook; ranks: Ranks }) {
    this.#rules = rules
    this.#ranks = ranks
  }

  character(character: Character): Static<typeof schemas.Character> {
    const { did, profile, experience, lastDelta, counts, tally, updatedAt } = character
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
      tally: Object.fromEntries(tally),
      attributes: attributesOf(deedsOf(tally)),
      updatedAt: iso(updatedAt),
    }
  }

  /** `character` as JSON, put together by hand because most requests ask for it. */
  characterText({ did, profile, experience, lastDelta, counts, tally, updatedAt }: Character): string {
    const state = leveling(experience, lastDelta)
    const rank = this.#ranks.of(experience)
    const { voice, clarity, warmth, echo } = attributesOf(deedsOf(tally))
    // DIDs, handles, collections and reasons have no characters that JSON would escape.
    return `{"did":"${did}","handle":${profile?.handle === undefined ? 'null' : `"${profile.handle}"`},\
"displayName":${text(profile?.displayName)},"avatar":${text(profile?.avatar)},\
"title":${text(this.#rules.title(state.level))},"leveling":{"level":${state.level},\
"experience":${state.experience},"experienceToNextLevel":${state.experienceToNextLevel},\
"levelsGained":${state.levelsGained},"progressPercentage":${state.progressPercentage}},\
"rank":${rank === null ? 'null' : `{"position":${rank.position},"of":${rank.of},"behind":${rank.behind},"asOf":"${rank.asOf}"}`},\
"counts":{${fields(counts)}},"tally":{${fields(tally)}},\
"attributes":{"voice":${voice},"clarity":${clarity},"warmth":${warmth},"echo":${echo}},"updatedAt":"${iso(updatedAt)}"}`
  }

  event(event: LedgerEvent): Static<typeof schemas.LedgerEvent> {
    const { cause, reason, delta, experience, rules } = event
    return {
      uri: uriOf(event),
      type: event.collection,
      cause,
      reason,
      note: noteOf(event),
      delta,
      at: iso(event.at),
      rules,
      leveling: leveling(experience, delta),
    }
  }
}

function fields(counts: ReadonlyMap<string, number>): string {
  let all = ''
  for (const [name, n] of counts) all += `${all === '' ? '' : ','}"${name}":${n}`
  return all
}

function text(value: string | undefined): string {
  return value === undefined ? 'null' : JSON.stringify(value)
}

/** What happened, in words; a loss of XP says why. */
function noteOf(event: LedgerEvent): string {
  const { cause, reason } = event
  switch (cause) {
    case 'create':
      return CREATED[reason] ?? `counts as ${reason}`
    case 'update':
      return `edited: counts as ${reason} now`
    case 'delete':
      return `deleted: had counted as ${reason}`
    case 'subject':
      return `what the reposted post shows became known: counts as ${reason}`
    case 'sync':
      return `no longer in the repository, which was replaced: had counted as ${reason}`
    case 'baseline':
      return 'posts from before this server, approximately'
    case 'import':
      return importNote(event)
    case 'recompute':
      return `the rules have changed: counts as ${reason} now`
  }
}

function importNote(event: LedgerEvent): string {
  const brought = broughtBy(event)
  if (brought !== undefined)
    return `the history was imported: ${brought.records} records, ${brought.experience} XP`
  return event.collection === BASELINE
    ? 'the imported posts take the place of these'
    : `found in the imported history: counts as ${event.reason}`
}
