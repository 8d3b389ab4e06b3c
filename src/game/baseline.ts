import type { Did, Nsid } from '@atcute/lexicons/syntax'
import type { RecordId } from '../atproto/uri.ts'

/** Collection of the synthetic record that stands for posts from before this server; no client can write it. */
export const BASELINE: Nsid = 'app.bskyrpg.baseline'

/** The id of `did`'s baseline record. */
export function baselineOf(did: Did): RecordId {
  return { did, collection: BASELINE, rkey: 'posts' }
}
