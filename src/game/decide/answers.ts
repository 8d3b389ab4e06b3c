import type { Micros } from '../../atproto/event.ts'
import { baselineOf } from '../baseline.ts'
import type { Game } from '../game.ts'
import type { Absent, Answer, NoAnswer } from '../operation.ts'
import type { AskedQuestion, QuestionId } from '../question.ts'
import { ASLEEP, retryAt } from '../retries.ts'
import { post } from '../rules/post.ts'
import { type Facts, NO_FACTS } from '../rules/rule.ts'
import type { ActorChange, Outcome } from '../state.ts'
import { secondsOf } from '../time.ts'
import { earn } from './caps.ts'
import { remove } from './commit.ts'
import type { Draft } from './draft.ts'

/**
 * Maximum XP for posts from before this server: 200 million posts of 50 XP. A made-up `postsCount` must not bring the
 * ledger's sum near 2^53, beyond which numbers are not exact.
 */
const MAX_BASELINE_XP = 10_000_000_000

/**
 * Where the AppView and the stream give a person different handles, either the AppView is behind or we missed an identity
 * event. Times cannot decide it, since the stream may be read days late. For the first tries (about a minute) the AppView's
 * handle is not shown; after the later number (a day and a half) it is believed and no longer asked for.
 */
const DOUBTED_TRIES = 6
const BELIEVED_AFTER_TRIES = 17

/** An answer, or the lack of one, to a question of this kind. */
type Said<Kind extends Answer['kind']> = Omit<Extract<Answer, { kind: Kind }>, 'kind'>

/**
 * Settles the media of a reposted post, from our own record of it (which may have come since the question) or from the
 * AppView. While neither knows the post, the question is asked again; once it is given up, the post counts as text. Settled
 * media stay, also when the post is edited or deleted later.
 */
export function decideSubject(draft: Draft, answer: Said<'subject-answer'>): Outcome {
  const { did, collection, rkey } = answer
  const id = { did, collection, rkey }
  const change = draft.change(did)
  const before = draft.record(id)
  const known = before?.facts
  const asked = before?.live && before.rev === answer.rev && known?.media === undefined
  if (!asked || known?.subject === undefined) return stale(change, answer)
  const { subject } = known

  const post = draft.record(subject)
  const media = post?.live ? (post.facts?.media ?? 'text') : answer.media
  if (media === undefined) {
    const question = { ...id, kind: 'subject', rev: before.rev, subject } as const
    if (askAgain(change, { ...question, id: answer.question, tries: answer.tries }, answer.at))
      return 'applied'
  } else change.answered.push(answer.question)
  const facts: Facts = { ...known, media: media ?? 'text' }
  const rules = draft.rulesOf(did)
  const { reason, xp: worth } = rules.award(collection, facts)
  const earning = { collection, at: before.at, worth, current: before.xp, claimed: before.claimed }
  const xp = earn(draft, change, rules.caps[collection], earning)
  draft.put(change, id, { ...before, facts, xp, capped: xp < worth })
  if (xp !== before.xp)
    draft.enter(change, id, { at: answer.at, cause: 'subject', reason, delta: xp - before.xp })
  return 'applied'
}

/**
 * Stores a character's profile and, with `BASELINE=posts`, their posts from before this server. Whether they want to be
 * shown is taken from their own profile record, and from the AppView only until we have seen one. The question is asked
 * again where the AppView does not know the person, disagrees with the stream, or gives no handle.
 */
export function decideProfile(game: Game, draft: Draft, answer: Said<'profile-answer'>): Outcome {
  const { did, profile, at } = answer
  const change = draft.change(did)
  const { actor } = change
  if (!actor.born) return stale(change, answer)
  // Without an AppView nothing else would ever introduce them.
  if (game.appview === 'none') actor.introduced = true
  const question = { kind: 'profile', id: answer.question, did, tries: answer.tries } as const
  if (profile === undefined) {
    if (game.appview === 'none') return stale(change, answer)
    return askAgain(change, question, at) ? 'applied' : 'stale'
  }
  actor.introduced = true
  const agrees = actor.profileRev === undefined || actor.optedOut === answer.optedOut
  if (actor.profileRev === undefined) actor.optedOut = answer.optedOut
  if (answer.tries >= BELIEVED_AFTER_TRIES) actor.handle = undefined
  const differs = actor.handle !== undefined && actor.handle !== profile.handle
  const isDoubted = differs && answer.tries < DOUBTED_TRIES
  draft.present(change, isDoubted ? { ...profile, handle: undefined } : profile)
  if (agrees && !differs && profile.handle !== undefined) change.answered.push(answer.question)
  else askAgain(change, question, at)
  return game.baseline === 'posts' ? setBaseline(draft, answer) : 'applied'
}

