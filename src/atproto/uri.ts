import { type Did, isDid, isNsid, isRecordKey, type Nsid, type RecordKey } from '@atcute/lexicons/syntax'

/** One record on the network: whose it is, of what kind, under which key. */
export type RecordId = { did: Did; collection: Nsid; rkey: RecordKey }

/** `at://did/collection/rkey`, the name that everybody else knows a record by. */
export function uriOf({ did, collection, rkey }: RecordId): string {
  return `at://${did}/${collection}/${rkey}`
}

/**
 * Reads an at:// URI whose authority is a DID, as strong references have to have. Anything else (a handle, a whole
 * repository, a fragment) is `undefined`: it names no record for good.
 */
export function parseUri(uri: string): RecordId | undefined {
  if (!uri.startsWith('at://')) return undefined
  const [did, collection, rkey, ...rest] = uri.slice('at://'.length).split('/')
  return rest.length === 0 && isDid(did) && isNsid(collection) && isRecordKey(rkey)
    ? { did, collection, rkey }
    : undefined
}
