import { hash } from 'node:crypto'
import { type CidLink, fromCidLink } from '@atcute/cid'

/** A CID's SHA-256 as a string of 32 characters: short to keep and quick to compare. */
export type CidKey = string

const DAG_CBOR = 0x71

/** The key of a block of data; `undefined` for a blob, which holds nothing that is read here. */
export function keyOf(cid: Uint8Array): CidKey | undefined {
  if (cid[1] !== DAG_CBOR) return undefined
  return Buffer.from(cid.buffer, cid.byteOffset, cid.length).toString('latin1', 4, 36)
}

/** @throws where the link is none */
export function keyOfLink(link: CidLink): CidKey | undefined {
  return keyOf(fromCidLink(link).bytes)
}

/** True where `bytes` are the very ones that `key` was made of. */
export function isKeyOf(key: CidKey, bytes: Uint8Array): boolean {
  return hash('sha256', bytes, 'latin1') === key
}
