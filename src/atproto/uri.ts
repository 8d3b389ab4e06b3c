import { type Did, isDid, isNsid, isRecordKey, type Nsid, type RecordKey } from '@atcute/lexicons/syntax'

/** Identifies one record on the network. */
export type RecordId = { did: Did; collection: Nsid; rkey: RecordKey }

/** `at://did/collection/rkey`. */
export function uriOf({ did, collection, rkey }: RecordId): string {
  return `at://${did}/${collection}/${rkey}`
}

/**
 * Parses the at:// URI of a record whose authority is a DID, as in strong references. Anything else (a handle, a whole
 * repository, a fragment) is `undefined`: it does not identify a record permanently.
 */
export function parseUri(uri: string): RecordId | undefined {
  if (!uri.startsWith('at://')) return undefined
  const [did, collection, rkey, ...rest] = uri.slice('at://'.length).split('/')
  return rest.length === 0 && isDid(did) && isNsid(collection) && isRecordKey(rkey)
    ? { did, collection, rkey }
    : undefined
}
