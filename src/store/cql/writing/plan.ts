// Turns the game's decision about one person into mutations: that person's rows, numbered on from the earlier ones.
import { isTid } from '@atcute/lexicons/syntax'
import type { Nsid } from '../../../atproto/event.ts'
import { type ActorChange, type ActorState, pathOf, type RecordPath } from '../../../game/state.ts'
import { dayOf, secondsOf } from '../../../game/time.ts'
import { allRecordBuckets, eventBuckets, recordBucket } from '../rows/buckets.ts'
import { type Kind, noKind, type StoredCharacter } from '../rows/character-row.ts'
import { dayMutation } from '../rows/day-row.ts'
import { eventMutations } from '../rows/event-row.ts'
import { rowMutation } from '../rows/mutations.ts'
import { recordMutations, type StoredRecord } from '../rows/record-row.ts'
import type { BatchPlan } from './batch-plan.ts'
import { mentionKey, named } from './mentions.ts'
import { dropQuestions, planQuestions } from './plan-questions.ts'

export type Before = {
  character: StoredCharacter
  /** The stored state of each record that is changed; records that are not in it are new. */
  records: ReadonlyMap<RecordPath, StoredRecord>
  /** The version of the rules by which the change was decided. */
  rules: number
}

/** Puts the changes of one person into `plan`. */
export function planActor(plan: BatchPlan, change: ActorChange, { character, records, rules }: Before): void {
  const { totals, counts } = plan
  const before = character.state
  const after = change.purge ? purged(plan, character) : { ...character, kinds: copyOf(character.kinds) }
  planRecords(plan, change, after, records)
  planGrants(plan, change)
  for (const [day, tally] of change.days) plan.mutations.push(dayMutation(before.did, day, tally))
  planEvents(plan, change, after, before)
  for (const [nsid, kind] of after.kinds) kind.live = change.actor.counts.get(nsid) ?? 0
  after.state = change.actor
  after.rules = rules
  if (change.profile !== undefined) after.profile = change.profile ?? undefined
  // Another person has the handle now, and is found by it.
  if (change.unnamed !== undefined && after.profile?.handle === change.unnamed) {
    after.profile = { ...after.profile, handle: undefined }
  }
  planQuestions(plan, change, after)
  totals.move(before, change)
  plan.changed.set(before.did, after)
  const delta = change.actor.experience - before.experience
  if (delta !== 0) counts.push({ did: before.did, delta })
}

function planRecords(
  { totals, mutations }: BatchPlan,
  { records, actor }: ActorChange,
  character: StoredCharacter,
  known: ReadonlyMap<RecordPath, StoredRecord>,
): void {
  for (const { id, state, created } of records.values()) {
    const before = created ? undefined : known.get(pathOf(id))
    const bucket = before?.bucket ?? recordBucket(id.rkey, character.records)
    mutations.push(...recordMutations(id, bucket, { before: before?.state, state }))
    const kind = kindOf(character, id.collection)
    if (created) {
      character.records += 1
      totals.countRecords(1)
      if (isTid(id.rkey) && (kind.greatest === undefined || id.rkey > kind.greatest)) kind.greatest = id.rkey
    }
    const [former, now] = [named(actor.did, before?.state), named(actor.did, state)]
    if (former === now) continue
    if (former !== undefined) mutations.push(['dropMention', ...mentionKey(former, id)])
    if (now !== undefined) mutations.push(['mention', ...mentionKey(now, id)])
  }
}

function planGrants({ mutations }: BatchPlan, { actor: { did }, granted }: ActorChange): void {
  for (const [day, xp] of granted) {
    if (xp.size === 0) mutations.push(['dropGrant', did, day])
    else mutations.push(rowMutation('grant', { did, day, granted: Object.fromEntries(xp) }))
  }
}

function planEvents(
  { totals, mutations }: BatchPlan,
  { events, actor }: ActorChange,
  character: StoredCharacter,
  before: ActorState,
): void {
  let lastDay = character.lastSeq < character.firstSeq ? undefined : dayOf(secondsOf(before.updatedAt))
  for (const event of events) {
    const kind = kindOf(character, event.collection)
    character.lastSeq += 1
    kind.lastSeq += 1
    mutations.push(...eventMutations(event, character.lastSeq, kind.lastSeq))
    const day = dayOf(secondsOf(event.at))
    if (day !== lastDay) mutations.push(rowMutation('eventDay', { shard: totals.shard, day, did: actor.did }))
    lastDay = day
    totals.noteDay(day)
  }
  if (events.length > 0) totals.countEvents(events.length)
}

/** Drops all rows of a person; numbers begin anew, under later times than the dropped rows have. */
function purged(plan: BatchPlan, character: StoredCharacter): StoredCharacter {
  const { totals, mutations } = plan
  const { did } = character.state
  dropQuestions(plan, character)
  mutations.push(['dropGrants', did], ['dropDays', did])
  for (const bucket of allRecordBuckets(character.records)) mutations.push(['dropRecords', did, bucket])
  for (const bucket of eventBuckets(character)) mutations.push(['dropEvents', did, bucket])
  for (const [nsid, kind] of character.kinds) {
    for (const bucket of eventBuckets(kind)) mutations.push(['dropEventsByType', did, nsid, bucket])
  }
  totals.countRecords(-character.records)
  totals.countEvents(-(character.lastSeq - character.firstSeq + 1))
  return { ...character, kinds: new Map(), records: 0, lastSeq: 0, firstSeq: 1, profile: undefined, open: {} }
}

function kindOf(character: StoredCharacter, nsid: Nsid): Kind {
  return character.kinds.getOrInsertComputed(nsid, noKind)
}

function copyOf(kinds: ReadonlyMap<Nsid, Kind>): Map<Nsid, Kind> {
  return new Map([...kinds].map(([nsid, kind]) => [nsid, { ...kind }]))
}
