import type { Driver } from '../../src/store/driver.ts'
import { Memory } from './memory.ts'
import { openMemory } from './open.ts'

/** `memory:name`: the same ledger for the same name, for as long as the process lives. */
export const memory: Driver<{ driver: 'memory'; name: string }> = {
  name: 'memory',
  scheme: 'memory:',
  example: 'memory:name',
  expected: 'memory: and a name',
  hasOneWriter: true,
  folderBeside: () => undefined,
  readAddress(text) {
    const name = text.slice('memory:'.length)
    return name === '' ? undefined : { driver: 'memory', name }
  },
  async open({ name }) {
    return openMemory(ledgers.getOrInsertComputed(name, () => new Memory()))
  },
}

const ledgers = new Map<string, Memory>()
