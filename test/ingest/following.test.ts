import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { Did } from '../../src/atproto/event.ts'
import type { Following } from '../../src/game/followed.ts'
import { updateFollowing } from '../../src/ingest/following.ts'
import { Ledger } from '../../src/ingest/ledger.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store } from '../../src/store/store.ts'
import { cursorOf } from '../conformance/operations.ts'
import { folder } from '../e2e/harness.ts'
import { FOLLOW, game } from '../game/arbitrary.ts'
import { alice, bob, commit, second } from '../game/operations.ts'

const collections = [...game.followed]
const everybody: Following = { dids: undefined, collections }
const signal = new AbortController().signal

/** Runs ingest once with `following`, and ends it with the stream at second `n`. */
async function run(store: Store, following: Following, n: number): Promise<void> {
  await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
  const ledger = new Ledger({ game, writer, folded: () => {} })
  await updateFollowing({ ledger, following, log: pino({ level: 'silent' }), signal })
  const events = [alice, bob].filter((did) => following.dids?.includes(did) ?? true)
  await ledger.fold(
    events.map((did) => commit({ n, did })),
    cursorOf(n),
  )
}

const shown = async ({ reader }: Store): Promise<Did[]> =>
  (await reader.characters([alice, bob])).map(({ did }) => did)

test('who is in the list no more is not shown until they are again, and then the gap is recorded', async () => {
  using here = folder()
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  await run(store, { dids: [alice, bob], collections }, 1)
  await run(store, { dids: [bob], collections }, 2)
  assert.deepEqual(await shown(store), [bob])
  assert.equal((await store.reader.board({ cursor: undefined, around: undefined, limit: 9 })).items.length, 1)
  await run(store, { dids: [bob], collections }, 3)
  assert.deepEqual((await store.reader.status()).gaps, [])
  await run(store, { dids: [bob, alice], collections }, 4)
  assert.deepEqual(await shown(store), [alice, bob])
  const { gaps } = await store.reader.status()
  assert.deepEqual(gaps, [
    {
      host: `not followed by DIDS: ${alice}`,
      from: second(1),
      to: second(3),
      reason: 'not-followed',
      at: second(3),
    },
  ])
  assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
})

test('a list in place of everybody hides all others, and everybody again shows them', async () => {
  using here = folder()
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  await run(store, everybody, 1)
  await run(store, { dids: [bob], collections }, 2)
  assert.deepEqual(await shown(store), [bob])
  await run(store, everybody, 3)
  assert.deepEqual(await shown(store), [alice, bob])
  const { gaps } = await store.reader.status()
  assert.deepEqual(
    gaps.map(({ host, from, to }) => [host, from, to]),
    [['not followed by DIDS: everybody else', second(1), second(2)]],
  )
})

test('a collection that is followed again has a gap, and a new one has none', async () => {
  using here = folder()
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  const less = { ...everybody, collections: collections.filter((nsid) => nsid !== FOLLOW) }
  await run(store, less, 1)
  await run(store, everybody, 2)
  assert.deepEqual((await store.reader.status()).gaps, [])
  await run(store, less, 3)
  await run(store, everybody, 4)
  const { gaps } = await store.reader.status()
  assert.deepEqual(
    gaps.map(({ host, from, to }) => [host, from, to]),
    [[`not followed by TRACK or the rules: ${FOLLOW}`, second(2), second(3)]],
  )
})

test('a ledger that never said whom it follows is gone through once', async () => {
  using here = folder()
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  {
    await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
    const ledger = new Ledger({ game, writer, folded: () => {} })
    await ledger.fold([commit({ n: 1 }), commit({ n: 1, did: bob })], undefined)
  }
  await run(store, { dids: [bob], collections }, 2)
  assert.deepEqual(await shown(store), [bob])
})

test('what was ended in the middle is done anew', async () => {
  using here = folder()
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  await run(store, everybody, 1)
  {
    await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
    const ledger = new Ledger({ game, writer, folded: () => {} })
    const ending = { ledger, log: pino({ level: 'silent' }), signal: AbortSignal.abort() }
    await assert.rejects(updateFollowing({ ...ending, following: { dids: [bob], collections } }))
  }
  assert.deepEqual(await shown(store), [alice, bob])
  await run(store, { dids: [bob], collections }, 2)
  assert.deepEqual(await shown(store), [bob])
})
