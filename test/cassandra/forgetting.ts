import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Did, Nsid } from '../../src/atproto/event.ts'
import { decide } from '../../src/game/decide.ts'
import type { Operation } from '../../src/game/operation.ts'
import { touched } from '../../src/game/touched.ts'
import { openCql } from '../../src/store/cql/open.ts'
import { shardOf } from '../../src/store/cql/rows/buckets.ts'
import type { Store, Writer } from '../../src/store/store.ts'
import { until } from '../e2e/harness.ts'
import { game, POST, person, REPOST, START, tid } from '../game/arbitrary.ts'
import type { Places } from './places.ts'

const [alice, bob, ...others] = [0, 1, 2, 3, 4, 5, 6, 7].map(person) as [Did, Did, ...Did[]]
/** The only table that still names a forgotten person: it records that they are forgotten. */
const WHAT_STAYS = ['characters']
/** The table of counters. It keeps a row, counted back, for each forgotten person whose experience was ever sent to it. */
const COUNTERS = 'characters_experience'

/** Tests for a cluster's suite: a forgotten person leaves no trace. */
export function testForgetting(places: Places): void {
  test('of somebody who is forgotten nothing is left but that they are', async () => {
    await using ledger = await Forgetting.begin(places)
    const handle = 'alice.example'
    const profile = { handle, displayName: 'Alice', avatar: undefined, asked: START } as const
    const answer = { question: 'profile:0:1', tries: 0, at: START, optedOut: false, postsCount: 0 }
    await ledger.fold(
      { ...created(alice, 1, POST), record: { text: 'hello' } },
      repost(alice, 2, bob),
      repost(bob, 3, alice),
      { kind: 'profile-answer', did: alice, profile, ...answer },
    )
    for (const table of [
      'records',
      'events',
      'mentions',
      'handles',
      'journal',
      'event_days',
      'open_questions',
    ]) {
      assert.ok((await places.naming(alice, handle)).includes(table), table)
    }
    await ledger.forget(alice)
    assert.deepEqual(
      (await places.naming(alice, handle)).filter((table) => table !== COUNTERS),
      WHAT_STAYS,
    )
  })

  test('somebody whom a record does not name any more is not said to be named by its author', async () => {
    await using ledger = await Forgetting.begin(places)
    await ledger.fold(repost(bob, 1, alice), repost(bob, 2, alice), repost(bob, 3, alice))
    const { record: elsewhere } = repost(bob, 5, others[0] ?? alice)
    await ledger.fold(
      { ...created(bob, 4, REPOST), op: 'delete', rkey: tid(1), record: undefined },
      { ...created(bob, 5, REPOST), op: 'update', rkey: tid(2), record: elsewhere },
    )
    assert.equal(await ledger.count('mentions'), 2)
    await ledger.forget(bob)
    assert.deepEqual(
      (await places.naming(bob)).filter((table) => table !== COUNTERS),
      WHAT_STAYS,
    )
  })

  test('one whom thousands of records name is forgotten by all of them, however old the shards', async () => {
    const of = (did: Did): number => shardOf(did, places.shards)
    const elsewhere = [bob, ...others].find((did) => of(did) !== of(alice)) ?? bob
    await using ledger = await Forgetting.begin(places, async () => {
      const client = await places.connected()
      // As after many changes of its owner: all that it writes is later than what the owner of the other does.
      await client.execute(
        `UPDATE ${places.address.keyspace}.shards SET epoch = 1000 WHERE shard = ? IF EXISTS`,
        [of(elsewhere)],
        { prepare: true },
      )
    })
    // More than are looked at together, and others before or after them.
    await ledger.fold(...Array.from({ length: 4_100 }, (_, n) => repost(elsewhere, n + 1, alice)))
    const rest = [bob, ...others].filter((did) => did !== elsewhere)
    await ledger.fold(...rest.map((did) => repost(did, 1, alice)))
    assert.equal(await ledger.count('mentions'), 4_100 + rest.length)
    await ledger.forget(alice)
    assert.deepEqual(await places.naming(alice), ['characters'])
  })

  test('what another worker planned before it could know of it is forgotten too', async () => {
    await (await places.place())[Symbol.asyncDispose]()
    let ahead = 0
    const options = { address: places.address, shards: places.shards, replication: undefined }
    await using store = await openCql({ ...options, elapsedMs: () => performance.now() + ahead })
    await using elsewhere = await openCql(options)
    const how = { fingerprint: game.rules.fingerprint, purpose: 'keep', company: 'others' } as const
    await using here = await store.write(how)
    await using there = await elsewhere.write(how)
    const of = (writer: Writer): Did | undefined => [alice, bob, ...others].find((did) => writer.owns(did))
    await until('each has shards', async () => {
      for (const writer of [here, there]) await writer.beat({ at: 0, lag: 0, host: undefined })
      return of(here) !== undefined && of(there) !== undefined
    })
    const [one, other] = [of(here), of(there)] as [Did, Did]

    const about = [repost(other, 1, one)]
    const planned = decide(game, await there.load(touched(game, about)), about)
    await store.inbox.leave({ kind: 'forget', did: one, at: START })
    await fold(here, ...(await here.wishes(10)))
    await there.commit(planned, undefined)
    await here.wishes(10)
    ahead = 20_000
    await here.wishes(10)
    await there.wishes(10)
    for (const n of [2, 3]) {
      const living = [alice, bob, ...others].filter((did) => did !== one)
      for (const writer of [here, there]) {
        await writer.questions('subject', 100, new Set(), 0)
        const own = living.filter((did) => writer.owns(did))
        await fold(writer, ...own.map((did) => ({ ...created(did, n, POST), record: {} })))
      }
    }
    assert.deepEqual(await places.naming(one), ['characters'])
  })
}

