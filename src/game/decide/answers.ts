import type { Micros } from '../../atproto/event.ts'
import { baselineOf } from '../baseline.ts'
import type { Game } from '../game.ts'
import type { Answer, NoAnswer } from '../operation.ts'
import { ASLEEP, retryAt } from '../retries.ts'
import { post } from '../rules/post.ts'
import { NO_FACTS } from '../rules/rule.ts'
import { type ActorChange, type AskedQuestion, type Outcome, pathOf, type QuestionId } from '../state.ts'
import { secondsOf } from '../time.ts'
import { earn } from './caps.ts'
import { remove } from './commit.ts'
import type { Draft } from './draft.ts'

/**
 * Most XP that posts from before this server may bring: 200 million posts, each 50 XP. A number that somebody makes up must
 * not bring the sum of a whole ledger near 2^53, from where on numbers are not exact.
 */
const MAX_BASELINE_XP = 10_000_000_000

/**
 * An AppView that knows somebody by another handle than the stream did is behind, or we have missed what the stream said
 * since; times of the stream cannot tell, for it may be read days later. For so many tries, a minute, nobody is called
 * by that handle; after so many, a day and a half, the AppView is not asked any more whether it still says so.
 */
const DOUBTED_TRIES = 6
const BELIEVED_AFTER = 17

/** An answer, or that there was none to a question of the same kind. */
type Said<Kind extends Answer['kind']> = Omit<Extract<Answer, { kind: Kind }>, 'kind'>

/**
 * What a reposted post shows became known: from our own records, which may have come since, or from the AppView. Where
 * neither knows the post yet it is asked for again for a while, and counts as text after that. Once known it stays,
 * whatever becomes of that post.
 */
export function decideSubject(game: Game, draft: Draft, answer: Said<'subject-answer'>): Outcome {
  const { did, collection, rkey } = answer
  const id = { did, collection, rkey }
  const change = draft.change(did)
  const before = draft.record(id)
  const { subject, media: known } = before?.facts ?? {}
  const asked = before?.live && before.rev === answer.rev && known === undefined
  if (!asked || subject === undefined) return stale(change, answer)

  const own = draft.record(subject)
  const media = own?.live ? (own.facts?.media ?? 'text') : answer.media
  if (media === undefined) {
    const question = { ...id, kind: 'subject', rev: before.rev, subject } as const
    if (askAgain(change, { ...question, id: answer.question, tries: answer.tries }, answer.at))
      return 'applied'
  } else change.answered.push(answer.question)
  const facts = { media: media ?? 'text', subject }
  const { reason, xp: worth } = game.rules.award(collection, facts)
  const earning = { collection, at: before.at, worth, held: before.xp }
  const xp = earn(draft, change, game.rules.caps[collection], earning)
  draft.put(change, id, { ...before, facts, xp, capped: xp < worth })
  if (xp !== before.xp)
    draft.enter(change, id, { at: answer.at, cause: 'subject', reason, delta: xp - before.xp })
  return 'applied'
}

/**
 * Who a character is became known; with it, where wished, what they had posted before we came. Whether they want to be
 * shown, their own record says, and the AppView only where we have not seen any. Where it leaves somebody out, is behind
 * what the stream has told, or has no handle, it is asked again.
 */
export function decideProfile(game: Game, draft: Draft, answer: Said<'profile-answer'>): Outcome {
  const { did, profile, at } = answer
  const change = draft.change(did)
  const { actor } = change
  if (!actor.born) return stale(change, answer)
  // Nobody else will ever say it.
  if (game.appview === 'none') actor.introduced = true
  const question = { kind: 'profile', id: answer.question, did, tries: answer.tries } as const
  if (profile === undefined) {
    if (game.appview === 'none') return stale(change, answer)
    return askAgain(change, question, at) ? 'applied' : 'stale'
  }
  actor.introduced = true
  const agrees = actor.profileRev === undefined || actor.optedOut === answer.optedOut
  if (actor.profileRev === undefined) actor.optedOut = answer.optedOut
  if (answer.tries >= BELIEVED_AFTER) actor.handle = undefined
  const differs = actor.handle !== undefined && actor.handle !== profile.handle
  const isDoubted = differs && answer.tries < DOUBTED_TRIES
  draft.present(change, isDoubted ? { ...profile, handle: undefined } : profile)
  if (agrees && !differs && profile.handle !== undefined) change.answered.push(answer.question)
  else askAgain(change, question, at)
  return game.baseline === 'posts' ? setBaseline(game, draft, answer) : 'applied'
}

