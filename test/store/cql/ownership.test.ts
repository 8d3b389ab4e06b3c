// The faults that `handover.test.ts` mixes, one by one, each in the order in which it would do harm.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Cursor, Did } from '../../../src/atproto/event.ts'
import { touched } from '../../../src/game/touched.ts'
import { Ledger } from '../../../src/ingest/ledger.ts'
import { takeOut } from '../../../src/store/cql/inbox.ts'
import type { CqlStore } from '../../../src/store/cql/open.ts'
import { shardOf } from '../../../src/store/cql/rows/buckets.ts'
import { LeaseLostError } from '../../../src/store/cql/shards/leases.ts'
import { RulesChangedError, StoreBusyError, type Writer } from '../../../src/store/store.ts'
import { compare } from '../../conformance/compare.ts'
import { cursorOf, like, repost } from '../../conformance/operations.ts'
import { game, LIKE, person, START, tid } from '../../game/arbitrary.ts'
import { MemoryLedger } from '../../memory-ledger.ts'
import { type MemoryClient, MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

const HEARTBEAT = { at: 0, lag: 0, host: undefined }
const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep', company: 'others' } as const
/** Of two shards, each has one. */
const [alice, bob] = [person(0), person(2)]
const isCommit = (cql: string): boolean => /^UPDATE shards SET until = \?, seq/.test(cql)

test('a delivery that waited while a shard was taken does not move that shard', async (t) => {
  const here = await Here.begin(t, 2)
  const [one, other] = [await here.worker(), await here.worker()]
  await here.share(one, other)
  const [mine, theirs] = [one.somebody(), other.somebody()]
  for (const worker of [one, other]) await worker.deliver([like(mine, 1), like(theirs, 1)], 1)
  // The second one alone hears of this; the first one ends.
  await other.deliver([like(mine, 2), like(theirs, 2)], 2)
  await one.end()
  const beat = other.ledger.use((writer) => writer.beat(HEARTBEAT))
  const waiting = other.deliver([like(mine, 3), like(theirs, 3)], 3)
  await Promise.all([beat, waiting])
  assert.equal((await other.cursor())?.value, 1)
  await other.deliver([like(mine, 2), like(theirs, 2), like(mine, 3), like(theirs, 3)], 3)
  await other.end()
  await here.assertHolds([1, 2, 3].flatMap((n) => [like(mine, n), like(theirs, n)]))
})

test('a commit that a server carries out late does not take back later ones', async (t) => {
  const here = await Here.begin(t, 1)
  const worker = await here.worker()
  let commits = 0
  here.cluster.fate = (cql) => (isCommit(cql) && commits++ === 0 ? 'late' : 'fine')
  for (let n = 1; n <= 3; n++) await worker.deliver([like(alice, n)], n)
  assert.equal(here.row().seq, 3)
  assert.ok(here.cluster.carryOut(0))
  assert.equal(here.row().seq, 3)
  await worker.deliver([like(alice, 4)], 4)
  await worker.end()
  await here.assertHolds([1, 2, 3, 4].map((n) => like(alice, n)))
})

test('a commit whose answer was lost is known to have been accepted', async (t) => {
  const here = await Here.begin(t, 1)
  const worker = await here.worker()
  let lost = 0
  here.cluster.fate = (cql) => (isCommit(cql) && lost++ === 0 ? 'unanswered' : 'fine')
  await worker.deliver([like(alice, 1)], 1)
  assert.ok(worker.writer.owns(alice))
  assert.equal(here.row().epoch, 1)
  await worker.end()
})

test('whom a worker follows is asked for again where an answer is lost', async (t) => {
  const here = await Here.begin(t, 1)
  const worker = await here.worker()
  const followed = { dids: [alice], collections: [LIKE], left: {} }
  let lost = 0
  here.cluster.fate = (cql) => (/\.meta /.test(cql) && lost++ % 2 === 0 ? 'unanswered' : 'fine')
  await worker.writer.follow({ before: undefined, now: followed, gaps: [], missed: undefined })
  assert.deepEqual(await worker.writer.followed(), [followed])
  assert.ok(lost > 4)
  await worker.end()
})

test('after a gap each worker visits its own people, and an heir goes on where each shard was', async (t) => {
  const here = await Here.begin(t, 2)
  const [one, other] = [await here.worker(), await here.worker()]
  await here.share(one, other)
  const people = [0, 1, 2, 3, 4, 5, 6, 7].map(person)
  for (const worker of [one, other]) {
    await worker.deliver(
      people.map((did, n) => like(did, n)),
      8,
    )
  }
  const told = async () => (await here.store.reader.status()).reconciliation
  const visitsOf = async ({ ledger }: Worker): Promise<Did[]> =>
    await ledger.use(async (writer) =>
      writer.unreconciled((await writer.reconciliation())?.after, people.length),
    )
  for (const { writer } of [one, other]) await writer.queueReconciliation({ since: START, at: START })
  const [mine, theirs] = [await visitsOf(one), await visitsOf(other)]
  assert.deepEqual([...mine, ...theirs].sort(), people)
  assert.ok(mine.length > 1 && mine.every((did) => one.writer.owns(did)))
  const first = mine[0] ?? assert.fail()
  await one.writer.reconciled({ after: first, done: new Map([[first, 'changed']]) })
  const { people: known, checked, changed } = (await told()) ?? assert.fail()
  assert.deepEqual([known, checked, changed], [people.length, 1, 1])

  const heir = await here.heir()
  const visited: Did[] = []
  for (let parts = 0; (await heir.writer.reconciliation()) !== undefined; parts++) {
    assert.ok(parts < 2)
    const left = await visitsOf(heir)
    visited.push(...left)
    await heir.writer.reconciled({
      after: left.at(-1) ?? first,
      done: new Map(left.map((did) => [did, 'same'])),
    })
    await heir.writer.endReconciliation(START + 1)
  }
  assert.deepEqual(
    visited.sort(),
    people.filter((did) => did !== first),
  )
  // The former owner is paused, and what it says then counts for nothing.
  await assert.doesNotReject(one.writer.reconciled({ after: first, done: new Map([[first, 'failed']]) }))
  const after = (await told()) ?? assert.fail()
  assert.deepEqual([after.checked, after.failed, after.endedAt], [people.length, 0, START + 1])
  await heir.end()
})

test('where shards followed different people, those that missed nothing are not compared', async (t) => {
  const here = await Here.begin(t, 2)
  const [one, other] = [await here.worker(), await here.worker()]
  await here.share(one, other)
  const people = [0, 1, 2, 3, 4, 5, 6, 7].map(person)
  for (const worker of [one, other]) {
    await worker.deliver(
      people.map((did, n) => like(did, n)),
      8,
    )
  }
  const mine = people.filter((did) => one.writer.owns(did))
  assert.ok(mine.length > 0 && mine.length < people.length)
  const now = { dids: undefined, collections: [LIKE], left: {} }
  await one.writer.followed()
  await one.writer.follow({ before: undefined, now, gaps: [], missed: undefined })
  const heir = await here.heir()
  assert.equal((await heir.writer.followed()).length, 2)
  await heir.writer.follow({ before: undefined, now, gaps: [], missed: { since: START, at: START } })
  assert.notEqual(await heir.writer.reconciliation(), undefined)
  assert.deepEqual(
    (await heir.writer.unreconciled(undefined, people.length)).sort(),
    people.filter((did) => !mine.includes(did)),
  )
  await heir.writer.endReconciliation(START + 1)
  assert.equal(await heir.writer.reconciliation(), undefined)
  await heir.end()
})

test('a database that lost what it had taken is given it again from the stream', async (t) => {
  const here = await Here.begin(t, 2)
  const worker = await here.worker()
  await worker.deliver([like(alice, 1), like(bob, 1)], 1)
  const before = here.cluster.snapshot()
  await worker.deliver([like(alice, 2), like(bob, 2)], 2)
  here.cluster.restore(before)
  await worker.deliver([like(alice, 3), like(bob, 3)], 3)
  const { moved } = worker.writer
  await worker.beat()
  assert.ok(moved.aborted)
  assert.equal((await worker.cursor())?.value, 1)
  for (const n of [2, 3]) await worker.deliver([like(alice, n), like(bob, n)], n)
  await worker.end()
  await here.assertHolds([1, 2, 3].flatMap((n) => [like(alice, n), like(bob, n)]))
})

test('a batch is kept again before its commit is repeated', async (t) => {
  const here = await Here.begin(t, 1)
  const worker = await here.worker()
  await worker.deliver([like(alice, 1)], 1)
  const before = here.cluster.snapshot()
  let crashed = false
  here.cluster.carriedOut = (cql) => {
    if (crashed || !cql.startsWith('INSERT INTO journal')) return
    crashed = true
    here.cluster.restore(before)
  }
  let failed = false
  here.cluster.fate = (cql) => {
    if (!isCommit(cql) || failed) return 'fine'
    failed = true
    return 'lost'
  }
  await worker.deliver([like(alice, 2)], 2)
  await worker.beat()
  await worker.cursor()
  await worker.deliver([like(alice, 2)], 2)
  worker.client.pause()
  const heir = await here.heir()
  assert.deepEqual(heir.writer.faults(), [])
  await heir.end()
  await here.assertHolds([like(alice, 1), like(alice, 2)])
})

test('a worker counts what it takes, commits, asks, gives back and loses', async (t) => {
  const here = await Here.begin(t, 2)
  const worker = await here.worker()
  const before = worker.writer.measures()
  assert.deepEqual(before.shards, { owned: 2, of: 2 })
  assert.deepEqual(before.handovers, { taken: 2, released: 0, lost: 0 })
  assert.equal(before.journalBatches, 0)
  let failed = false
  here.cluster.fate = (cql) => {
    if (!isCommit(cql) || failed) return 'fine'
    failed = true
    return 'lost'
  }
  await worker.deliver([like(alice, 1), like(bob, 1)], 1)
  const after = worker.writer.measures()
  assert.equal(after.journalBatches, 2)
  assert.equal(after.retries, before.retries + 1)
  assert.ok((after.requests.conditional ?? 0) > (before.requests.conditional ?? 0))
  await worker.end()
  assert.deepEqual(worker.writer.measures().shards, { owned: 0, of: 2 })
  assert.deepEqual(worker.writer.measures().handovers, { taken: 2, released: 2, lost: 0 })
  assert.equal(worker.writer.measures().journalBatches, 2)
  const first = await here.worker()
  first.client.pause()
  const heir = await here.heir()
  first.client.wake()
  // It gives one of the two back to share them, and finds it lost.
  await first.beat()
  assert.deepEqual(first.writer.measures().handovers, { taken: 2, released: 0, lost: 1 })
  assert.deepEqual(heir.writer.measures().shards, { owned: 2, of: 2 })
})

test('a batch that the journal does not have is a fault of its shard alone', async (t) => {
  const here = await Here.begin(t, 2)
  const worker = await here.worker()
  await worker.deliver([like(alice, 1), like(bob, 1)], 1)
  await worker.end()
  const { shard } = here.row()
  here.cluster.run('DELETE FROM journal WHERE shard = ?', [shard])
  const heir = await here.worker()
  assert.equal(heir.writer.faults().length, 1)
  assert.match(
    heir.writer.faults()[0] ?? '',
    new RegExp(`^batch 1 of shard ${shard} has 0 of 1 blocks in the journal: .*bsky-rpg rollback ${shard}`),
  )
  assert.equal([alice, bob].filter((did) => heir.writer.owns(did)).length, 1)
})

for (const written of ['none', 'all'] as const) {
  test(`a shard whose last batch is lost goes back to the one before, ${written} of its rows being there`, async (t) => {
    const here = await Here.begin(t, 2)
    const worker = await here.worker()
    const shard = shardOf(alice, 2)
    await worker.deliver([like(alice, 1), like(bob, 1)], 1)
    const before = here.cluster.snapshot()
    await worker.deliver([like(alice, 2), like(bob, 2)], 2)
    worker.client.pause()
    here.cluster.lose('journal', (key) => key.shard === shard && key.seq === 2)
    if (written === 'none') here.cluster.goBack(before, ({ did }) => did === alice)
    if (written === 'none')
      here.cluster.goBack(before, (key) => key.shard === shard && !('seq' in key), ['shards'])
    const heir = await here.heir()
    assert.equal(heir.writer.faults().length, 1)
    const lease = setInterval(() => {
      here.now += 10_000
    }, 20)
    const { lost, batch, cursor } = await here.store.rollBack(shard)
    clearInterval(lease)
    assert.deepEqual([lost, batch, cursor.value], [2, 1, 1])
    // What the owner of before still sends comes to nothing.
    worker.client.wake()
    const { moved } = heir.writer
    await heir.beat()
    assert.ok(moved.aborted)
    assert.deepEqual(heir.writer.faults(), [])
    assert.equal((await heir.cursor())?.value, 1)
    await heir.deliver([like(alice, 2), like(bob, 2)], 2)
    await heir.deliver([like(alice, 3), like(bob, 3)], 3)
    await heir.end()
    await here.assertHolds([1, 2, 3].flatMap((n) => [like(alice, n), like(bob, n)]))
  })
}

test('a shard goes back by an hour where nothing tells where the batch before had come to', async (t) => {
  const here = await Here.begin(t, 1)
  const worker = await here.worker()
  await worker.deliver([like(alice, 1)], 1)
  await worker.end()
  here.cluster.lose('journal')
  const { batch, cursor } = await here.store.rollBack(0)
  assert.deepEqual([batch, cursor.at, cursor.host], [undefined, cursorOf(1).at - 3_600_000_000, 'none'])
})

test('nothing is rolled back that is not lost, or that its owner still has', async (t) => {
  const here = await Here.begin(t, 1)
  await assert.rejects(here.store.rollBack(0), /no shard 0 that anybody has ever owned/)
  const worker = await here.worker()
  await assert.rejects(here.store.rollBack(0), StoreBusyError)
  await worker.deliver([like(alice, 1)], 1)
  await worker.end()
  await assert.rejects(here.store.rollBack(0), /batch 1 of shard 0 is in the journal/)
  await assert.rejects(here.store.rollBack(1), /no shard 1/)
})

test('the last batches that the journal has are written out again, for servers may have lost all of their rows', async (t) => {
  const here = await Here.begin(t, 1)
  const worker = await here.worker()
  const events = Array.from({ length: 12 }, (_, n) => like(alice, n + 1))
  for (const [n, event] of events.entries()) await worker.deliver([event], n + 1)
  worker.client.pause()
  // Several servers lost power at once, before these were on their disks; the journal was.
  for (const table of ['characters', 'records', 'events', 'events_by_type', 'standings', 'books', 'board']) {
    here.cluster.lose(table)
  }
  const heir = await here.heir()
  await heir.end()
  await here.assertHolds(events)
})

test('a worker of other rules does not go on after a recompute', async (t) => {
  const here = await Here.begin(t, 2)
  const old = await here.worker()
  await old.deliver([like(alice, 1)], 1)
  old.client.pause()
  here.now += 10_000
  const store = await here.open()
  const judging = store.write({ fingerprint: 'others', purpose: 'recompute' })
  const passes = setInterval(() => {
    here.now += 10_000
  }, 20)
  const writer = await judging
  clearInterval(passes)
  await writer.bindRules('others')
  await writer[Symbol.asyncDispose]()
  old.client.wake()
  await assert.rejects(async () => {
    await old.deliver([like(alice, 2)], 2)
    await old.beat()
  }, RulesChangedError)
  assert.deepEqual(
    here.cluster.rows('shards').map(({ rules }) => rules),
    ['others', 'others'],
  )
})

test('a lease that is lost while a write is tried again is told as such', async (t) => {
  const here = await Here.begin(t, 1)
  const store = await here.open()
  const writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
  here.cluster.fate = (cql) => (/INTO (characters|records|events)/.test(cql) ? 'lost' : 'fine')
  const ledger = new Ledger({ game, writer, folded: () => {} })
  const folded = ledger.fold([like(alice, 1)], cursorOf(1))
  const { shard, epoch } = here.row()
  here.cluster.run('UPDATE shards SET epoch = ? WHERE shard = ?', [Number(epoch) + 1, shard])
  here.cluster.cutAll()
  await assert.rejects(folded, LeaseLostError)
})

test('an owner is gone when its row stands still for longer than a lease, whatever clocks say', async (t) => {
  const here = await Here.begin(t, 2)
  const worker = await here.worker()
  // Its clock is an hour behind, as it were: as far as the row says, the lease ended long ago.
  for (const { shard } of here.cluster.rows('shards')) {
    here.cluster.run('UPDATE shards SET until = ? WHERE shard = ?', [1, shard])
  }
  const watcher = await here.worker()
  await watcher.beat()
  assert.ok(![alice, bob].some((did) => watcher.writer.owns(did)))
  // And here an hour ahead.
  for (const { shard } of here.cluster.rows('shards')) {
    here.cluster.run('UPDATE shards SET until = ? WHERE shard = ?', [Date.now() + 3_600_000, shard])
  }
  worker.client.pause()
  await watcher.beat()
  here.now += 6_000
  await watcher.beat()
  assert.ok(![alice, bob].some((did) => watcher.writer.owns(did)))
  here.now += 6_000
  here.cluster.nowMs += 60_000
  await watcher.beat()
  assert.ok([alice, bob].every((did) => watcher.writer.owns(did)))
})

test('a command that wants all of the ledger is refused while a worker renews its lease', async (t) => {
  const here = await Here.begin(t, 1)
  await here.worker()
  const store = await here.open()
  const wanted = store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
  await assert.rejects(wanted, StoreBusyError)
})

test('who is forgotten and counts again before others have written their plans is not named any more', async (t) => {
  const here = await Here.begin(t, 1)
  const worker = await here.worker()
  await worker.deliver([repost(bob, 1, alice)], 1)
  const subjects = () => here.cluster.rows('records').map(({ subject }) => subject ?? null)
  const [named] = subjects()
  assert.match(String(named), /^at:/)
  const of = { wish: '', did: alice, at: START + 2_000_000 }
  await worker.ledger.fold([{ kind: 'forget', ...of }], undefined)
  await worker.ledger.fold([{ kind: 'unforget', ...of, floor: tid(2) }], undefined)
  const look = () => worker.ledger.use((writer) => writer.wishes(10))
  await look()
  assert.deepEqual(subjects(), [named], 'others may still be writing')
  for (let beat = 0; beat < 8; beat++) {
    here.now += 2_000
    await worker.beat()
  }
  // The owner of a person hands on what the owners of records have to do.
  for (let turn = 0; turn < 2; turn++) await look()
  assert.deepEqual(subjects(), [null])
  assert.deepEqual(here.cluster.rows('mentions'), [])
  assert.deepEqual(here.cluster.rows('inbox'), [])
  await worker.end()
})

test('what somebody left whose clock is an hour ahead is taken out all the same', async (t) => {
  const here = await Here.begin(t, 1)
  const worker = await here.worker()
  await worker.deliver([like(alice, 1)], 1)
  here.cluster.nowMs += 3_600_000
  await here.store.inbox.leave({ kind: 'forget', did: alice, at: START })
  here.cluster.nowMs -= 3_600_000
  for (let look = 0; look < 2; look++) {
    await worker.ledger.fold(await worker.ledger.use((writer) => writer.wishes(10)), undefined)
  }
  assert.deepEqual(
    here.cluster.rows('inbox').filter(({ kind }) => kind === 'forget'),
    [],
  )
  await worker.end()
})

test('a note that is written once more after it was followed stays away', async (t) => {
  const here = await Here.begin(t, 1)
  const at = START
  const cql = 'INSERT INTO inbox (shard, id, kind, did, at, note) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?'
  const note = [0, 'id', 'recount', alice, at, '{}', at]
  here.cluster.run(cql, note)
  const [, ...params] = takeOut({ shard: 0, id: 'id', written: at })
  here.cluster.run('DELETE FROM inbox USING TIMESTAMP ? WHERE shard = ? AND id = ?', params)
  here.cluster.run(cql, note)
  assert.deepEqual(here.cluster.rows('inbox'), [])
})

test('a sum that nobody holds any more is set to 0, for deletions would be read past for days', async (t) => {
  const here = await Here.begin(t, 1)
  const worker = await here.worker()
  await worker.deliver([like(alice, 1)], 1)
  await worker.deliver([like(alice, 2)], 2)
  const sums = here.cluster.rows('standings').map(({ experience, characters }) => [experience, characters])
  assert.deepEqual(sums.sort(), [
    [10, 0],
    [20, 1],
  ])
  assert.deepEqual(await here.store.reader.xpHistogram(), [{ experience: 20, characters: 1 }])
  await worker.end()
})

test('what an owner tells another about somebody is part of the batch of that person', async (t) => {
  const here = await Here.begin(t, 2)
  const worker = await here.worker()
  await worker.deliver([like(alice, 1), like(bob, 1)], 1)
  const row = here.cluster.rows('shards').find(({ shard }) => shard === shardOf(alice, 2)) ?? {}
  here.cluster.run('UPDATE shards SET epoch = ? WHERE shard = ?', [Number(row.epoch) + 1, row.shard])
  // The shard of the first is lost in the middle of this; bob's is not.
  const { at } = like(alice, 2)
  const forget = { kind: 'forget', wish: '', did: bob, at } as const
  await worker.ledger.fold([like(alice, 2), forget], undefined)
  assert.deepEqual(
    here.cluster.rows('inbox').map(({ kind, did }) => [kind, did]),
    [['unname-all', bob]],
  )
})

test('people of a batch that was refused are read anew, not as it would have left them', async (t) => {
  const here = await Here.begin(t, 1)
  const worker = await here.worker()
  await worker.deliver([like(alice, 1)], 1)
  here.cluster.run('UPDATE shards SET epoch = ? WHERE shard = ?', [Number(here.row().epoch) + 1, 0])
  const { at } = like(alice, 2)
  assert.equal(await worker.ledger.use((writer) => writer.prune({ before: at, now: at }, 10)), 0)
  assert.ok(!worker.writer.owns(alice))
  const heir = await here.heir()
  assert.equal((await heir.cursor())?.value, 1)
  await heir.deliver([like(alice, 2)], 2)
  const known = await worker.ledger.use((writer) => writer.load(touched(game, [like(alice, 3)])))
  assert.equal(known.actor(alice)?.experience, 20)
  await heir.end()
  await here.assertHolds([like(alice, 1), like(alice, 2)])
})

test('rows that are too large together for a server are written in halves', async (t) => {
  const here = await Here.begin(t, 1)
  const worker = await here.worker()
  here.cluster.maxBatch = 3
  await worker.deliver(
    [1, 2, 3, 4, 5].map((n) => like(alice, n)),
    5,
  )
  await worker.end()
  await here.assertHolds([1, 2, 3, 4, 5].map((n) => like(alice, n)))
})

test('an experience counter that a dead worker left behind is put right by its heir', async (t) => {
  const here = await Here.begin(t, 1)
  const worker = await here.worker()
  for (let n = 1; n <= 3; n++) await worker.deliver([like(alice, n)], n)
  worker.client.pause()
  assert.deepEqual(here.cluster.rows('characters_experience'), [])
  const heir = await here.heir()
  await heir.end()
  assert.deepEqual(here.cluster.rows('characters_experience'), [{ did: alice, experience: 30 }])
})

/** A cluster, and workers over it. */
class Here {
  readonly cluster = new MemoryCluster()
  now = 0
  store!: CqlStore
  readonly #shards: number

  private constructor(shards: number) {
    this.#shards = shards
  }

  static async begin(t: TestContext, shards: number): Promise<Here> {
    const here = new Here(shards)
    here.store = await here.open()
    t.after(() => here.store[Symbol.asyncDispose]())
    return here
  }

  open(client?: MemoryClient): Promise<CqlStore> {
    // Counters as the program has them: what a former owner has not sent when it is paused, it never sends.
    const options = { shards: this.#shards, elapsedMs: () => this.now, firstWaitMs: 1, countersMs: 5_000 }
    return openOn(this.cluster, options, client)
  }

  async worker(): Promise<Worker> {
    const client = this.cluster.client()
    return new Worker(client, await (await this.open(client)).write(KEEP))
  }

  /** Takes over the shards of all paused workers. */
  async heir(): Promise<Worker> {
    const worker = await this.worker()
    for (let look = 0; look < 2; look++) {
      this.now += 10_000
      this.cluster.nowMs += 60_000
      await worker.beat()
    }
    return worker
  }

  async share(one: Worker, other: Worker): Promise<void> {
    for (let beat = 0; beat < 4; beat++) for (const worker of [one, other]) await worker.beat()
    for (const worker of [one, other]) await worker.cursor()
  }

  row(): Record<string, unknown> {
    return this.cluster.rows('shards')[0] ?? {}
  }

  async assertHolds(events: Parameters<MemoryLedger['fold']>[1]): Promise<void> {
    const expected = new MemoryLedger()
    for (const event of events) expected.fold(game, [event])
    await compare(this.store, expected)
  }
}

class Worker {
  readonly client: MemoryClient
  readonly writer: Writer
  readonly ledger: Ledger

  constructor(client: MemoryClient, writer: Writer) {
    this.client = client
    this.writer = writer
    this.ledger = new Ledger({ game, writer, folded: () => {} })
  }

  async deliver(events: Parameters<Ledger['fold']>[0], value: number): Promise<void> {
    await this.ledger.fold(events, cursorOf(value))
  }

  beat(): Promise<void> {
    return this.ledger.use((writer) => writer.beat(HEARTBEAT))
  }

  cursor(): Promise<Cursor | undefined> {
    return this.ledger.use((writer) => writer.cursor())
  }

  end(): PromiseLike<void> {
    return this.writer[Symbol.asyncDispose]()
  }

  /** A person of a shard that it owns. */
  somebody(): Did {
    return [0, 1, 2, 3, 4, 5, 6, 7].map(person).find((did) => this.writer.owns(did)) ?? alice
  }
}
