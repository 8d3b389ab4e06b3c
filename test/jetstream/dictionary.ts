import { readFileSync } from 'node:fs'

/** A structured zstd dictionary made of simulated frames, under the id given (RFC 8878, section 5). */
export function makeDictionary(id: number): Buffer {
  const bytes = readFileSync(new URL('../fixtures/simulated.zdict', import.meta.url))
  bytes.writeUInt32LE(id, 4)
  return bytes
}