class Forgetting implements AsyncDisposable {
  readonly #places: Places
  readonly #store: Store
  readonly #writer: Writer
  readonly #owned: AsyncDisposableStack

  private constructor(places: Places, store: Store, writer: Writer, owned: AsyncDisposableStack) {
    this.#places = places
    this.#store = store
    this.#writer = writer
    this.#owned = owned
  }

  /** `prepare` is called on an empty ledger before anybody writes to it. */
  static async begin(places: Places, prepare: () => Promise<void> = async () => {}): Promise<Forgetting> {
    const place = await places.place()
    await prepare()
    await using stack = new AsyncDisposableStack()
    const store = stack.use(await place.open())
    const writer = stack.use(await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' }))
    return new Forgetting(places, store, writer, stack.move())
  }

  async fold(...operations: Operation[]): Promise<void> {
    await fold(this.#writer, ...operations)
  }

  async count(table: string): Promise<number> {
    const client = await this.#places.connected()
    const { rows } = await client.execute(
      `SELECT count(*) AS n FROM ${this.#places.address.keyspace}.${table}`,
    )
    return Number(rows[0]?.n)
  }

  /** Forgets a person, and lets events go on in each shard. */
  async forget(did: Did): Promise<void> {
    await this.#store.inbox.leave({ kind: 'forget', did, at: START })
    await until('all wishes and notes are followed', async () => {
      await this.fold(...(await this.#writer.wishes(1_000)))
      return (await this.count('inbox')) === 0
    })
    for (const kind of ['subject', 'profile'] as const) await this.#writer.questions(kind, 100, new Set(), 0)
    for (const n of [10_000, 10_001]) {
      const living = [alice, bob, ...others].filter((other) => other !== did)
      await this.fold(...living.map((other) => ({ ...created(other, n, POST), record: {} })))
    }
    assert.deepEqual((await this.#store.auditor.audit(game.rules, () => {})).findings, [])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]()
  }
}

async function fold(writer: Writer, ...operations: Operation[]): Promise<void> {
  const known = await writer.load(touched(game, operations))
  await writer.commit(decide(game, known, operations), undefined)
}

/** A repost of an unknown record by `author`. */
function repost(did: Did, n: number, author: Did) {
  return { ...created(did, n, REPOST), record: { subject: { uri: `at://${author}/${POST}/${tid(99_999)}` } } }
}

function created(did: Did, n: number, collection: Nsid) {
  return { kind: 'commit', op: 'create', did, at: START + n, rev: tid(n), collection, rkey: tid(n) } as const
}