function setBaseline(draft: Draft, { did, at, postsCount }: Said<'profile-answer'>): Outcome {
  const id = baselineOf(did)
  const change = draft.change(did)
  // Nor after an import, which has brought the posts themselves.
  const { rev, head } = change.actor
  if (draft.record(id) !== undefined || rev === undefined || head !== undefined) return 'applied'
  const livePosts = change.actor.counts.get(post.collection) ?? 0
  const xp = Math.max(0, postsCount - livePosts) * (draft.rulesOf(did).points['post.text'] ?? 0)
  // Only the count is refused: the profile has been stored. The negation catches NaN, too.
  if (!(xp <= MAX_BASELINE_XP)) return 'implausible'
  draft.put(change, id, {
    rev,
    live: true,
    xp,
    facts: NO_FACTS,
    at: secondsOf(at),
    capped: false,
    claimed: undefined,
  })
  draft.enter(change, id, { at, cause: 'baseline', reason: 'baseline.posts', delta: xp })
  return 'applied'
}

/** Removes records that a repository no longer has; keeps those that have been written since. */
export function decideAbsent(draft: Draft, { did, rev, at, records }: Absent): Outcome {
  let outcome: Outcome = 'repeated'
  for (const id of records) {
    const state = draft.record(id)
    if (!state?.live || state.rev > rev) continue
    remove(draft, draft.change(did), { ...id, rev, at }, state, 'sync')
    outcome = 'applied'
  }
  return outcome
}

/** A replaced repository has been read, and what it lacks is removed. */
export function decideRepository(draft: Draft, { did, question }: Said<'repository-answer'>): Outcome {
  draft.change(did).answered.push(question)
  return 'applied'
}

/** The network gave no answer: the question is asked again after a pause, or given up. */
export function decideNoAnswer(game: Game, draft: Draft, { question, did, at }: NoAnswer): Outcome {
  const answer = { question: question.id, tries: question.tries, at }
  switch (question.kind) {
    case 'subject': {
      const { collection, rkey, rev, subject } = question
      const of = { did, collection, rkey, rev, subject }
      return decideSubject(draft, { ...answer, ...of, media: undefined })
    }
    case 'profile': {
      const nothing = { profile: undefined, optedOut: false, postsCount: 0 }
      return decideProfile(game, draft, { ...answer, did, ...nothing })
    }
    case 'repository':
    case 'import':
      return askAgain(draft.change(did), question, at) ? 'applied' : 'stale'
  }
}

function stale(change: ActorChange, { question }: { question: QuestionId }): Outcome {
  change.answered.push(question)
  return 'stale'
}

/**
 * A repository's server refused because the account is not active. Where the stream has said so, too, the question sleeps
 * until the account is active again; else the stream or the server is behind, and the question is asked after a pause.
 */
export function decideInactive(draft: Draft, { question, did, at }: NoAnswer): Outcome {
  const change = draft.change(did)
  if (change.actor.status === 'active') return askAgain(change, question, at) ? 'applied' : 'stale'
  change.postponed.push({ question, due: ASLEEP })
  return 'applied'
}

/** Postpones `question` after a try that ended at `at`; false where it was the last and the question is given up. */
function askAgain(change: ActorChange, question: AskedQuestion, at: Micros): boolean {
  const tries = question.tries + 1
  const due = retryAt(question.kind, tries, at)
  if (due === undefined) change.answered.push(question.id)
  else change.postponed.push({ question: { ...question, tries }, due })
  return due !== undefined
}
