import { decode, encode, fromBytes } from '@atcute/cbor'
import type { CidLink } from '@atcute/cid'
import { verifySig } from '@atcute/crypto'
import { type Did, isDid, isTid, type Tid } from '@atcute/lexicons/syntax'
import { isCommit } from '@atcute/repo'
import type { SigningKey } from '../identity.ts'
import { type CidKey, isKeyOf } from './cid-key.ts'
import { malformed, RepositoryError } from './repository-error.ts'

/** A commit has some 250 bytes. */
const MAX_COMMIT_BYTES = 8_192

export type Commit = {
  did: Did
  rev: Tid
  tree: CidLink
  signature: Uint8Array<ArrayBuffer>
  /** The bytes that it signs. */
  signed: Uint8Array<ArrayBuffer>
}

/**
 * Reads the root block of a repository. Does not check its signature; see `assertSigned`.
 * @throws {RepositoryError} if it is not a commit
 */
export function readCommit(key: CidKey, bytes: Buffer): Commit {
  if (bytes.length > MAX_COMMIT_BYTES || !isKeyOf(key, bytes)) throw malformed('its root is not a commit')
  let commit: unknown
  try {
    commit = decode(bytes)
  } catch (error) {
    throw malformed('its commit cannot be read', error)
  }
  if (!isCommit(commit) || !isTid(commit.rev) || !isDid(commit.did))
    throw malformed('its root is not a commit')
  const { sig, ...unsigned } = commit
  const { did, rev, data: tree } = commit
  return { did, rev, tree, signature: Uint8Array.from(fromBytes(sig)), signed: signedBytes(unsigned) }
}

/** A commit may have more fields than it needs, and some that can be read cannot be written again, such as lists in thousands of lists. */
function signedBytes(unsigned: object): Uint8Array<ArrayBuffer> {
  try {
    return encode(unsigned)
  } catch (error) {
    throw malformed('its commit cannot be written again', error)
  }
}

/**
 * Checks that `key` signed the commit. Of the two forms that each signature has, the protocol allows one (low S), so nobody
 * can make a second commit of one.
 * @throws {RepositoryError}
 */
export async function assertSigned({ signature, signed }: Commit, key: SigningKey): Promise<void> {
  const isSigned = await verifySig(key, signature, signed).catch(() => false)
  if (!isSigned)
    throw new RepositoryError('forged', "its commit is not signed by the key of its owner's DID document")
}
