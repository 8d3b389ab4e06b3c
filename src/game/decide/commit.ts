import type { CommitEvent, Micros, Tid } from '../../atproto/event.ts'
import { isObject } from '../../atproto/json.ts'
import { hidesItself, PROFILE } from '../../atproto/profile.ts'
import { type RecordId, uriOf } from '../../atproto/uri.ts'
import type { Game } from '../game.ts'
import type { Facts } from '../rules/rule.ts'
import { type ActorChange, type ActorState, isErased, type Outcome, type RecordState } from '../state.ts'
import { secondsOf } from '../time.ts'
import { earn } from './caps.ts'
import { type Draft, latest } from './draft.ts'

/** A record was created, updated or deleted. */
export function decideCommit(game: Game, draft: Draft, commit: CommitEvent): Outcome {
  const actor = draft.actor(commit.did)
  if (actor !== undefined && isErased(actor)) return 'forgotten'
  if (actor?.floor !== undefined && commit.rev <= actor.floor) return 'repeated'
  const noted = commit.collection === PROFILE ? noteProfile(draft, commit, actor) : 'unfollowed'
  if (!game.followed.has(commit.collection)) return noted

  if (commit.op !== 'delete' && actor?.head !== undefined && commit.rev <= actor.head) return 'repeated'
  const before = draft.record(commit)
  const isRepeated = before !== undefined && commit.rev <= before.rev
  if (isRepeated && actor?.rev !== undefined && commit.rev <= actor.rev) return 'repeated'
  const change = draft.change(commit.did)
  // Only the stream advances `rev`: a fetched repository is ahead of it, and commits in between still have to count. Of those
  // that it had, too, this alone remains, so that a replay brings none of them back once the person is purged.
  change.actor.rev = latest(change.actor.rev, commit.rev)
  if (isRepeated) return 'repeated'
  if (commit.op === 'delete') {
    remove(draft, change, commit, before)
    return 'applied'
  }
  return write(draft, change, commit, before)
}

/** Where a record's removal comes from: the stream, or a repository that no longer holds it. */
export type Removal = RecordId & { rev: string; at: Micros }

/**
 * Turns a record into a tombstone and takes back exactly the XP that it had earned. The tombstone keeps its first witness
 * time and its facts, by which caps are recomputed, but for its subject.
 */
export function remove(
  draft: Draft,
  change: ActorChange,
  { did, collection, rkey, rev, at }: Removal,
  before: RecordState | undefined,
  cause: 'delete' | 'sync' = 'delete',
): void {
  const id = { did, collection, rkey }
  const facts = before?.facts && { ...before.facts, subject: undefined }
  const [witnessed, claimed] = [before?.at ?? secondsOf(at), before?.claimed]
  draft.put(change, id, { rev, live: false, xp: 0, facts, at: witnessed, capped: false, claimed })
  if (!before?.live) return
  const { reason } = draft.rulesOf(did).award(collection, before.facts)
  // Not `-before.xp`: that is -0 where nothing was earned, and a store returns it as 0.
  draft.enter(change, id, { at, cause, reason, delta: 0 - before.xp })
}

function write(
  draft: Draft,
  change: ActorChange,
  commit: CommitEvent,
  before: RecordState | undefined,
): Outcome {
  const { did, collection, rkey, rev, at } = commit
  const id = { did, collection, rkey }
  const current = before?.live ? before : undefined
  const rules = draft.rulesOf(did)
  const read = isObject(commit.record) ? rules.assess(collection, commit.record) : undefined
  const facts = read && settleSubject(draft, read, current?.facts)
  const claimed = current?.claimed
  const { reason, delta } = store(draft, change, { id, rev, at, facts, claimed }, current)
  // A resync (v2) repeats records that we know as creates; those that change nothing get no entry.
  if (current === undefined || delta !== 0 || commit.op === 'update') {
    draft.enter(change, id, { at, cause: current === undefined ? 'create' : 'update', reason, delta })
  }
  return facts === undefined ? 'unreadable' : 'applied'
}

/** A record as it was written at `rev`. `claimed` is where it counts if it was not witnessed; see `RecordState.claimed`. */
export type Written = { id: RecordId; rev: Tid; at: Micros; facts: Facts | undefined } & Pick<
  RecordState,
  'claimed'
>

/**
 * Stores a record that was written, over the live one that is `current`; asks for its subject's media where they are not known.
 * @returns why it earns what, and by how much that differs from before
 */
export function store(
  draft: Draft,
  change: ActorChange,
  { id, rev, at, facts, claimed }: Written,
  current: RecordState | undefined,
): { reason: string; delta: number } {
  const { collection } = id
  const rules = draft.rulesOf(id.did)
  const { reason, xp: worth } = rules.award(collection, facts)
  const witnessed = current?.at ?? secondsOf(at)
  const earning = { collection, at: witnessed, worth, current: current?.xp ?? 0, claimed }
  const xp = earn(draft, change, rules.caps[collection], earning)
  draft.put(change, id, { rev, live: true, xp, facts, at: witnessed, capped: xp < worth, claimed })
  askSubject(draft, change, id, { rev, facts })
  return { reason, delta: xp - (current?.xp ?? 0) }
}

/** Asks for the media of the post that a record names, unless they are known. */
export function askSubject(
  draft: Draft,
  change: ActorChange,
  id: RecordId,
  { rev, facts }: Pick<RecordState, 'rev' | 'facts'>,
): void {
  if (facts?.subject === undefined || facts.media !== undefined) return
  draft.ask(change, { kind: 'subject', ...id, rev, subject: facts.subject })
}

/** Fills in the subject's media where we know them: from the record's earlier facts, or from our own copy of the subject. */
export function settleSubject(draft: Draft, facts: Facts, before: Facts | undefined): Facts {
  const { subject, media } = facts
  if (subject === undefined || media !== undefined) return facts
  const named = draft.actor(subject.did)
  if (named !== undefined && isErased(named)) return { ...facts, media: 'text', subject: undefined }
  if (before?.subject !== undefined && uriOf(before.subject) === uriOf(subject)) {
    return { ...facts, media: before.media }
  }
  const post = draft.record(subject)
  return post?.live ? { ...facts, media: post.facts?.media ?? 'text' } : facts
}

/**
 * Takes the opt-out from the labels of a person's own profile record; the rest of the profile comes from the AppView. Of
 * people who are no characters yet only an opt-out is stored.
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
