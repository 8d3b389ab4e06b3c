import type { Nsid } from '@atcute/lexicons/syntax'
import type { JsonObject } from '../../atproto/json.ts'
import type { RecordId } from '../../atproto/uri.ts'
import type { Media } from '../media.ts'

/** All that is stored of a record: enough to award it again under other rules, never its text. */
export type Facts = {
  /** `undefined` where the kind of record has none, or while the subject's media are not known yet. */
  media: Media | undefined
  subject: RecordId | undefined
  /**
   * A fact that only this rule needs, such as a post's language, in a few characters: the rulebook cuts it off at
   * `MAX_OWN_LENGTH`. It must name nobody, since it stays when a person is forgotten. Where rules need none, it costs nothing.
   */
  own: string | undefined
}

/** What a reason goes by: not by the subject, which is removed when its person is forgotten. */
export type ShownFacts = Omit<Facts, 'subject'>

/** Facts of a record in which its rule needs nothing. */
export const NO_FACTS: Facts = { media: undefined, subject: undefined, own: undefined }

/** An award in words: `name` is what an entry of a ledger is called, `example` something that earns it. */
export type AwardWords = { name: string; example: string }

/** How one collection earns experience. `Reason` names why, and is the key of the XP table. */
export type Rule<Reason extends string = string> = {
  collection: Nsid
  /** XP per reason, unless the operator's own table says otherwise. */
  points: Readonly<Record<Reason, number>>
  /** Each reason in words, for players. */
  words: Readonly<Record<Reason, AwardWords>>
  /** The facts to store of `record`, which is unchecked network data; `undefined` where it cannot be read. */
  facts(record: JsonObject): Facts | undefined
  reason(facts: ShownFacts): Reason
}
