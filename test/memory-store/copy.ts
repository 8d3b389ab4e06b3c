import { isReached } from '../../src/atproto/event.ts'
import { assertNobodyMoves, isRestoring, isSettled, restoring } from '../../src/store/bound-rules.ts'
import { changeOf } from '../../src/store/export/change-of.ts'
import type { Block, LedgerSource, LedgerState, Restorer } from '../../src/store/export/ledger-copy.ts'
import { isStranger } from '../../src/store/export/stranger.ts'
import { StoreError } from '../../src/store/store.ts'
import type { Memory } from './memory.ts'

/** Reads a ledger in memory for an export; nothing may change it meanwhile. */
export function sourceOf(memory: Memory): LedgerSource {
  const { ledger, rules, rulebooks, cursor, heartbeat, followed, gaps, wishes, pruned } = memory
  if (rules === undefined || cursor === undefined || !isReached(cursor) || !isSettled(rules)) {
    throw new StoreError('the ledger has nothing to export yet')
  }
  assertNobodyMoves(memory.rulesState().move)
  return {
    state: { versions: [...rulebooks], cursor, heartbeat, followed, gaps, wishes: [...wishes.values()] },
    async *people() {
      for (const [did, actor] of ledger.actors) {
        if (isStranger(actor)) continue
        yield {
          actor,
          profile: ledger.profiles.get(did),
          pruned: pruned.get(did) ?? 0,
          granted: ledger.granted(did),
          days: [...ledger.days(did)].map(([day, tally]) => ({ day, ...tally })),
          records: () => ledger.records(did),
          events: () => ledger.events.filter((event) => event.did === did),
        }
      }
    },
    async *questions() {
      for (const { id: _id, ...question } of ledger.openQuestions().sort((a, b) => a.due - b.due))
        yield question
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

export class MemoryRestorer implements Restorer {
  readonly #memory: Memory

  /** @throws {StoreError} where the ledger is not empty */
  constructor(memory: Memory, id: string) {
    memory.rules ??= restoring(id)
    if (memory.rules !== restoring(id)) {
      const half = isRestoring(memory.rules) ? ', but half restored from another export' : ''
      throw new StoreError(`the ledger is not empty${half}`)
    }
    this.#memory = memory
  }

  get reached(): number {
    return this.#memory.restored
  }

  async put({ line, pieces, questions }: Block): Promise<void> {
    const { ledger, pruned, log } = this.#memory
    for (const piece of pieces) {
      const { actor, pruned: sum } = piece.person
      const events = piece.events.map(({ event }) => event)
      ledger.commit({ actors: new Map([[actor.did, { ...changeOf(piece), events }]]) })
      log.push(...events)
      if (piece.isFirst && sum !== 0) pruned.set(actor.did, sum)
    }
    for (const question of questions) ledger.restoreQuestion(question)
    this.#memory.restored = line
  }

  async finish({ versions, cursor, heartbeat, followed, gaps, wishes }: LedgerState): Promise<void> {
    const memory = this.#memory
    memory.gaps.push(...gaps)
    for (const wish of wishes) memory.wishes.set(memory.nextName(), wish)
    Object.assign(memory, { cursor, heartbeat, followed })
    memory.restoreVersions(versions)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
