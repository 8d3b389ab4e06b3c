import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Did, Micros } from '../../src/atproto/event.ts'
import type { Wish } from '../../src/game/operation.ts'
import type { Changes } from '../../src/game/state.ts'
import { type ChoresOptions, chores, fulfilWishes } from '../../src/ingest/chores.ts'
import { LagMeter } from '../../src/ingest/lag.ts'
import { Ledger } from '../../src/ingest/ledger.ts'
import type { Expiry } from '../../src/store/expired.ts'
import type { Heartbeat } from '../../src/store/status.ts'
import type { Writer } from '../../src/store/store.ts'
import { game, person, START } from '../game/arbitrary.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { freezeTime, settled } from './frozen-time.ts'

const SECOND: Micros = 1_000_000

function lookUp(n: number): Wish {
  return { kind: 'look-up', wish: `w${n}`, did: person(n % 8), at: START + n }
}

/** A ledger in memory with an inbox, and a record of the calls to it. */
function ledgerWith(overrides: Partial<Writer> = {}) {
  const memory = new MemoryLedger()
  const state = {
    inbox: [] as Wish[],
    /** How many wishes were taken each time. */
    taken: [] as number[],
    pulses: [] as Heartbeat[],
    samples: [] as { at: Micros; networkBytes: number }[],
    pruned: [] as (Expiry & { limit: number })[],
    /** What is old enough to be pruned. */
    old: 0,
    memory,
  }
  const writer: Partial<Writer> = {
    owns: () => true,
    load: async () => memory,
    commit: async (changes: Changes) => {
      memory.commit(changes)
      state.inbox = state.inbox.filter(({ wish }) => !changes.fulfilled.includes(wish))
    },
    questionsAbout: async (kind, dids) =>
      memory.questions.filter((question) => question.kind === kind && dids.includes(question.did)),
    wishes: async (limit) => {
      const wishes = state.inbox.slice(0, limit)
      state.taken.push(wishes.length)
      return wishes
    },
    beat: async (heartbeat) => {
      state.pulses.push(heartbeat)
    },
    recordSample: async (sample) => {
      state.samples.push(sample)
    },
    prune: async (expiry, limit) => {
      state.pruned.push({ ...expiry, limit })
      const gone = Math.min(state.old, limit)
      state.old -= gone
      return gone
    },
    ...overrides,
  }
  return { ledger: new Ledger({ game, writer: writer as Writer, folded: () => {} }), state }
}

suite('wishes', () => {
  test('are fulfilled, oldest first, until none is left', async () => {
    const { ledger, state } = ledgerWith()
    state.inbox = Array.from({ length: 250 }, (_, n) => lookUp(n))
    state.inbox.push({ kind: 'forget', wish: 'last', did: person(0), at: START + SECOND })
    await fulfilWishes(ledger)
    assert.deepEqual(state.inbox, [])
    assert.deepEqual(state.taken, [100, 100, 51, 0])
    assert.equal(state.memory.actor(person(0))?.forgotten, true)
  })

  test('that come while others are fulfilled are, too', async () => {
    const { ledger, state } = ledgerWith()
    state.inbox = [lookUp(1)]
    const done = fulfilWishes(ledger)
    await ledger.use(async () => {
      state.inbox.push(lookUp(2))
    })
    await done
    assert.deepEqual(state.inbox, [])
  })

  test('let the stream have its turn in between', async () => {
    const { ledger, state } = ledgerWith()
    state.inbox = Array.from({ length: 500 }, (_, n) => lookUp(n))
    const done = fulfilWishes(ledger)
    let left = -1
    const turn = ledger.use(async () => {
      left = state.inbox.length
    })
    await turn
    assert.equal(left, 500)
    await ledger.use(async () => {
      left = state.inbox.length
    })
    assert.ok(left > 0 && left < 500, String(left))
    await done
  })

  test('to import, to take that back and to import after all are fulfilled in that order', async () => {
    const did = person(1)
    const wish = (kind: 'import' | 'cancel-import', n: number): Wish =>
      kind === 'import'
        ? { kind, wish: `w${n}`, did, at: START }
        : { kind, wish: `w${n}`, did, at: START, question: undefined }
    const { ledger, state } = ledgerWith()
    const open = () =>
      state.memory.questions.filter(({ kind }) => kind === 'import').map(({ tries }) => tries)
    state.inbox = [wish('import', 1), wish('cancel-import', 2)]
    await fulfilWishes(ledger)
    assert.deepEqual([open(), state.inbox], [[], []])
    state.inbox = [3, 4, 5].map((n) => wish(n % 2 === 1 ? 'import' : 'cancel-import', n))
    await fulfilWishes(ledger)
    assert.deepEqual([open(), state.inbox], [[0], []])
  })

  test('stay where the ledger fails', async () => {
    const { ledger, state } = ledgerWith({ commit: () => Promise.reject(new Error('disk full')) })
    state.inbox = [lookUp(1)]
    await assert.rejects(fulfilWishes(ledger), /disk full/)
    assert.equal(state.inbox.length, 1)
  })

  test('who is looked at is told once their question is stored', async () => {
    const { ledger, state } = ledgerWith()
    const looked: Did[] = []
    state.inbox = [
      lookUp(1),
      { kind: 'forget', wish: 'w2', did: person(2), at: START },
      { ...lookUp(3), wish: 'w3' },
    ]
    const lookedAt = (did: Did): void => {
      assert.deepEqual(state.inbox, [])
      looked.push(did)
    }
    await fulfilWishes(ledger, { lookedAt, importCancelled: () => assert.fail('nobody asked for that') })
    assert.deepEqual(looked, [person(1), person(3)])
  })
})

