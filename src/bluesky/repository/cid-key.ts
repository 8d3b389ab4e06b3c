import { hash } from 'node:crypto'
import { type CidLink, fromCidLink } from '@atcute/cid'

/** The SHA-256 of a CID as a string of 32 characters: small, and quick to compare. */
export type CidKey = string

const DAG_CBOR = 0x71

/** The key of a dag-cbor block; `undefined` for a blob, which is never read here. */
export function keyOf(cid: Uint8Array): CidKey | undefined {
  if (cid[1] !== DAG_CBOR) return undefined
  return Buffer.from(cid.buffer, cid.byteOffset, cid.length).toString('latin1', 4, 36)
}

/** The CID of the dag-cbor block with this key. */
export function cidOf(key: CidKey): Uint8Array {
  return Buffer.concat([Buffer.of(1, DAG_CBOR, 0x12, 32), Buffer.from(key, 'latin1')])
}

/** @throws if the link is not valid */
export function keyOfLink(link: CidLink): CidKey | undefined {
  return keyOf(fromCidLink(link).bytes)
}

/** True if `key` is the hash of `bytes`. */
export function isKeyOf(key: CidKey, bytes: Uint8Array): boolean {
  return hash('sha256', bytes, 'latin1') === key
}
