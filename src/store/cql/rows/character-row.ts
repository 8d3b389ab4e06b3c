import type { Did, Handle, Nsid, Tid } from '../../../atproto/event.ts'
import type { Profile } from '../../../atproto/profile.ts'
import { byReason, type DayTally, sumOf } from '../../../game/days.ts'
import { leveling } from '../../../game/levels.ts'
import type { PersonQuestion } from '../../../game/question.ts'
import { type ActorState, unknownActor } from '../../../game/state.ts'
import type { Seconds } from '../../../game/time.ts'
import { liveCounts } from '../../live-counts.ts'
import type { Character, ImportStatus } from '../../store.ts'
import { readVisibility, visibilityOf } from '../../visibility.ts'
import type { Row } from '../driver/paging.ts'
import { millisOf, numberOf, textOf } from '../driver/values.ts'
import { readCounts, writeCounts } from './day-row.ts'
import { type Mutation, rowMutation, type Value } from './mutations.ts'

/** What a character's row says of one collection. */
export type Kind = {
  live: number
  /** Numbers of the newest and the oldest event that is kept; no events where the first is greater. */
  lastSeq: number
  firstSeq: number
  /** The greatest TID among the keys: a greater one is new for sure, and need not be looked up. */
  greatest: Tid | undefined
}

/** One row of `characters`, as its owner caches it. */
export type StoredCharacter = {
  state: ActorState
  kinds: Map<Nsid, Kind>
  /** Rows of `records`, tombstones included. */
  records: number
  lastSeq: number
  firstSeq: number
  profile: Profile | undefined
  /** The version of the rules by which the person was last awarded; 0 where an older program wrote the row. */
  rules: number
  /** The questions about this person that are open. */
  open: OpenQuestions
}

export type OpenQuestion = { due: Seconds; number: number; tries: number }

export type OpenQuestions = { readonly [Kind in PersonQuestion['kind']]?: OpenQuestion | undefined }

type KindField = { live: unknown; last_seq: unknown; first_seq: unknown; greatest: string | null }

/** A person who has no row yet. */
export function nobody(did: Did): StoredCharacter {
  return {
    state: unknownActor(did),
    kinds: new Map(),
    records: 0,
    lastSeq: 0,
    firstSeq: 1,
    profile: undefined,
    rules: 0,
    open: {},
  }
}

export function noKind(): Kind {
  return { live: 0, lastSeq: 0, firstSeq: 1, greatest: undefined }
}

/** Reads a whole row of `characters`. */
export function readStoredCharacter(row: Row): StoredCharacter {
  const kinds = readKinds(row.kinds)
  return {
    state: {
      did: row.did as Did,
      ...readVisibility(Number(row.standing)),
      statusTime: numberOf(row.status_time),
      purgedTime: purgedTime(row),
      experience: numberOf(row.experience),
      lastDelta: numberOf(row.last_delta),
      updatedAt: millisOf(row.updated_at) * 1000,
      periods: {
        day: numberOf(row.period_day),
        week: numberOf(row.week_experience),
        month: numberOf(row.month_experience),
      },
      running: readRunning(row),
      earlier: readCounts(row.earlier_counts),
      described: numberOf(row.described),
      counts: liveCounts(kinds),
      rev: textOf<Tid>(row.rev),
      floor: textOf<Tid>(row.floor),
      head: textOf<Tid>(row.head),
      profileRev: textOf<Tid>(row.profile_rev),
      namedAt: numberOf(row.named_at),
      handle: textOf<Handle>(row.stream_handle),
    },
    kinds,
    records: numberOf(row.records),
    lastSeq: numberOf(row.last_seq),
    firstSeq: numberOf(row.first_seq),
    profile: readProfile(row),
    rules: numberOf(row.rules),
    open: readOpen(textOf(row.open_questions)),
  }
}

/** The columns of `characters` that `readCharacter` reads, and `standing`, which says whether the person is shown. */
export const SHOWN_COLUMNS =
  'did, standing, handle, display_name, avatar, asked, experience, last_delta, kinds, updated_at, version, running_counts, earlier_counts'

/** Reads the public part of a character. */
export function readCharacter(row: Row): Character {
  return {
    did: row.did as Did,
    profile: readProfile(row),
    experience: numberOf(row.experience),
    lastDelta: numberOf(row.last_delta),
    counts: liveCounts(readKinds(row.kinds)),
    tally: byReason(sumOf(readCounts(row.earlier_counts), readCounts(row.running_counts))),
    updatedAt: millisOf(row.updated_at) * 1000,
    version: numberOf(row.version).toString(36),
  }
}