suite('chores', () => {
  /** The options of the chores, with a clock that reads `state.now`. */
  function optionsFor(ledger: Ledger, more: Partial<ChoresOptions> = {}) {
    const state = { now: START, bytes: 0 }
    const clock = () => state.now
    const end = new AbortController()
    const options: ChoresOptions = {
      ledger,
      beat: () =>
        ledger.use((writer) =>
          writer.beat({ at: state.now, lag: options.lag.lag(), host: options.lag.host }),
        ),
      lag: new LagMeter(START - 5 * SECOND, { now: clock, monotonic: clock }),
      retention: undefined,
      importCancelled: () => {},
      lookedAt: () => {},
      report: async () => {},
      takeNetworkBytes: () => {
        const taken = state.bytes
        state.bytes = 0
        return taken
      },
      clock,
      signal: end.signal,
      ...more,
    }
    return { options, end, time: state }
  }

  test('are done at once, and then each at its own pace', async (t) => {
    const pass = freezeTime(t)
    const { ledger, state } = ledgerWith()
    const { options, end, time } = optionsFor(ledger, { retention: 60 * SECOND })
    const done = chores(options)
    const counts = () => [state.taken, state.pulses, state.samples, state.pruned].map(({ length }) => length)
    await settled()
    assert.deepEqual(counts(), [1, 1, 1, 1])
    const passTo = async (second: number): Promise<void> => {
      // Each begins to wait when it is done, so time passes in steps.
      while (time.now < START + second * SECOND) {
        time.now += SECOND / 2
        await pass(500)
      }
    }
    await passTo(1)
    assert.deepEqual(counts(), [2, 1, 1, 1])
    await passTo(2)
    assert.deepEqual(counts(), [3, 2, 1, 1])
    await passTo(59)
    assert.deepEqual(counts(), [60, 30, 1, 1])
    await passTo(60)
    assert.deepEqual(counts(), [61, 31, 2, 2])
    end.abort()
    await done
  })

  test('say how far behind the ledger is, and whom it listens to', async (t) => {
    const pass = freezeTime(t)
    const { ledger, state } = ledgerWith()
    const { options, end, time } = optionsFor(ledger)
    const done = chores(options)
    await settled()
    time.now += SECOND
    options.lag.connected('stream.example')
    options.lag.caughtUp()
    time.now += 3 * SECOND
    await pass(2_000)
    end.abort()
    await done
    assert.deepEqual(state.pulses, [
      { at: START, lag: 5 * SECOND, host: undefined },
      { at: START + 4 * SECOND, lag: 0, host: 'stream.example' },
    ])
  })

  test('note what came over the network since the last time', async (t) => {
    const pass = freezeTime(t)
    const { ledger, state } = ledgerWith()
    const { options, end, time } = optionsFor(ledger)
    time.bytes = 10
    const done = chores(options)
    await settled()
    for (const bytes of [500, 0]) {
      time.bytes = bytes
      time.now += 60 * SECOND
      await pass(60_000)
    }
    end.abort()
    await done
    assert.deepEqual(state.samples, [
      { at: START, networkBytes: 10 },
      { at: START + 60 * SECOND, networkBytes: 500 },
      { at: START + 120 * SECOND, networkBytes: 0 },
    ])
  })

  test('prune what is older than is kept, a little at a time', async () => {
    const { ledger, state } = ledgerWith()
    state.old = 12_000
    const { options, end } = optionsFor(ledger, { retention: 60 * SECOND })
    const done = chores(options)
    await settled()
    end.abort()
    await done
    assert.equal(state.old, 0)
    assert.deepEqual(state.pruned, Array(3).fill({ before: START - 65 * SECOND, now: START, limit: 5_000 }))
  })

  test('prune nothing that the stream does not say is old, however far ahead our clock is', async () => {
    const { ledger, state } = ledgerWith()
    const { options, end, time } = optionsFor(ledger, { retention: 60 * SECOND })
    time.now += 365 * 86_400 * SECOND
    const done = chores(options)
    await settled()
    end.abort()
    await done
    const expiry = { before: START - 65 * SECOND, now: START + 365 * 86_400 * SECOND }
    assert.deepEqual(state.pruned, [{ ...expiry, limit: 5_000 }])
  })

  test('prune nothing that our clock does not say is old, however far ahead the stream is', async () => {
    const { ledger, state } = ledgerWith()
    const { options, end } = optionsFor(ledger, { retention: 60 * SECOND })
    options.lag.folded(START + 365 * 86_400 * SECOND)
    const done = chores(options)
    await settled()
    end.abort()
    await done
    // By a clock that was set back all of the ledger would be from a time to come.
    const expiry = { before: START - 60 * SECOND, now: START + 365 * 86_400 * SECOND }
    assert.deepEqual(state.pruned, [{ ...expiry, limit: 5_000 }])
  })

  test('prune nothing before the stream has said what time it is', async () => {
    const { ledger, state } = ledgerWith()
    const lag = new LagMeter(undefined, { now: () => START, monotonic: () => START })
    const { options, end } = optionsFor(ledger, { retention: 60 * SECOND, lag })
    const done = chores(options)
    await settled()
    end.abort()
    await done
    assert.deepEqual(state.pruned, [])
  })

  test('prune nothing where everything is kept', async () => {
    const { ledger, state } = ledgerWith()
    const { options, end } = optionsFor(ledger)
    const done = chores(options)
    await settled()
    end.abort()
    await done
    assert.deepEqual(state.pruned, [])
  })

  test('end at once, in the middle of a long pruning, too', { timeout: 5_000 }, async () => {
    const { ledger, state } = ledgerWith()
    const { options, end } = optionsFor(ledger, { retention: 60 * SECOND })
    state.old = 5_000_000
    const done = chores(options)
    await ledger.use(async () => {})
    end.abort()
    await done
    assert.ok(state.old > 4_000_000, `${state.old} left`)
    assert.deepEqual([state.pulses.length, state.samples.length], [1, 1])
  })

  test('are not begun where the end has come already', async () => {
    const { ledger, state } = ledgerWith()
    const { options, end } = optionsFor(ledger, { retention: SECOND })
    end.abort()
    await chores(options)
    assert.deepEqual([state.taken, state.pulses, state.samples, state.pruned], [[], [], [], []])
  })

  test('fail with the ledger', async (t) => {
    freezeTime(t)
    const { ledger } = ledgerWith({ beat: () => Promise.reject(new Error('disk full')) })
    const { options, end } = optionsFor(ledger)
    await assert.rejects(chores(options), /disk full/)
    end.abort()
  })

  test('end together when one of them fails, and not before all of them are over', async (t) => {
    const pass = freezeTime(t)
    const looked = Promise.withResolvers<Wish[]>()
    const mistake = new TypeError('not a function')
    let looks = 0
    const { ledger } = ledgerWith({
      wishes: () => {
        looks += 1
        return looked.promise
      },
    })
    const { options } = optionsFor(ledger, {
      clock: () => {
        throw mistake
      },
    })
    let over = false
    const done = chores(options).finally(() => {
      over = true
    })
    done.catch(() => {})
    await settled()
    assert.equal(over, false)
    looked.resolve([])
    await assert.rejects(done, mistake)
    await pass(10 * 60_000)
    assert.equal(looks, 1)
  })
})
