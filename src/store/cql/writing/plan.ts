// From what the game decided about one person to what is written: the rows of that person, numbered on from those before.
import { isTid } from '@atcute/lexicons/syntax'
import type { Nsid } from '../../../atproto/event.ts'
import { type ActorChange, type ActorState, pathOf, type RecordPath } from '../../../game/state.ts'
import { dayOf, secondsOf } from '../../../game/time.ts'
import { allRecordBuckets, eventBuckets, recordBucket } from '../rows/buckets.ts'
import { characterMutation, type Held, type Kind, noKind } from '../rows/character-row.ts'
import { eventMutations } from '../rows/event-row.ts'
import { rowMutation } from '../rows/mutations.ts'
import { type HeldRecord, recordMutation } from '../rows/record-row.ts'
import type { BatchPlan } from './batch-plan.ts'
import { mentionKey, named } from './mentions.ts'
import { dropQuestions, planQuestions } from './plan-questions.ts'

export type Before = {
  held: Held
  /** What is held of each record that is changed; what is not named is new. */
  records: ReadonlyMap<RecordPath, HeldRecord>
}

/**
 * Puts what becomes of one person into `plan`.
 * @returns the person as they are then
 */
export function planActor(plan: BatchPlan, change: ActorChange, { held, records }: Before): Held {
  const { totals, mutations, counts, time } = plan
  const before = held.state
  const after = change.purge ? purged(plan, held) : { ...held, kinds: copyOf(held.kinds) }
  planRecords(plan, change, after, records)
  planGrants(plan, change)
  planEvents(plan, change, after, before)
  for (const [nsid, kind] of after.kinds) kind.live = change.actor.counts.get(nsid) ?? 0
  after.state = change.actor
  if (change.profile !== undefined) after.profile = change.profile ?? undefined
  // Whose it has become has a row of its own under that name.
  if (change.unnamed !== undefined && after.profile?.handle === change.unnamed) {
    after.profile = { ...after.profile, handle: undefined }
  }
  planQuestions(plan, change, after)
  totals.move(before, change.actor)
  mutations.push(characterMutation(after, time))
  const delta = change.actor.experience - before.experience
  if (delta !== 0) counts.push({ did: before.did, delta })
  return after
}

function planRecords(
  { totals, mutations }: BatchPlan,
  { records, actor }: ActorChange,
  held: Held,
  known: ReadonlyMap<RecordPath, HeldRecord>,
): void {
  for (const { id, state, created } of records.values()) {
    const before = created ? undefined : known.get(pathOf(id))
    mutations.push(recordMutation(id, before?.bucket ?? recordBucket(id.rkey, held.records), state))
    const kind = kindOf(held, id.collection)
    if (created) {
      held.records += 1
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
  held: Held,
  before: ActorState,
): void {
  let lastDay = held.lastSeq < held.firstSeq ? undefined : dayOf(secondsOf(before.updatedAt))
  for (const event of events) {
    const kind = kindOf(held, event.collection)
    held.lastSeq += 1
    kind.lastSeq += 1
    mutations.push(...eventMutations(event, held.lastSeq, kind.lastSeq))
    const day = dayOf(secondsOf(event.at))
    if (day !== lastDay) mutations.push(rowMutation('eventDay', { shard: totals.shard, day, did: actor.did }))
    lastDay = day
    totals.noteDay(day)
  }
  if (events.length > 0) totals.countEvents(events.length)
}

/** Everything that was held goes; numbers begin anew, under later times than what went. */
function purged(plan: BatchPlan, held: Held): Held {
  const { totals, mutations } = plan
  const { did } = held.state
  dropQuestions(plan, held)
  mutations.push(['dropGrants', did])
  for (const bucket of allRecordBuckets(held.records)) mutations.push(['dropRecords', did, bucket])
  for (const bucket of eventBuckets(held)) mutations.push(['dropEvents', did, bucket])
  for (const [nsid, kind] of held.kinds) {
    for (const bucket of eventBuckets(kind)) mutations.push(['dropEventsByType', did, nsid, bucket])
  }
  totals.countRecords(-held.records)
  totals.countEvents(-(held.lastSeq - held.firstSeq + 1))
  return { ...held, kinds: new Map(), records: 0, lastSeq: 0, firstSeq: 1, profile: undefined, open: {} }
}

function kindOf(held: Held, nsid: Nsid): Kind {
  return held.kinds.getOrInsertComputed(nsid, noKind)
}

function copyOf(kinds: ReadonlyMap<Nsid, Kind>): Map<Nsid, Kind> {
  return new Map([...kinds].map(([nsid, kind]) => [nsid, { ...kind }]))
}
