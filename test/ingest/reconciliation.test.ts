import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { Did, Micros } from '../../src/atproto/event.ts'
import type { Schedule } from '../../src/bluesky/pace.ts'
import type { Repositories } from '../../src/bluesky/repositories.ts'
import { PathList } from '../../src/bluesky/repository/path-list.ts'
import { type ReadRecord, RecordList } from '../../src/bluesky/repository/record-list.ts'
import { RepositoryError } from '../../src/bluesky/repository/repository-error.ts'
import type { Snapshot } from '../../src/bluesky/repository/snapshot.ts'
import { RequestError } from '../../src/bluesky/request.ts'
import type { Operation } from '../../src/game/operation.ts'
import { NO_FACTS } from '../../src/game/rules/rule.ts'
import { unknownActor } from '../../src/game/state.ts'
import { nothingTouched } from '../../src/game/touched.ts'
import { caughtUpBy } from '../../src/ingest/caught-up.ts'
import { CompareRepository } from '../../src/ingest/compare-repository.ts'
import { importSnapshot } from '../../src/ingest/import-snapshot.ts'
import { Ledger } from '../../src/ingest/ledger.ts'
import { LruCache } from '../../src/ingest/lru-cache.ts'
import { Reconciliation, type ReconciliationProgress } from '../../src/ingest/reconciliation.ts'
import { recordGap } from '../../src/ingest/record-gap.ts'
import { Sweep } from '../../src/ingest/sweep.ts'
import type { Writer } from '../../src/store/store.ts'
import { KEY } from '../bluesky/repository/made-repository.ts'
import { KEEP } from '../conformance/check.ts'
import { game, POST, person, START, tid } from '../game/arbitrary.ts'
import { alice, bob, carol, commit, status } from '../game/operations.ts'
import { Memory } from '../memory-store/memory.ts'
import { openMemory } from '../memory-store/open.ts'
import { settled } from './frozen-time.ts'

const HOUR_MS = 3_600_000
/** Keys and revisions have numbers, one for a millisecond. What happens in the gap comes hours after everything before. */
const GAP = 100 * HOUR_MS
const AT: Micros = START + GAP * 1_000
/** When the gap is found. */
const NOW = AT + 600_000_000
const DAY = Math.floor(AT / 86_400_000_000)

/** A repository with posts of these numbers. */
function snapshotOf(rev: number, posts: readonly number[], optedOut = false): Snapshot {
  const records = posts.map((n): ReadRecord => {
    return { path: `${POST}/${tid(n)}`, facts: { ...NO_FACTS, media: 'text' }, claimed: DAY }
  })
  const paths = PathList.of(records.map(({ path }) => path))
  return { rev: tid(rev), paths, records: RecordList.of(records), profile: { optedOut } }
}

type Answers = {
  find?: () => Promise<void>
  /** @default that of the snapshot */
  rev?: () => Promise<string | undefined>
  snapshot?: Snapshot
  /** @default one of their own */
  host?: string
}

