import { test } from 'node:test'
import { storeConformance } from '../conformance/index.ts'
import { Memory } from './memory.ts'
import { openMemory } from './open.ts'

storeConformance({
  test,
  name: 'in memory',
  place: async () => {
    const memory = new Memory()
    return { open: async () => openMemory(memory), [Symbol.asyncDispose]: async () => {} }
  },
})
