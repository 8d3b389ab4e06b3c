// Histories at a real personal data server: imported, compared with what their owners did, and then told again by the stream.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Did, Nsid, StreamEvent } from '../../src/atproto/event.ts'
import { pathOf } from '../../src/game/state.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store } from '../../src/store/store.ts'
import { folder, Program, servedAt, until } from '../e2e/harness.ts'
import { type Account, pdsMissing, type Written } from './pds.ts'
import { type World, world } from './world.ts'

const POST = 'app.bsky.feed.post' as Nsid
const REPOST = 'app.bsky.feed.repost' as Nsid
const LIKE = 'app.bsky.feed.like' as Nsid
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** The orders in which the stream tells what was imported before. */
const ORDERS: readonly [string, (events: readonly StreamEvent[]) => StreamEvent[]][] = [
  ['as it happened', (events) => [...events]],
  ['backwards', (events) => events.toReversed()],
  ['each twice', (events) => events.flatMap((event) => [event, event])],
  [
    'first the later half',
    (events) => [...events.slice(events.length / 2), ...events.slice(0, events.length / 2)],
  ],
]

suite('histories at a real personal data server', { skip: pdsMissing, timeout: 240_000 }, () => {
  let here: World
  let amy: Account
  let ben: Account
  /** What both did, as the stream would tell it. */
  const events: StreamEvent[] = []
  /** XP of each live record, by person and path. */
  const expected = new Map<Did, Map<string, number>>()

  async function write(account: Account, collection: Nsid, fields: object, xp: number): Promise<Written> {
    const record = { $type: collection, createdAt: new Date().toISOString(), ...fields }
    const written = await here.pds.createRecord(account, collection, record)
    const { rkey, rev } = written
    events.push({
      kind: 'commit',
      did: account.did,
      at: Date.now() * 1_000,
      rev,
      op: 'create',
      collection,
      rkey,
      record,
    })
    expected.getOrInsertComputed(account.did, () => new Map()).set(`${collection}/${rkey}`, xp)
    return written
  }
  async function remove(account: Account, written: Written): Promise<void> {
    const { rev } = await here.pds.deleteRecord(account, written)
    const { collection, rkey } = written
    const about = { kind: 'commit', did: account.did, at: Date.now() * 1_000, rev, collection, rkey } as const
    events.push({ ...about, op: 'delete', record: undefined })
    expected.get(account.did)?.delete(`${collection}/${rkey}`)
  }
  const picture = async (account: Account, alt: string) => ({
    text: 'look',
    embed: {
      $type: 'app.bsky.embed.images',
      images: [{ alt, image: await here.pds.uploadPicture(account, PIXEL) }],
    },
  })
  const naming = ({ uri, cid }: Written) => ({ subject: { uri, cid } })

  before(async () => {
    here = await world()
    ;[amy, ben] = [await here.join('amy'), await here.join('ben')]
    const described = await write(ben, POST, await picture(ben, 'a single pixel'), 70)
    const plain = await write(ben, POST, { text: 'words' }, 50)
    await write(ben, POST, await picture(ben, ''), 60)
    await write(amy, POST, { text: 'more words' }, 50)
    await write(amy, POST, await picture(amy, 'another pixel'), 70)
    const regretted = await write(amy, POST, await picture(amy, ''), 60)
    await write(amy, LIKE, naming(plain), 10)
    const unliked = await write(amy, LIKE, naming(described), 10)
    await write(amy, REPOST, naming(described), 70)
    await write(amy, REPOST, naming(plain), 50)
    await remove(amy, regretted)
    await remove(amy, unliked)
  })
  after(() => here[Symbol.asyncDispose]())

  async function assertExact(store: Store): Promise<void> {
    for (const [did, records] of expected) {
      const stored = new Map<string, number>()
      for await (const page of store.reader.records(did, 100)) {
        for (const [id, { xp }] of page) stored.set(pathOf(id), xp)
      }
      assert.deepEqual(new Map([...stored].sort()), new Map([...records].sort()), did)
    }
  }

  for (const [name, order] of ORDERS) {
    test(`are exact, and stay so when the stream tells them again ${name}`, async () => {
      using place = folder()
      const ledger = place.path('ledger.db')
      await using imported = new Program(['import', ben.did, amy.handle, ...here.flags(ledger)])
      assert.equal(await imported.ended, 0, imported.output)
      assert.match(imported.output, /imported 2 of 2/)
      await using store = openSqlite({ path: ledger, reserve: 0 })
      await assertExact(store)
      await using ingest = new Program(['ingest', ...here.flags(ledger)])
      await until(
        'ingest is connected',
        async () => (await store.reader.status()).heartbeat?.host !== undefined,
      )
      here.simulator.add(order(events))
      const last = await here.post(ben)
      assert.ok(last.kind === 'commit')
      expected.get(ben.did)?.set(`${POST}/${last.rkey}`, 50)
      events.push(last)
      await until('the stream is folded', async () => {
        const status = await store.reader.importStatus(ben.did)
        return status?.records === expected.get(ben.did)?.size
      })
      await assertExact(store)
      assert.equal(await ingest.kill('SIGTERM'), 0, ingest.output)
      await using verify = new Program(['verify', '--database-url', `sqlite:${ledger}`])
      assert.equal(await verify.ended, 0, verify.output)
    })
  }

  test('are counted alike by somebody else, who checks the server, until it misses something', async () => {
    using place = folder()
    const flags = here.flags(place.path('ledger.db'))
    await using imported = new Program(['import', amy.did, ben.did, ...flags])
    assert.equal(await imported.ended, 0, imported.output)
    await using api = new Program(['api', '--port', '0', ...flags])
    const server = await servedAt(api)
    const check = async ({ did }: Account): Promise<[code: unknown, output: string]> => {
      await using program = new Program(['check', did, '--server', server, ...flags])
      return [await program.ended, program.output]
    }
    for (const account of [amy, ben]) {
      const [code, output] = await check(account)
      assert.equal(code, 0, output)
      assert.match(
        output,
        new RegExp(`^equal: .* ${expected.get(account.did)?.size} records counted alike$`, 'm'),
      )
    }
    // Nobody listens: the server does not learn of this.
    const unseen = { $type: POST, createdAt: new Date().toISOString(), text: 'nobody hears this' }
    const written = await here.pds.createRecord(amy, POST, unseen)
    const [code, output] = await check(amy)
    await here.pds.deleteRecord(amy, written)
    assert.equal(code, 0, output)
    assert.match(output, /^1 records: /m)
  })
})
