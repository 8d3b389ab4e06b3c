import { decode } from '@atcute/cbor'
import type { CidLink } from '@atcute/cid'
import { type Did, isTid, type Tid } from '@atcute/lexicons/syntax'
import { isCommit } from '@atcute/repo'
import { type CidKey, isKeyOf } from './cid-key.ts'
import { malformed } from './repository-error.ts'

/** A commit has some 250 bytes. */
const MAX_COMMIT_BYTES = 8_192

export type Commit = { did: Did; rev: Tid; tree: CidLink }

/**
 * Reads the root block of a repository. Does not check its signature: it came from the server that the owner's DID names.
 * @throws {RepositoryError} if it is not a commit, or another person's
 */
export function readCommit(key: CidKey, bytes: Buffer, did: Did): Commit {
  if (bytes.length > MAX_COMMIT_BYTES || !isKeyOf(key, bytes)) throw malformed('its root is not a commit')
  let commit: unknown
  try {
    commit = decode(bytes)
  } catch (error) {
    throw malformed('its commit cannot be read', error)
  }
  if (!isCommit(commit) || !isTid(commit.rev)) throw malformed('its root is not a commit')
  if (commit.did !== did) throw malformed("it is somebody else's")
  return { did, rev: commit.rev, tree: commit.data }
}
