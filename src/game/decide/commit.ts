import type { CommitEvent, Micros } from '../../atproto/event.ts'
import { isObject, type JsonObject } from '../../atproto/json.ts'
import { PROFILE } from '../../atproto/profile.ts'
import { type RecordId, uriOf } from '../../atproto/uri.ts'
import type { Game } from '../game.ts'
import type { Facts } from '../rules/rule.ts'
import type { ActorChange, ActorState, Outcome, RecordState } from '../state.ts'
import { secondsOf } from '../time.ts'
import { earn } from './caps.ts'
import { type Draft, latest } from './draft.ts'

/** A record was created, updated or deleted. */
export function decideCommit(game: Game, draft: Draft, commit: CommitEvent): Outcome {
  const actor = draft.actor(commit.did)
  if (actor?.forgotten) return 'forgotten'
  if (actor?.floor !== undefined && commit.rev <= actor.floor) return 'repeated'
  const noted = commit.collection === PROFILE ? noteProfile(draft, commit, actor) : 'unfollowed'
  if (!game.followed.has(commit.collection)) return noted

  const before = draft.record(commit)
  if (before !== undefined && commit.rev <= before.rev) return 'repeated'
  const change = draft.change(commit.did)
  // Only the stream moves this on: a repository that was fetched is ahead of it, and what the stream brings still counts.
  change.actor.rev = latest(change.actor.rev, commit.rev)
  if (commit.op === 'delete') {
    remove(game, draft, change, commit, before)
    return 'applied'
  }
  return write(game, draft, change, commit, before)
}

/** Where a record's removal comes from: the stream, or a repository that no longer holds it. */
export type Removal = RecordId & { rev: string; at: Micros }

/**
 * Leaves a tombstone, and takes back exactly what the record had earned. It stays a record of the day on which it was first
 * witnessed, and of what it showed then, for caps; whom it named goes.
 */
export function remove(
  game: Game,
  draft: Draft,
  change: ActorChange,
  { did, collection, rkey, rev, at }: Removal,
  before: RecordState | undefined,
  cause: 'delete' | 'sync' = 'delete',
): void {
  const id = { did, collection, rkey }
  const facts = before?.facts && { media: before.facts.media, subject: undefined }
  draft.put(change, id, { rev, live: false, xp: 0, facts, at: before?.at ?? secondsOf(at), capped: false })
  if (!before?.live) return
  const { reason } = game.rules.award(collection, before.facts)
  // Not `-before.xp`, which is -0 where nothing was earned, and comes back as 0 from where it is kept.
  draft.enter(change, id, { at, cause, reason, delta: 0 - before.xp })
}

function write(
  game: Game,
  draft: Draft,
  change: ActorChange,
  commit: CommitEvent,
  before: RecordState | undefined,
): Outcome {
  const { did, collection, rkey, rev, at } = commit
  const id = { did, collection, rkey }
  const held = before?.live ? before : undefined
  const read = isObject(commit.record) ? game.rules.assess(collection, commit.record) : undefined
  const facts = read && settleSubject(draft, read, held?.facts)
  const { reason, xp: worth } = game.rules.award(collection, facts)
  const witnessed = held?.at ?? secondsOf(at)
  const earning = { collection, at: witnessed, worth, held: held?.xp ?? 0 }
  const xp = earn(draft, change, game.rules.caps[collection], earning)

  draft.put(change, id, { rev, live: true, xp, facts, at: witnessed, capped: xp < worth })
  if (facts?.subject !== undefined && facts.media === undefined) {
    draft.ask(change, { kind: 'subject', ...id, rev, subject: facts.subject })
  }
  const delta = xp - (held?.xp ?? 0)
  // A repository that is sent anew (v2's resync) repeats what we hold as creates: no news, no entry.
  if (held === undefined || delta !== 0 || commit.op === 'update') {
    draft.enter(change, id, { at, cause: held === undefined ? 'create' : 'update', reason, delta })
  }
  return facts === undefined ? 'unreadable' : 'applied'
}

/** Finds out what a subject shows where we can tell: from before, or from our own records. */
function settleSubject(draft: Draft, facts: Facts, before: Facts | undefined): Facts {
  const { subject, media } = facts
  if (subject === undefined || media !== undefined) return facts
  // The person asked not to be named here, by anybody.
  if (draft.actor(subject.did)?.forgotten) return { media: 'text', subject: undefined }
  if (before?.subject !== undefined && uriOf(before.subject) === uriOf(subject)) {
    return { media: before.media, subject }
  }
  const own = draft.record(subject)
  return own?.live ? { media: own.facts?.media ?? 'text', subject } : facts
}

/**
 * A profile's own labels count at once, and until there is a newer record; the rest of it is asked of the AppView. Of
 * people who have done nothing yet it is noted that they do not want to be shown, and no more.
 */
function noteProfile(
  draft: Draft,
  { did, rkey, rev, record }: CommitEvent,
  actor: Readonly<ActorState> | undefined,
): Outcome {
  const optedOut = isObject(record) && hidesItself(record)
  if (rkey !== 'self' || !(actor?.born || actor?.profileRev !== undefined || optedOut)) return 'unfollowed'
  if (actor?.profileRev !== undefined && rev <= actor.profileRev) return 'repeated'
  const change = draft.change(did)
  change.actor.profileRev = rev
  change.actor.optedOut = optedOut
  change.actor.introduced = true
  if (change.actor.born) draft.ask(change, { kind: 'profile', did, ifOpen: 'restart' })
  return 'applied'
}

function hidesItself({ labels }: JsonObject): boolean {
  return (
    isObject(labels) &&
    Array.isArray(labels.values) &&
    labels.values.some((label: unknown) => isObject(label) && label.val === '!no-unauthenticated')
  )
}
