// Work about one person that takes several turns, while their shard goes away and comes back: every connection to the
// database is lost, and the same worker takes the shard again at its next heartbeat.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Did } from '../../../src/atproto/event.ts'
import { PathList } from '../../../src/bluesky/repository/path-list.ts'
import type { Snapshot } from '../../../src/bluesky/repository/snapshot.ts'
import { RequestError } from '../../../src/bluesky/request.ts'
import type { AskedQuestion } from '../../../src/game/question.ts'
import { nothingTouched } from '../../../src/game/touched.ts'
import { ImportAnswers } from '../../../src/ingest/import-answers.ts'
import { LeasedLedger, LeaseEndedError } from '../../../src/ingest/leased-ledger.ts'
import { Ledger } from '../../../src/ingest/ledger.ts'
import { answerRepositories } from '../../../src/ingest/repository-answers.ts'
import { repositorySteps } from '../../../src/ingest/repository-steps.ts'
import { KEY } from '../../bluesky/repository/made-repository.ts'
import { cursorOf, like } from '../../conformance/operations.ts'
import { game, LIKE, person, START, tid } from '../../game/arbitrary.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

const HEARTBEAT = { at: 0, lag: 0, host: undefined }
const alice = person(0)
/** A repository that has nothing any more. */
const EMPTY: Snapshot = { rev: tid(100), paths: PathList.of([]), records: undefined, profile: undefined }
const SYNC = { kind: 'sync', did: alice, at: START + 9_000_000, rev: tid(9) } as const

/** One worker, whose ledger has two likes of alice's, and a question about her repository. */
async function begin(t: TestContext) {
  const cluster = new MemoryCluster()
  const client = cluster.client()
  const store = await openOn(cluster, { shards: 1, elapsedMs: () => 0, firstWaitMs: 1 }, client)
  const writer = await store.write({
    fingerprint: game.rules.fingerprint,
    purpose: 'keep',
    company: 'others',
  })
  t.after(async () => {
    await writer[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
  })
  const ledger = new Ledger({ game, writer, folded: () => {} })
  await ledger.fold([like(alice, 1), like(alice, 2), SYNC], cursorOf(1))
  return {
    ledger,
    /** The last connection breaks: what the database had confirmed may be lost. */
    cut: () => client.cut(),
    /** Takes back what nobody else has taken. */
    beat: () => ledger.use((writer) => writer.beat(HEARTBEAT)),
    live: () =>
      ledger.use(async (writer) => {
        const known = await writer.load({ ...nothingTouched(), whole: new Set([alice]) })
        return [...known.records(alice)].filter(([, { live }]) => live).length
      }),
    questions: (): Promise<AskedQuestion[]> =>
      ledger.use((writer) => writer.questions('repository', 10, new Set(), START)),
  }
}

test('a lease is another one after the shard was away, although nobody else had it', async (t) => {
  const { ledger, cut, beat } = await begin(t)
  const leased = await LeasedLedger.begin(ledger, alice)
  assert.equal(await leased.use(async () => 7), 7)
  cut()
  await assert.rejects(LeasedLedger.begin(ledger, alice), LeaseEndedError)
  await assert.rejects(leased.fold([like(alice, 3)], undefined), LeaseEndedError)
  await beat()
  await assert.rejects(
    leased.use(async () => assert.fail('it is over')),
    LeaseEndedError,
  )
  const anew = await LeasedLedger.begin(ledger, alice)
  assert.equal((await anew.fold([like(alice, 3)], undefined))[0]?.outcomes.applied, 1)
  // The end of a lease is no failure of the ledger.
  assert.ok(!ledger.failed.aborted)
})

test('work during which the shard goes away is not told as done', async (t) => {
  const { ledger, cut } = await begin(t)
  const leased = await LeasedLedger.begin(ledger, alice)
  await assert.rejects(
    leased.use(async (writer) => {
      cut()
      return writer.records(alice, undefined, 10)
    }),
    LeaseEndedError,
  )
})

for (const [when, moment] of [
  ['while the repository is read', 'read'],
  ['before its question is closed', 'removed'],
] as const) {
  test(`what a repository lacks goes, although the shard was away ${when}`, async (t) => {
    const { ledger, cut, beat, live, questions } = await begin(t)
    const end = new AbortController()
    let reads = 0
    const away = async (): Promise<void> => {
      cut()
      // What comes in between finds nobody.
      if (moment === 'removed') await beat()
    }
    const wake = Promise.withResolvers<void>()
    const run = answerRepositories(
      {
        next: (kind, limit, except, now) =>
          ledger.use((writer) => writer.questions(kind, limit, except, now)),
        underLease: async (did: Did) => {
          const { removeAbsent, deliver } = await repositorySteps(ledger, did)
          return {
            deliver,
            removeAbsent: async (from) => {
              if (reads === 1 && moment === 'removed') await away()
              try {
                await removeAbsent(from)
              } finally {
                // The shard is back before the question would be closed.
                if (reads === 1 && moment === 'read') await beat()
              }
            },
          }
        },
        deliver: async (answers) => void (await ledger.fold(answers, undefined)),
        imports: { run: async () => {} },
        appview: undefined as never,
        repositories: {
          find: async () => ({ pds: new URL('https://pds.example'), key: KEY }),
          snapshot: async () => {
            reads += 1
            if (reads === 1 && moment === 'read') await away()
            return EMPTY
          },
        },
        followed: new Set([LIKE]),
        clock: () => START,
        signal: end.signal,
        observer: { answered: () => end.abort(), failed: () => {}, repository: () => {} },
      },
      { rest: () => new Promise((resolve) => setImmediate(resolve)), fail: wake.reject, signal: end.signal },
    )
    await Promise.race([run, wake.promise])
    assert.equal(reads, 2)
    assert.equal(await live(), 0)
    assert.deepEqual(await questions(), [])
  })
}

test('whom a shard follows is not noted for one that was away while its people were looked through', async (t) => {
  const { ledger, cut, beat } = await begin(t)
  const followed = { dids: [alice], collections: [LIKE], left: {} }
  const follow = () =>
    ledger.use((writer) => writer.follow({ before: undefined, now: followed, gaps: [], missed: undefined }))
  const remembered = () => ledger.use((writer) => writer.followed())
  assert.deepEqual(await remembered(), [undefined])
  cut()
  await beat()
  await follow()
  assert.deepEqual(await remembered(), [undefined])
  await follow()
  assert.deepEqual(await remembered(), [followed])
})

test('an import that fails while the shard is away is told of once its question is closed', async (t) => {
  const { ledger, cut, beat } = await begin(t)
  await ledger.fold([{ kind: 'import', wish: '', did: alice, at: START }], undefined)
  const end = new AbortController()
  const told: string[] = []
  const open = () => ledger.use((writer) => writer.questions('import', 10, new Set(), 2 ** 40))
  let finds = 0
  await new ImportAnswers({
    ledger,
    next: (...wanted) => ledger.use((writer) => writer.questions(...wanted)),
    repositories: {
      find: () => {
        finds += 1
        if (finds === 1) cut()
        return Promise.reject(new RequestError('nobody', { status: 404 }))
      },
      snapshot: () => assert.fail('nobody was found'),
    },
    followed: new Set([LIKE]),
    clock: () => START,
    dids: undefined,
    report: (_, { state }) => {
      told.push(`${state} ${finds}`)
      end.abort()
    },
  }).run({
    rest: () => beat(),
    fail: (error) => assert.fail(String(error)),
    signal: end.signal,
  })
  assert.deepEqual(told, ['failed 2'])
  assert.deepEqual(await open(), [])
})
