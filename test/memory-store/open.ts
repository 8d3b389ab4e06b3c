// A third store, in memory: the naive ledger behind the interface of every driver. It shows how small a driver can be, and
// that the suite needs nothing that only databases have.
import { assertRules, assertWhole, RECOMPUTING } from '../../src/store/bound-rules.ts'
import { FailStopWriter } from '../../src/store/fail-stop.ts'
import { type Store, StoreBusyError } from '../../src/store/store.ts'
import { MemoryAuditor } from './auditor.ts'
import { MemoryRestorer, sourceOf } from './copy.ts'
import type { Memory } from './memory.ts'
import { MemoryReader } from './reader.ts'
import { MemorySessions } from './sessions.ts'
import { MemoryWriter } from './writer.ts'

/** Opens the ledger in `memory`. */
export function openMemory(memory: Memory): Store {
  return {
    reader: new MemoryReader(memory),
    auditor: new MemoryAuditor(memory),
    inbox: {
      leave: async (wish) => {
        memory.wishes.set(memory.nextName(), wish)
      },
    },
    sessions: new MemorySessions(memory),
    write: async ({ fingerprint, purpose }) => {
      if (memory.isWritten) throw new StoreBusyError('somebody else writes to this ledger')
      assertWhole(memory.rules)
      if (purpose === 'keep') assertRules(memory.rules, fingerprint)
      memory.rules = purpose === 'keep' ? fingerprint : RECOMPUTING
      memory.isWritten = true
      return new FailStopWriter(new MemoryWriter(memory))
    },
    source: async () => sourceOf(memory),
    restore: async (id) => new MemoryRestorer(memory, id),
    [Symbol.asyncDispose]: async () => {},
  }
}
