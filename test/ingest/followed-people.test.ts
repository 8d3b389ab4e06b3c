// When `DIDS` or the collections change: whom ingest asks about, and what it writes to the ledger and the log.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { Cursor, Did } from '../../src/atproto/event.ts'
import { EVERYBODY, type Followed, type Following } from '../../src/game/followed.ts'
import { updateFollowing } from '../../src/ingest/following.ts'
import { Ledger } from '../../src/ingest/ledger.ts'
import type { Writer } from '../../src/store/store.ts'
import { FOLLOW, game, LIKE, POST } from '../game/arbitrary.ts'
import { commit, second } from '../game/operations.ts'
import { MemoryLedger } from '../memory-ledger.ts'

const collections = [POST, LIKE]
const did = (n: number): Did => `did:web:p${String(n).padStart(4, '0')}.example`
const people = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => did(from + n))

/** Updates a ledger of so many people that was last written with `before`; returns the calls to it. */
async function update(count: number, before: Followed | undefined, now: Following, cursor?: Cursor) {
  const memory = new MemoryLedger()
  memory.fold(
    game,
    people(0, count).map((of) => commit({ n: 1, did: of })),
  )
  const done = { folds: [] as Did[][], at: new Set<number>(), asked: [] as (Did | undefined)[] }
  const stored: Parameters<Writer['follow']>[0][] = []
  const queued: number[] = []
  const lines: { msg: string; from: number; to: number }[] = []
  const writer: Partial<Writer> = {
    owns: () => true,
    load: async () => memory,
    commit: async (changes) => memory.commit(changes),
    cursor: async () => cursor,
    followed: async () => [before],
    people: async (after, limit) => {
      done.asked.push(after)
      return people(0, count)
        .filter((of) => after === undefined || of > after)
        .slice(0, limit)
    },
    follow: async (change) => {
      stored.push(change)
      if (change.missed !== undefined) queued.push(change.missed.since)
    },
  }
  class Watched extends Ledger {
    override fold(...given: Parameters<Ledger['fold']>) {
      const [operations] = given
      done.folds.push(operations.map((operation) => operation.did))
      for (const { at } of operations) done.at.add(at)
      return super.fold(...given)
    }
  }
  const ledger = new Watched({ game, writer: writer as Writer, folded: () => {} })
  const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) })
  await updateFollowing({ ledger, following: now, log, signal: new AbortController().signal })
  const shown = [...memory.actors].filter(([, { unfollowed }]) => !unfollowed).map(([of]) => of)
  return { ...done, stored, queued, lines, shown }
}

const remembered = (following: Following, left: Followed['left'] = {}): Followed => ({ ...following, left })
const everybody: Following = { dids: undefined, collections }
const HERE: Cursor = { host: 'a.test', wire: 'v2', value: 7, at: second(9) }

test('where nothing has changed, nobody is looked through and nothing is written', async () => {
  const list: Following = { dids: people(0, 3), collections }
  for (const [before, now] of [
    [everybody, everybody],
    [list, list],
    [list, { dids: people(0, 3).reverse(), collections: [LIKE, POST] }],
  ] as const) {
    const { folds, asked, stored, queued } = await update(3, remembered(before), now)
    assert.deepEqual([folds, asked, stored, queued], [[], [], [], []])
  }
})

test('where only collections have changed, that is written and nobody is looked through', async () => {
  for (const dids of [undefined, people(0, 3)]) {
    const wide = { dids, collections: [...collections, FOLLOW] }
    const { folds, asked, stored } = await update(3, remembered(wide), { dids, collections }, HERE)
    assert.deepEqual([folds, asked], [[], []])
    assert.deepEqual(
      stored.map(({ now }) => now.left),
      [{ [FOLLOW]: HERE.at }],
    )
  }
})

test('between two lists those who are in one of them are looked through, 500 at a time', async () => {
  const { folds, asked, shown, at } = await update(
    1_300,
    remembered({ dids: people(0, 1_100), collections }),
    { dids: people(1_000, 1_300), collections },
    HERE,
  )
  assert.deepEqual(
    folds.map(({ length }) => length),
    [500, 500, 200],
  )
  assert.deepEqual(asked, [])
  assert.deepEqual(shown, people(1_000, 1_300))
  assert.deepEqual([...at], [HERE.at])
  // A thousand are no more than two times 500.
  const even = await update(1_000, remembered({ dids: people(0, 1_000), collections }), {
    dids: [],
    collections,
  })
  assert.deepEqual(
    even.folds.map(({ length }) => length),
    [500, 500],
  )
})

test('between a list and everybody all are looked through, page by page', async () => {
  const list: Following = { dids: people(10, 20), collections }
  const hidden = await update(1_200, remembered(everybody), list, HERE)
  assert.deepEqual(
    hidden.folds.map(({ length }) => length),
    [500, 500, 200],
  )
  assert.deepEqual(hidden.asked, [undefined, did(499), did(999), did(1_199)])
  assert.deepEqual(hidden.shown, people(10, 20))
  assert.equal((await update(30, remembered(list), everybody)).folds.length, 1)
  // A list of nobody is not that of everybody.
  const nobody: Following = { dids: [], collections }
  assert.deepEqual((await update(3, remembered(everybody), nobody)).shown, [])
  assert.equal((await update(3, remembered(nobody), everybody)).folds.length, 1)
  // One that never said it has everybody's.
  assert.equal((await update(30, undefined, everybody)).folds.length, 0)
  assert.deepEqual((await update(30, undefined, list)).shown, people(10, 20))
})

test('everybody is queued for reconciliation once, from when the first of those who come back was missed', async () => {
  const left = { [did(1)]: second(5), [did(2)]: second(3), [did(3)]: second(4) }
  const { stored, queued } = await update(
    9,
    remembered({ dids: [did(8)], collections }, left),
    everybody,
    HERE,
  )
  assert.equal(stored[0]?.gaps.length, 3)
  assert.deepEqual(queued, [second(3)])
})

test('a gap names three who were missed, and says how many others there are', async () => {
  const names = async (...gone: string[]) => {
    const left = Object.fromEntries(gone.map((name) => [name, second(3)]))
    const { stored, lines } = await update(
      9,
      remembered({ dids: [did(8)], collections }, left),
      everybody,
      HERE,
    )
    const [gap, ...more] = stored[0]?.gaps ?? []
    assert.deepEqual(more, [])
    assert.deepEqual(
      lines.map(({ msg, from, to }) => [msg, from, to]),
      [[gap?.host, second(3), HERE.at]],
    )
    return gap?.host
  }
  assert.equal(await names(did(1), did(2), did(3)), `not followed by DIDS: ${did(1)}, ${did(2)}, ${did(3)}`)
  assert.equal(
    await names(EVERYBODY, ...people(1, 5)),
    `not followed by DIDS: everybody else, ${did(1)}, ${did(2)} and 2 others`,
  )
})
