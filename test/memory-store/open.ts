// A third store, in memory: the naive ledger behind the interface of every driver. It shows how small a driver can be, and
// that the suite needs nothing that only databases have.
import { isShown } from '../../src/game/decide/standings.ts'
import { unknownActor } from '../../src/game/state.ts'
import { assertRules, assertWhole } from '../../src/store/bound-rules.ts'
import { FailStopWriter } from '../../src/store/fail-stop.ts'
import { type Store, StoreBusyError } from '../../src/store/store.ts'
import { MemoryAuditor } from './auditor.ts'
import { MemoryRestorer, sourceOf } from './copy.ts'
import type { Memory } from './memory.ts'
import { MemoryReader } from './reader.ts'
import { MemorySessions } from './sessions.ts'
import { MemoryWriter, peopleAfter } from './writer.ts'

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
    rules: {
      state: async () => memory.rulesState(),
      leave: async (rules) => {
        memory.wanted = rules
      },
      survey: async () => ({
        people: async (after, limit) =>
          peopleAfter(memory, after)
            .slice(0, limit)
            .map((visit) => {
              const actor = memory.ledger.actor(visit.did) ?? unknownActor(visit.did)
              return { ...visit, experience: actor.experience, isShown: isShown(actor) }
            }),
        load: async () => memory.ledger,
        [Symbol.asyncDispose]: async () => {},
      }),
    },
    write: async ({ fingerprint, titles, purpose }) => {
      if (memory.isWritten) throw new StoreBusyError('somebody else writes to this ledger')
      assertWhole(memory.rules)
      if (purpose === 'recompute') memory.isHalfRecomputed = true
      else {
        const newest = memory.rulebooks.at(-1)
        assertRules(memory.rules, fingerprint)
        if (newest === undefined) memory.bind({ fingerprint, titles })
        else if (titles !== undefined) newest.titles = titles
      }
      memory.isWritten = true
      return new FailStopWriter(new MemoryWriter(memory))
    },
    source: async () => sourceOf(memory),
    restore: async (id) => new MemoryRestorer(memory, id),
    [Symbol.asyncDispose]: async () => {},
  }
}
