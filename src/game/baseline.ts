import type { Did, Nsid } from '@atcute/lexicons/syntax'
import type { RecordId } from '../atproto/uri.ts'

/** Collection of the synthetic record that stands for posts from before this server; no client can write it. */
export const BASELINE: Nsid = 'app.bskyrpg.baseline'

/** Where the baseline of `did` stands in the ledger. */
export function baselineOf(did: Did): RecordId {
  return { did, collection: BASELINE, rkey: 'posts' }
}
