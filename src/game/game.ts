import type { Nsid } from '@atcute/lexicons/syntax'
import type { Rulebook } from './rulebook.ts'

/** The rules together with what an operator chose to follow. */
export type Game = {
  rules: Rulebook
  /** The rules that still award everybody who has not been moved to `rules`; `undefined` while no move is under way. */
  former: Rulebook | undefined
  /** Collections that are followed, with a rule or without. */
  followed: ReadonlySet<Nsid>
  /** Whether posts from before this server count, approximately. */
  baseline: 'off' | 'posts'
  /** Whether there is an AppView to ask; without one the stream alone says who is shown. */
  appview: 'asked' | 'none'
}