/** A ledger in memory, and a network of which `network` says what it answers about each person. */
async function world(t: TestContext, network: Map<Did, Answers>, { dids }: { dids?: ReadonlySet<Did> } = {}) {
  const store = openMemory(new Memory())
  const writer = await store.write(KEEP)
  const ledger = new Ledger({ game, writer, folded: () => {} })
  const state = {
    behind: 0,
    elapsedMs: 0,
    asked: [] as string[],
    pauses: [] as number[],
    failures: [] as string[],
    reports: [] as ReconciliationProgress[],
    /** Called before each question. */
    onAsked: undefined as ((what: string) => Promise<void>) | undefined,
  }
  const asking = async (what: string, did: Did): Promise<Answers> => {
    state.asked.push(`${what} ${nameOf(did)}`)
    await settled()
    await state.onAsked?.(`${what} ${nameOf(did)}`)
    return network.get(did) ?? {}
  }
  const repositories: Repositories = {
    find: async (did) => {
      const { find, host = `${nameOf(did)}.example` } = await asking('find', did)
      await find?.()
      return { pds: new URL(`https://${host}`), key: KEY }
    },
    latestRev: async (did, { signal }) => {
      const { rev, snapshot } = await asking('rev', did)
      signal.throwIfAborted()
      return rev === undefined ? (snapshot?.rev ?? tid(0)) : await rev()
    },
    snapshot: async (did, { signal }) => {
      const { snapshot } = await asking('snapshot', did)
      signal.throwIfAborted()
      return snapshot
    },
  }
  const begin = () => {
    const end = new AbortController()
    const shared = {
      caughtUp: caughtUpBy(() => state.behind, settled),
      elapsedMs: () => state.elapsedMs,
    }
    const schedule: Schedule = (ms, wake) => {
      const passed = setImmediate(() => {
        state.elapsedMs += ms
        wake()
      })
      return () => clearImmediate(passed)
    }
    const people = new CompareRepository({
      ...{ ledger, repositories, followed: game.followed, clock: () => NOW, ...shared, schedule },
      failed: ({ message }) => state.failures.push(message),
      pause: async (ms, signal) => {
        state.pauses.push(ms)
        await settled()
        signal.throwIfAborted()
      },
    })
    const reconciliation = new Reconciliation({
      ...{ ledger, people, dids, clock: () => NOW, ...shared, signal: end.signal },
      rest: () => settled(),
      report: (progress) => state.reports.push(progress),
    })
    return { reconciliation, end, running: reconciliation.run() }
  }
  let present = begin()
  t.after(async () => {
    present.end.abort()
    await present.running
  })
  const told = async () => (await store.reader.status()).reconciliation
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    for (let turn = 0; !(await isSo()); turn++) {
      assert.ok(turn < 5_000, JSON.stringify([state.asked.slice(-9), await told()]))
      await settled()
    }
  }
  return {
    store,
    ledger,
    state,
    told,
    until,
    fold: (...all: Operation[]) => ledger.fold(all, undefined),
    gap: async (since = AT) => {
      await recordGap(ledger, { host: 'a.test', from: since, to: undefined, reason: 'clamped', at: NOW })
      present.reconciliation.lookAgain()
    },
    ended: () => until(async () => (await told())?.endedAt !== undefined),
    first: (did: Did) => present.reconciliation.first(did),
    /** Ends in the middle, and begins anew like another process. */
    restart: async () => {
      present.end.abort()
      await present.running
      present = begin()
    },
    posts: async (did: Did) =>
      (await ledger.use((writer) => writer.records(did, undefined, 999))).records
        .filter(([{ collection }, { live }]) => live && collection === POST)
        .map(([{ rkey }]) => rkey)
        .sort(),
  }
}

function nameOf(did: Did): string {
  return did.slice(-1)
}

const post = (did: Did, n: number) => ({ ...commit({ n, did }), at: START + n * 1_000 })
const unreachable = (): Promise<never> =>
  Promise.reject(new RequestError('cannot be reached', { cause: new Error('ECONNREFUSED') }))