function setBaseline(
  { rules }: Game,
  draft: Draft,
  { did, at, postsCount }: Said<'profile-answer'>,
): Outcome {
  const id = baselineOf(did)
  const change = draft.change(did)
  if (draft.record(id) !== undefined || change.actor.rev === undefined) return 'applied'
  const held = change.actor.counts.get(post.collection) ?? 0
  const xp = Math.max(0, postsCount - held) * (rules.points['post.text'] ?? 0)
  // The rest of the answer holds.
  if (!(xp <= MAX_BASELINE_XP)) return 'implausible'
  draft.put(change, id, {
    rev: change.actor.rev,
    live: true,
    xp,
    facts: NO_FACTS,
    at: secondsOf(at),
    capped: false,
  })
  draft.enter(change, id, { at, cause: 'baseline', reason: 'baseline.posts', delta: xp })
  return 'applied'
}

/** What a replaced repository no longer holds has gone, unless it is newer than the answer or was not asked about. */
export function decideRepository(
  game: Game,
  draft: Draft,
  answer: Answer & { kind: 'repository-answer' },
): Outcome {
  const { did, rev, at, paths, collections } = answer
  const change = draft.change(did)
  change.answered.push(answer.question)
  for (const [id, state] of draft.records(did)) {
    if (!state.live || state.rev > rev || !collections.has(id.collection) || paths.has(pathOf(id))) continue
    remove(game, draft, change, { ...id, rev, at }, state, 'sync')
  }
  return 'applied'
}

/** Nobody could answer: the question stays open until its pause is over, or is given up. */
export function decideNoAnswer(game: Game, draft: Draft, { question, did, at }: NoAnswer): Outcome {
  const answer = { question: question.id, tries: question.tries, at }
  switch (question.kind) {
    case 'subject': {
      const { collection, rkey, rev, subject } = question
      const of = { did, collection, rkey, rev, subject }
      return decideSubject(game, draft, { ...answer, ...of, media: undefined })
    }
    case 'profile': {
      const nothing = { profile: undefined, optedOut: false, postsCount: 0 }
      return decideProfile(game, draft, { ...answer, did, ...nothing })
    }
    case 'repository':
      return askAgain(draft.change(did), question, at) ? 'applied' : 'stale'
  }
}

function stale(change: ActorChange, { question }: { question: QuestionId }): Outcome {
  change.answered.push(question)
  return 'stale'
}

/**
 * Nobody could answer because the account is not active. As far as we know it is, too, the question sleeps until it is
 * active again; else the stream, or the server, is behind, and a pause will do.
 */
export function decideInactive(draft: Draft, { question, did, at }: NoAnswer): Outcome {
  const change = draft.change(did)
  if (change.actor.status === 'active') return askAgain(change, question, at) ? 'applied' : 'stale'
  change.postponed.push({ question, due: ASLEEP })
  return 'applied'
}

/** Puts `question` off after one more try that ended at `at`; false where that was its last. */
function askAgain(change: ActorChange, question: AskedQuestion, at: Micros): boolean {
  const tries = question.tries + 1
  const due = retryAt(question.kind, tries, at)
  if (due === undefined) change.answered.push(question.id)
  else change.postponed.push({ question: { ...question, tries }, due })
  return due !== undefined
}
