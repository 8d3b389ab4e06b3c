import { decode } from '@atcute/cbor'
import type { CidLink } from '@atcute/cid'
import { type Did, isTid, type Tid } from '@atcute/lexicons/syntax'
import { isCommit } from '@atcute/repo'
import { type CidKey, isKeyOf } from './cid-key.ts'
import { malformed } from './repository-error.ts'

/** Small ones only: a commit has some 250 bytes. */
const MAX_COMMIT_BYTES = 8_192

export type Commit = { did: Did; rev: Tid; tree: CidLink }

/**
 * Reads what a repository's root says. Its signature is left alone: it came from the server that the owner names.
 * @throws {RepositoryError} where it is no commit, or somebody else's
 */
export function readCommit(key: CidKey, bytes: Buffer, did: Did): Commit {
  if (bytes.length > MAX_COMMIT_BYTES || !isKeyOf(key, bytes)) throw malformed('its commit is none')
  let commit: unknown
  try {
    commit = decode(bytes)
  } catch (error) {
    throw malformed('its commit cannot be read', error)
  }
  if (!isCommit(commit) || !isTid(commit.rev)) throw malformed('its commit is none')
  if (commit.did !== did) throw malformed("it is somebody else's")
  return { did, rev: commit.rev, tree: commit.data }
}