suite('after a gap', () => {
  test('only those repositories are read that are newer than it, and what they have since is counted', async (t) => {
    const { fold, gap, ended, state, posts, told } = await world(
      t,
      new Map([
        [alice, { snapshot: snapshotOf(GAP + 9, [1, 2, GAP + 1]) }],
        [bob, { snapshot: snapshotOf(500, [5, 6]) }],
      ]),
    )
    await fold(post(alice, 2), post(alice, 3), post(bob, 5))
    await gap()
    await ended()
    // The first was never seen, and is from before this server; the third was removed in the gap.
    assert.deepEqual(await posts(alice), [tid(2), tid(GAP + 1)])
    assert.deepEqual(await posts(bob), [tid(5)])
    assert.deepEqual(
      state.asked.filter((what) => what.startsWith('snapshot')),
      ['snapshot a'],
    )
    const { people, checked, changed, failed } = (await told()) ?? assert.fail()
    assert.deepEqual([people, checked, changed, failed], [2, 2, 1, 0])
    assert.deepEqual(
      state.reports.map((report) => (report.state === 'compared' ? report.became : report.state)),
      ['begun', 'same', 'changed', 'ended'],
    )
  })

  test('what was made within an hour before it may have been missed, too', async (t) => {
    const { fold, gap, ended, posts } = await world(
      t,
      new Map([[alice, { snapshot: snapshotOf(GAP - 1_000, [GAP - 2 * HOUR_MS, GAP - 2_000]) }]]),
    )
    await fold(post(alice, 2))
    await gap()
    await ended()
    assert.deepEqual(await posts(alice), [tid(GAP - 2_000)])
  })

  test('an old record stays that the stream brings while a repository is folded that has it', async (t) => {
    const { fold, ledger, posts } = await world(t, new Map())
    await fold(post(alice, 2))
    const about = { ledger, did: alice, followed: game.followed, clock: () => AT, progress: () => {} }
    const edited = { ...post(alice, 1), op: 'update', rev: tid(GAP + 5) } as const
    let hasCome = false
    await importSnapshot({
      ...{ ...about, snapshot: snapshotOf(GAP + 9, [1, 2]), since: tid(GAP), question: undefined },
      signal: new AbortController().signal,
      ledger: {
        use: (work) => ledger.use(work),
        fold: async (operations, cursor) => {
          const changes = await ledger.fold(operations, cursor)
          if (operations[0]?.kind !== 'import-records') return changes
          hasCome = true
          await fold(edited)
          return changes
        },
      },
    })
    assert.ok(hasCome)
    assert.deepEqual(await posts(alice), [tid(1), tid(2)])
  })

  test('the whole repository counts of somebody who was imported', async (t) => {
    const { fold, gap, ended, posts, ledger } = await world(
      t,
      new Map([[alice, { snapshot: snapshotOf(GAP + 9, [1, 7, GAP + 1]) }]]),
    )
    await fold(post(alice, 1), { kind: 'import-head', did: alice, at: AT, rev: tid(2) })
    await gap()
    await ended()
    assert.deepEqual(await posts(alice), [tid(1), tid(7), tid(GAP + 1)])
    const known = await ledger.use((writer) => writer.load({ ...nothingTouched(), actors: new Set([alice]) }))
    assert.equal(known.actor(alice)?.head, tid(GAP + 9))
  })

  test('nobody is asked for who is not followed, has left, was deleted, or does not want to be seen', async (t) => {
    const { fold, gap, ended, state, told } = await world(t, new Map(), {
      dids: new Set([alice, bob, carol]),
    })
    const profile = {
      ...commit({ n: 4, did: bob }),
      collection: 'app.bsky.actor.profile',
      rkey: 'self',
    } as const
    await fold(
      ...[alice, bob, carol, person(3)].map((did) => post(did, 1)),
      { ...profile, record: { labels: { values: [{ val: '!no-unauthenticated' }] } } },
      status(5, 'deleted'),
      { kind: 'leave', wish: '1', did: carol, at: AT },
    )
    await gap()
    await ended()
    assert.deepEqual(state.asked, [])
    assert.equal((await told())?.checked, 4)
  })

  test('accounts that went away in it are hidden, those that came back are shown, and the stream outweighs both', async (t) => {
    const away = { rev: async () => undefined }
    const gone = new RequestError('400', { status: 400, error: 'RepoNotFound' })
    const ended410 = new RequestError('410', { status: 410 })
    const { fold, gap, ended, ledger, told, posts } = await world(
      t,
      new Map<Did, Answers>([
        [alice, away],
        [bob, { snapshot: snapshotOf(GAP + 9, [GAP + 1]) }],
        [carol, away],
        [person(3), { rev: () => Promise.reject(gone) }],
        [person(4), { find: () => Promise.reject(ended410) }],
      ]),
    )
    const account = (did: Did, time: Micros, value: 'active' | 'deactivated'): Operation => {
      return { kind: 'account', did, at: time, time, status: value }
    }
    const all = [alice, bob, carol, person(3), person(4)]
    await fold(...all.map((did) => post(did, 1)))
    await fold(account(bob, START, 'deactivated'), account(carol, AT + 5, 'active'))
    await gap()
    await ended()
    const known = await ledger.use((writer) => writer.load({ ...nothingTouched(), actors: new Set(all) }))
    assert.deepEqual(
      all.map((did) => known.actor(did)?.status),
      ['deactivated', 'active', 'active', 'deactivated', 'deactivated'],
    )
    assert.equal((await told())?.failed, 0)
    assert.equal((await posts(person(3))).length, 1)
    await fold(account(alice, AT + 9, 'active'))
    const later = await ledger.use((writer) => writer.load({ ...nothingTouched(), actors: new Set(all) }))
    assert.equal(later.actor(alice)?.status, 'active')
  })

  test('of two gaps that are mended as one, what the stream said between them does not outweigh what is found', async (t) => {
    const away = { rev: async () => undefined }
    const { fold, gap, ended, ledger, state, told } = await world(
      t,
      new Map<Did, Answers>([
        [alice, away],
        [bob, away],
      ]),
    )
    const active = (did: Did, time: Micros): Operation => {
      return { kind: 'account', did, at: time, time, status: 'active' }
    }
    const later = AT + 300_000_000
    await fold(post(alice, 1), post(bob, 1), active(alice, later - 5), active(bob, later + 5))
    state.behind = 999_000_000
    await gap(later)
    await gap(AT)
    state.behind = 0
    await ended()
    assert.equal((await told())?.since, AT)
    const known = await ledger.use((writer) =>
      writer.load({ ...nothingTouched(), actors: new Set([alice, bob]) }),
    )
    assert.deepEqual(
      [alice, bob].map((did) => known.actor(did)?.status),
      ['deactivated', 'active'],
    )
  })

  test('it begins once the stream has caught up, which brings the rest by itself', async (t) => {
    const { fold, gap, ended, state, until } = await world(t, new Map())
    await fold(post(alice, 1))
    state.behind = HOUR_MS * 1_000
    await gap()
    for (let turn = 0; turn < 50; turn++) await settled()
    await gap(AT - 7)
    for (let turn = 0; turn < 50; turn++) await settled()
    assert.deepEqual(state.asked, [])
    state.behind = 0
    await ended()
    await until(() => state.asked.includes('rev a'))
    assert.deepEqual(state.reports, [
      { state: 'begun', since: AT - 7 },
      { state: 'compared', became: 'same' },
      { state: 'ended', since: AT - 7 },
    ])
  })

  test('what was reconciled goes on after a restart from where it was, and nobody is left out', async (t) => {
    const dids = Array.from({ length: 8 }, (_, n) => person(n))
    const network = new Map(dids.map((did) => [did, { snapshot: snapshotOf(GAP + 9, [1, GAP + 1]) }]))
    const { fold, gap, ended, state, posts, told, restart, until, store } = await world(t, network)
    await fold(...dids.map((did) => post(did, 1)))
    const inMiddle = Promise.withResolvers<void>()
    state.onAsked = async (what) => {
      // So that it is stored how far it is after each person.
      state.elapsedMs += 10_000
      if (what === 'snapshot e') await inMiddle.promise
    }
    await gap()
    await until(async () => ((await told())?.checked ?? 0) >= 3)
    const before = state.asked.length
    setImmediate(inMiddle.resolve)
    await restart()
    const checked = (await told())?.checked ?? 0
    assert.ok(checked >= 3 && checked < 8, String(checked))
    await ended()
    for (const did of dids) assert.deepEqual(await posts(did), [tid(1), tid(GAP + 1)])
    assert.equal(state.asked.slice(before).includes('rev a'), false)
    assert.equal((await told())?.checked, 8)
    assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
  })

  for (const [ms, stored] of [
    [10_000, 'after that was stored'],
    [0, 'before anything of it is stored'],
  ] as const)
    test(`a second gap while it is under way is reconciled, too, ${stored}`, async (t) => {
      const network = new Map<Did, Answers>([[alice, { snapshot: snapshotOf(GAP + 9, [1, GAP + 1]) }]])
      const { fold, gap, ended, state, posts, until } = await world(t, network)
      await fold(post(alice, 1), post(bob, 1))
      let isSecond = false
      state.onAsked = async (what) => {
        state.elapsedMs += ms
        if (what !== 'find b' || isSecond) return
        isSecond = true
        await until(async () => (await posts(alice)).length === 2)
        network.set(alice, { snapshot: snapshotOf(GAP + 99, [1, GAP + 1, GAP + 50]) })
        await gap(AT + 30_000)
      }
      await gap()
      await until(async () => (await posts(alice)).length === 3)
      await ended()
      assert.equal(isSecond, true)
    })

  test('those whom somebody looks at come first', async (t) => {
    const dids = Array.from({ length: 7 }, (_, n) => person(n))
    const { fold, gap, ended, state, first, until } = await world(t, new Map())
    await fold(...dids.map((did) => post(did, 1)))
    const line = Promise.withResolvers<void>()
    state.onAsked = async (what) => {
      // The directory is asked one by one.
      if (what === 'find a') await line.promise
    }
    await gap()
    await until(() => state.asked.includes('find a'))
    first(person(6))
    await until(() => state.asked.includes('rev g'))
    assert.deepEqual(state.asked, ['find a', 'find g', 'rev g'])
    line.resolve()
    await ended()
    assert.equal(state.asked.filter((what) => what === 'rev g').length, 1)
  })
})

