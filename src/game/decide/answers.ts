import type { Micros } from '../../atproto/event.ts'
import { baselineOf } from '../baseline.ts'
import type { Game } from '../decide.ts'
import type { Answer, NoAnswer } from '../operation.ts'
import { seconds } from '../periods.ts'
import { ASLEEP, retryAt } from '../retries.ts'
import { NO_FACTS } from '../rules/rule.ts'
import { type ActorChange, type AskedQuestion, type Outcome, pathOf } from '../state.ts'
import { earn } from './caps.ts'
import { remove } from './commit.ts'
import type { Draft } from './draft.ts'

/**
 * Most XP that posts from before this server may bring: 200 million posts, each 50 XP. A number that somebody makes up must
 * not bring the sum of a whole ledger near 2^53, from where on numbers are not exact.
 */
const MAX_BASELINE_XP = 10_000_000_000

/** What a reposted post shows became known. Once known it stays, whatever becomes of that post. */
export function decideSubject(
  game: Game,
  draft: Draft,
  answer: Answer & { kind: 'subject-answer' },
): Outcome {
  const { did, collection, rkey } = answer
  const id = { did, collection, rkey }
  const change = draft.change(did)
  change.answered.push(answer.question)
  const before = draft.record(id)
  const asked = before?.live && before.rev === answer.rev && before.facts?.media === undefined
  if (!asked || before.facts === undefined) return 'stale'

  const facts = { media: answer.media ?? 'text', subject: before.facts.subject }
  const { reason, xp: worth } = game.rules.award(collection, facts)
  const earning = { collection, at: before.at, worth, held: before.xp }
  const xp = earn(draft, change, game.rules.caps[collection], earning)
  draft.put(change, id, { ...before, facts, xp, capped: xp < worth })
  if (xp !== before.xp)
    draft.enter(change, id, { at: answer.at, cause: 'subject', reason, delta: xp - before.xp })
  return 'applied'
}

/** Who a character is became known; with it, where wished, what they had posted before we came. */
export function decideProfile(
  game: Game,
  draft: Draft,
  answer: Answer & { kind: 'profile-answer' },
): Outcome {
  const change = draft.change(answer.did)
  change.answered.push(answer.question)
  if (!change.actor.born) return 'stale'
  const { profile, at } = answer
  change.profile = profile ?? { handle: undefined, displayName: undefined, avatar: undefined, asked: at }
  change.actor.optedOut = answer.optedOut
  return game.baseline === 'posts' ? setBaseline(game, draft, answer) : 'applied'
}

function setBaseline(
  { rules }: Game,
  draft: Draft,
  { did, at, postsCount }: Answer & { kind: 'profile-answer' },
): Outcome {
  const id = baselineOf(did)
  const change = draft.change(did)
  if (draft.record(id) !== undefined || change.actor.rev === undefined) return 'applied'
  const held = change.actor.counts.get('app.bsky.feed.post') ?? 0
  const xp = Math.max(0, postsCount - held) * (rules.points['post.text'] ?? 0)
  // The rest of the answer holds.
  if (!(xp <= MAX_BASELINE_XP)) return 'implausible'
  draft.put(change, id, {
    rev: change.actor.rev,
    live: true,
    xp,
    facts: NO_FACTS,
    at: seconds(at),
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
export function decideNoAnswer(draft: Draft, { question, did, at }: NoAnswer): Outcome {
  return askAgain(draft.change(did), question, at) ? 'applied' : 'stale'
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