/** The columns of `characters` that `readRunning` reads. */
export const RUNNING_COLUMNS = 'running_day, running_experience, running_claimed, running_counts'

/** Reads the tally of the running day. */
export function readRunning(row: Row): DayTally {
  return {
    day: numberOf(row.running_day),
    experience: numberOf(row.running_experience),
    claimed: numberOf(row.running_claimed),
    counts: readCounts(row.running_counts),
  }
}

/** Writes the whole row, as of the batch whose time is `version`. */
export function characterMutation(character: StoredCharacter, version: number): Mutation {
  const { state, kinds, records, lastSeq, firstSeq, profile, open, rules } = character
  const fields: Record<string, Value> = {}
  for (const [nsid, { live, lastSeq: last, firstSeq: first, greatest }] of kinds) {
    fields[nsid] = { live, last_seq: last, first_seq: first, greatest: greatest ?? null }
  }
  return rowMutation('character', {
    did: state.did,
    leveling: levelingField(state.experience, state.lastDelta),
    experience: state.experience,
    last_delta: state.lastDelta,
    updated_at: state.updatedAt / 1000,
    period_day: state.periods.day,
    week_experience: state.periods.week,
    month_experience: state.periods.month,
    standing: visibilityOf(state),
    status_time: state.statusTime,
    rev: state.rev ?? null,
    floor: state.floor ?? null,
    capped: null,
    kinds: fields,
    records,
    last_seq: lastSeq,
    first_seq: firstSeq,
    handle: profile?.handle ?? null,
    display_name: profile?.displayName ?? null,
    avatar: profile?.avatar ?? null,
    asked: profile?.asked ?? null,
    version,
    purged_time: state.purgedTime ?? null,
    open_questions: writeOpen(open),
    profile_rev: state.profileRev ?? null,
    named_at: state.namedAt,
    stream_handle: state.handle ?? null,
    running_day: state.running.day,
    running_experience: state.running.experience,
    running_claimed: state.running.claimed,
    running_counts: writeCounts(state.running.counts),
    earlier_counts: writeCounts(state.earlier),
    described: state.described,
    head: state.head ?? null,
    rules,
  })
}

/** Rows that are older than the column: a deleted person was purged when they were deleted, and others do not need it. */
function purgedTime({ purged_time, status_time, standing }: Row): number | undefined {
  if (purged_time !== null && purged_time !== undefined) return numberOf(purged_time)
  return readVisibility(Number(standing)).status === 'deleted' ? numberOf(status_time) : undefined
}

/** The type `leveling`, after an event of `delta` XP. */
export function levelingField(experience: number, delta: number): Value {
  const { level, experienceToNextLevel, levelsGained, progressPercentage } = leveling(experience, delta)
  return {
    level,
    experience,
    experience_to_next_level: experienceToNextLevel,
    levels_gained: levelsGained,
    progress_percentage: progressPercentage,
  }
}

export function readKinds(value: unknown): Map<Nsid, Kind> {
  const kinds = new Map<Nsid, Kind>()
  for (const [nsid, kind] of Object.entries((value ?? {}) as Record<string, KindField>)) {
    kinds.set(nsid as Nsid, {
      live: numberOf(kind.live),
      lastSeq: numberOf(kind.last_seq),
      firstSeq: numberOf(kind.first_seq),
      greatest: textOf<Tid>(kind.greatest),
    })
  }
  return kinds
}

function readProfile(row: Row): Profile | undefined {
  if (row.asked === null || row.asked === undefined) return undefined
  return {
    handle: textOf<Handle>(row.handle),
    displayName: textOf(row.display_name),
    avatar: textOf(row.avatar),
    asked: numberOf(row.asked),
  }
}

function writeOpen(open: OpenQuestions): string | null {
  const kinds = Object.entries(open).filter(([, question]) => question !== undefined)
  return kinds.length === 0 ? null : JSON.stringify(Object.fromEntries(kinds))
}

/** The columns of `characters` that `readImportStatus` reads. */
export const IMPORT_COLUMNS = 'standing, head, kinds, experience, open_questions'

export function readImportStatus(row: Row): ImportStatus {
  const { import: open } = readOpen(textOf(row.open_questions))
  const counts = liveCounts(readKinds(row.kinds))
  return {
    isOpen: open !== undefined,
    tries: open?.tries ?? 0,
    head: textOf<Tid>(row.head),
    records: counts.values().reduce((sum, n) => sum + n, 0),
    experience: numberOf(row.experience),
  }
}

function readOpen(text: string | undefined): OpenQuestions {
  return text === undefined ? {} : (JSON.parse(text) as OpenQuestions)
}