suite('a network that does not answer', () => {
  test('is tried a few times for each person, who then counts as failed, and the others go on', async (t) => {
    const { fold, gap, ended, state, told } = await world(t, new Map([[alice, { rev: unreachable }]]))
    await fold(post(alice, 1), post(bob, 1))
    await gap()
    await ended()
    const { checked, failed } = (await told()) ?? assert.fail()
    assert.deepEqual([checked, failed], [2, 1])
    assert.equal(state.asked.filter((what) => what === 'rev a').length, 3)
    assert.deepEqual(state.pauses, [5_000, 30_000])
    assert.deepEqual(state.failures, ['cannot be reached'])
  })

  test('where a server answers nobody, those who come after that are not tried for a while', async (t) => {
    const dids = Array.from({ length: 8 }, (_, n) => person(n))
    const down = { rev: unreachable, host: 'down.example' }
    const { fold, gap, ended, state, told } = await world(t, new Map(dids.map((did) => [did, down])))
    await fold(...dids.map((did) => post(did, 1)))
    await gap()
    await ended()
    assert.equal((await told())?.failed, 8)
    // Most wait for their third try when the first has had its last.
    const tries = state.asked.filter((what) => what.startsWith('rev')).length
    assert.ok(tries >= 10 && tries <= 18, String(tries))
    const asked = state.asked.length
    await gap(AT + 1)
    await ended()
    assert.equal(state.asked.slice(asked).filter((what) => what.startsWith('rev')).length, 0)
    state.elapsedMs += 600_001
    await gap(AT + 2)
    await ended()
    assert.ok(state.asked.slice(asked).some((what) => what.startsWith('rev')))
  })

  test('while the directory is down nobody fails, and it is asked with growing pauses', async (t) => {
    let down = 6
    const find = (): Promise<void> => (down-- > 0 ? unreachable() : Promise.resolve())
    const { fold, gap, ended, state, told } = await world(t, new Map([[alice, { find }]]))
    await fold(post(alice, 1))
    await gap()
    await ended()
    assert.equal((await told())?.failed, 0)
    assert.deepEqual(state.pauses, [5_000, 10_000, 20_000, 40_000, 80_000, 160_000])
  })

  const final: [string, Answers][] = [
    ['whose document names no server', { find: () => Promise.reject(new RequestError('names no server')) }],
    [
      'whom their server does not know',
      { rev: () => Promise.reject(new RequestError('no', { status: 400 })) },
    ],
    ['whose repository is forged', { rev: () => Promise.reject(new RepositoryError('forged', 'forged')) }],
  ]
  for (const [name, answers] of final) {
    test(`nobody is tried again ${name}`, async (t) => {
      const { fold, gap, ended, state, told } = await world(t, new Map([[alice, answers]]))
      await fold(post(alice, 1))
      await gap()
      await ended()
      assert.equal((await told())?.failed, 1)
      assert.deepEqual(state.pauses, [])
    })
  }

  test('a mistake of the ledger ends it, after all work has ended', async () => {
    const broken = new Error('the disk is gone')
    const writer = {
      reconciliation: async () => ({ since: AT, after: undefined }),
      beginReconciliation: async () => ({ since: AT, latest: AT, after: undefined }),
      unreconciled: () => Promise.reject(broken),
    } as unknown as Writer
    const none = () => Promise.resolve()
    const people = { compare: async () => 'same', lane: () => ({}) } as unknown as CompareRepository
    const reconciliation = new Reconciliation({
      ledger: { use: (work) => work(writer) },
      ...{ people, dids: undefined, clock: () => AT, caughtUp: none, rest: none, elapsedMs: () => 0 },
      ...{ report: () => {}, signal: new AbortController().signal },
    })
    await assert.rejects(reconciliation.run(), broken)
  })
})

