import type { Nsid } from '@atcute/lexicons/syntax'
import type { JsonObject } from '../../atproto/json.ts'
import type { RecordId } from '../../atproto/uri.ts'
import type { Media } from '../media.ts'

/**
 * All that is kept of a record: enough to award it again under other rules, never its text.
 * `media` is `undefined` where the kind of record has none, or while a subject's is not known yet.
 */
export type Facts = { media: Media | undefined; subject: RecordId | undefined }

/** Facts of a record that has nothing a rule would want to know. */
export const NO_FACTS: Facts = { media: undefined, subject: undefined }

/** How one collection earns experience. `Reason` names why, and is the key of the XP table. */
export type Rule<Reason extends string = string> = {
  collection: Nsid
  /** XP per reason, unless the operator's own table says otherwise. */
  points: Readonly<Record<Reason, number>>
  /** What to keep of `record`, which is as it came from the network; `undefined` where it cannot be read. */
  facts(record: JsonObject): Facts | undefined
  reason(facts: Facts): Reason
}
