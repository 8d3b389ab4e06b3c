import { createHash } from 'node:crypto'
import { P256PrivateKey, type PrivateKey, Secp256k1PrivateKey } from '@atcute/crypto'
import type { Person } from './people.ts'

const keys = new Map<string, Promise<PrivateKey>>()

/** The key that signs a person's repository: always the same for the same DID, of the curves of the protocol in turn. */
export function signingKeyOf({ did, index }: Pick<Person, 'did' | 'index'>): Promise<PrivateKey> {
  const bytes = createHash('sha256').update(`simulated key of ${did}`).digest()
  const curve = index % 2 === 0 ? Secp256k1PrivateKey : P256PrivateKey
  return keys.getOrInsertComputed(did, () => curve.importRaw(Uint8Array.from(bytes)))
}