test('a sweep that is ended waits for the comparisons under way', async () => {
  const end = new AbortController()
  let underWay = 0
  const dids = [0, 1, 2].map(person)
  const known = new Map(dids.map((did) => [did, unknownActor(did)]))
  const writer = {
    unreconciled: async (after: Did | undefined) => (after === undefined ? dids : []),
    load: async () => ({ actor: (did: Did) => known.get(did) }),
  } as unknown as Writer
  const sweep = new Sweep({
    ledger: { use: (work) => work(writer) },
    people: {
      compare: async ({ signal }) => {
        underWay += 1
        if (underWay === dids.length) setImmediate(() => end.abort())
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        await settled()
        underWay -= 1
        throw signal.reason
      },
    },
    ...{
      lanes: { background: undefined as never, lookedAt: undefined as never },
      gap: AT,
      latest: AT,
      dids: undefined,
    },
    ...{ done: new LruCache(9), compared: () => {}, elapsedMs: () => 0, signal: end.signal },
  })
  await assert.rejects(sweep.run(undefined))
  assert.equal(underWay, 0)
})

test('an event that is too large says nothing of anybody, so nobody is compared', async (t) => {
  const { fold, ledger, told, store } = await world(t, new Map())
  await fold(post(alice, 1))
  await recordGap(ledger, { host: 'a.test', from: AT, to: AT, reason: 'oversized', at: AT })
  assert.equal(await told(), undefined)
  assert.equal((await store.reader.status()).gaps.length, 1)
})
