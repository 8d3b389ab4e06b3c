// The import of a repository, piece by piece; see `Import`.
import { isTid, type Tid } from '@atcute/lexicons/syntax'
import { parse } from '@atcute/tid'
import { type RecordId, uriOf } from '../../atproto/uri.ts'
import { baselineOf } from '../baseline.ts'
import type { Game } from '../game.ts'
import { IMPORTED, importOf } from '../imports.ts'
import type { Import, ImportedRecord } from '../operation.ts'
import { post } from '../rules/post.ts'
import type { Facts } from '../rules/rule.ts'
import { type ActorChange, type ActorState, isImportable, type Outcome, type RecordState } from '../state.ts'
import { type Day, dayOf, type Seconds, secondsOf } from '../time.ts'
import { askSubject, settleSubject, store } from './commit.ts'
import type { Draft } from './draft.ts'

type Piece<Kind extends Import['kind']> = Extract<Import, { kind: Kind }>

/**
 * Stores records that the repository has at `rev`. One that is stored otherwise, or not, is written as of `rev`; one that is
 * stored alike keeps all it has, and takes that revision, too: so after the last piece, a live record of an older revision is
 * one that the repository lacks.
 */
export function decideImportRecords(game: Game, draft: Draft, piece: Piece<'import-records'>): Outcome {
  const { did, rev, at, since, records } = piece
  const actor = draft.actor(did)
  const refusal = refusalOf(actor, rev)
  if (refusal !== undefined) return refusal
  const baseline = draft.record(baselineOf(did))
  let outcome: Outcome = 'repeated'
  let posts = 0
  for (const record of records) {
    const { collection, rkey, claimed } = record
    if (!game.followed.has(collection)) continue
    const id = { did, collection, rkey }
    const before = draft.record(id)
    if (before !== undefined && before.rev >= rev) continue
    const current = before?.live ? before : undefined
    if (current === undefined && isForgotten(record, actor?.floor)) continue
    if (before === undefined && isFromBefore(record, since)) continue
    const change = draft.change(did)
    const facts = record.facts && settleSubject(draft, record.facts, current?.facts)
    outcome = 'applied'
    if (current !== undefined && isSame(current.facts, facts)) {
      draft.put(change, id, { ...current, rev })
      askSubject(draft, change, id, { rev, facts })
      continue
    }
    // What was witnessed before goes on counting by that, as when the stream brings an update.
    const written = { id, rev, at, facts, claimed: current === undefined ? claimed : current.claimed }
    const { reason, delta } = store(draft, change, written, current)
    if (current === undefined || delta !== 0) draft.enter(change, id, { at, cause: 'import', reason, delta })
    if (current === undefined && collection === post.collection && isCountedBy(baseline, record)) posts += 1
  }
  if (posts > 0) takeFromBaseline(draft, piece, posts * (draft.rulesOf(did).points['post.text'] ?? 0))
  return outcome
}

/** Notes that all records of the repository at `rev` are stored. They take the place of the baseline. */
export function decideImportHead(draft: Draft, piece: Piece<'import-head'>): Outcome {
  const { did, rev } = piece
  const refusal = refusalOf(draft.actor(did), rev)
  if (refusal !== undefined) return refusal
  takeFromBaseline(draft, piece, Number.POSITIVE_INFINITY)
  if (draft.actor(did)?.head === rev) return 'repeated'
  draft.change(did).actor.head = rev
  return 'applied'
}

/** Closes the question, and announces what the import has brought by one entry. */
export function decideImportEnd(draft: Draft, { did, at, question, brought }: Piece<'import-end'>): Outcome {
  const change = draft.change(did)
  if (question !== undefined) change.answered.push(question)
  if (brought === undefined || brought.records === 0) return 'applied'
  if (!change.actor.born || !isImportable(change.actor)) return 'stale'
  const id = importOf(did, brought.rev, brought)
  draft.enter(change, id, { at, cause: 'import', reason: IMPORTED, delta: 0 })
  return 'applied'
}

/** Why nothing of a repository at `rev` is imported; `undefined` where it is. */
function refusalOf(actor: Readonly<ActorState> | undefined, rev: Tid): Outcome | undefined {
  if (actor === undefined) return undefined
  if (!isImportable(actor)) return 'forgotten'
  const isOld =
    (actor.floor !== undefined && rev <= actor.floor) || (actor.head !== undefined && rev < actor.head)
  return isOld ? 'stale' : undefined
}

/**
 * Whether a record is from before its person's `floor`, so that it must not come back. Only its key says when it was made, or
 * what it claims.
 */
function isForgotten({ rkey, claimed }: ImportedRecord, floor: Tid | undefined): boolean {
  if (floor === undefined) return false
  return isTid(rkey) ? rkey <= floor : claimed <= dayOfTid(floor)
}

/** Whether a record was made before `since`; one whose key is no TID may have been made on that day. */
function isFromBefore({ rkey, claimed }: ImportedRecord, since: Tid | undefined): boolean {
  if (since === undefined) return false
  return isTid(rkey) ? rkey <= since : claimed < dayOfTid(since)
}

/** Whether a baseline has counted a post: one that was made before it. */
function isCountedBy(baseline: RecordState | undefined, { rkey, claimed }: ImportedRecord): boolean {
  if (baseline === undefined) return false
  return isTid(rkey) ? secondsOfTid(rkey) <= baseline.at : claimed <= dayOf(baseline.at)
}

function dayOfTid(tid: Tid): Day {
  return dayOf(secondsOfTid(tid))
}

function secondsOfTid(tid: Tid): Seconds {
  return secondsOf(parse(tid).timestamp)
}

function isSame(a: Facts | undefined, b: Facts | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.media === b.media && a.own === b.own && nameOf(a.subject) === nameOf(b.subject)
}

function nameOf(subject: RecordId | undefined): string | undefined {
  return subject && uriOf(subject)
}

/** Takes `experience`, or as much as it has, from the posts of before this server: they have come by themselves. */
function takeFromBaseline(
  draft: Draft,
  { did, at, rev }: Piece<'import-records' | 'import-head'>,
  experience: number,
): void {
  const id = baselineOf(did)
  const before = draft.record(id)
  if (!before?.live) return
  const change: ActorChange = draft.change(did)
  const xp = Math.max(0, before.xp - experience)
  const live = experience !== Number.POSITIVE_INFINITY
  const state: RecordState = { ...before, rev: live ? before.rev : rev, live, xp }
  draft.put(change, id, state)
  // That it is gone is an entry, too: a character does not change without one.
  if (live && xp === before.xp) return
  draft.enter(change, id, { at, cause: 'import', reason: 'baseline.posts', delta: xp - before.xp })
}
