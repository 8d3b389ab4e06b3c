import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { Did } from '../../src/atproto/event.ts'
import { PathList } from '../../src/bluesky/repository/path-list.ts'
import { type ReadRecord, RecordList } from '../../src/bluesky/repository/record-list.ts'
import { type Refusal, RepositoryError } from '../../src/bluesky/repository/repository-error.ts'
import type { Snapshot } from '../../src/bluesky/repository/snapshot.ts'
import { RequestError } from '../../src/bluesky/request.ts'
import type { ImportProgress } from '../../src/game/imports.ts'
import type { Operation } from '../../src/game/operation.ts'
import { NO_FACTS } from '../../src/game/rules/rule.ts'
import { fulfilWishes } from '../../src/ingest/chores.ts'
import { ImportAnswers, type ImportAnswersOptions } from '../../src/ingest/import-answers.ts'
import { Ledger } from '../../src/ingest/ledger.ts'
import { KEY } from '../bluesky/repository/made-repository.ts'
import { KEEP } from '../conformance/check.ts'
import { game, POST, person, START, tid } from '../game/arbitrary.ts'
import { alice, bob, commit, second, status } from '../game/operations.ts'
import { Memory } from '../memory-store/memory.ts'
import { openMemory } from '../memory-store/open.ts'
import { settled } from './frozen-time.ts'

const DAY = Math.floor(START / 86_400_000_000)

/** A repository of so many posts, at revision number `rev`. */
function snapshotOf(posts: number, { rev = 900_000, optedOut = false } = {}): Snapshot {
  const records = Array.from({ length: posts }, (_, n): ReadRecord => {
    return { path: `${POST}/${tid(n)}`, facts: { ...NO_FACTS, media: 'text' }, claimed: DAY - 1 }
  })
  return {
    rev: tid(rev),
    paths: PathList.of(records.map(({ path }) => path)),
    records: RecordList.of(records),
    profile: { optedOut },
  }
}

type Answer = Snapshot | undefined | Error | (() => Promise<Snapshot>)

/** A ledger in memory, and a network that answers about each person in turn as `answers` say; the last one goes on. */
async function world(t: TestContext, answers: ReadonlyMap<Did, Answer[]>, dids?: ReadonlySet<Did>) {
  const store = openMemory(new Memory())
  const writer = await store.write(KEEP)
  const state = {
    now: second(100),
    reports: [] as [Did, ImportProgress][],
    asked: [] as Did[],
    reading: 0,
    mostReading: 0,
    /** Called once when the first piece is done. */
    afterFirst: undefined as (() => void) | undefined,
  }
  const ledger = new Ledger({ game, writer, folded: () => {} })
  const repositories: ImportAnswersOptions['repositories'] = {
    find: async (did) => ({ pds: new URL(`https://${did.slice(-5)}.example`), key: KEY }),
    snapshot: async (did, { signal, records }) => {
      assert.deepEqual(records, { today: Math.floor(state.now / 86_400_000_000) })
      state.asked.push(did)
      state.reading += 1
      state.mostReading = Math.max(state.mostReading, state.reading)
      try {
        await settled()
        signal.throwIfAborted()
        const list = answers.get(did) ?? []
        const answer = list.length > 1 ? list.shift() : list[0]
        if (answer instanceof Error) throw answer
        return typeof answer === 'function' ? await answer() : answer
      } finally {
        state.reading -= 1
      }
    },
  }
  const imports = new ImportAnswers({
    ledger,
    next: (...wanted) => ledger.use((writer) => writer.questions(...wanted)),
    repositories,
    followed: game.followed,
    clock: () => state.now,
    dids,
    report: (did, progress) => {
      state.reports.push([did, progress])
      if (progress.state !== 'counting' || progress.records === 0) return
      state.afterFirst?.()
      state.afterFirst = undefined
    },
  })
  const end = new AbortController()
  const faults: unknown[] = []
  const running = imports.run({
    rest: () => settled(),
    fail: (error) => faults.push(error),
    signal: end.signal,
  })
  t.after(async () => {
    end.abort()
    await running
    assert.deepEqual(faults, [])
  })
  const wish = (kind: 'import' | 'cancel-import', did: Did): Promise<void> =>
    store.inbox
      .leave({ kind, did, at: START })
      .then(() => fulfilWishes(ledger, { lookedAt: () => {}, importCancelled: (did) => imports.cancel(did) }))
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    for (let turn = 0; !(await isSo()); turn++) {
      assert.ok(turn < 2_000, JSON.stringify(state.reports.slice(-5)))
      await settled()
    }
  }
  const last = (did: Did): ImportProgress | undefined => state.reports.findLast(([of]) => of === did)?.[1]
  return {
    store,
    ledger,
    state,
    wish,
    until,
    last,
    fold: (...all: Operation[]) => ledger.fold(all, undefined),
  }
}

const refused = (refusal: Refusal, status?: number) =>
  new RepositoryError(refusal, `it is ${refusal}`, { status })

suite('an import', () => {
  test('brings a whole history, piece by piece, and says how far it is', async (t) => {
    const { store, state, wish, until, last } = await world(t, new Map([[alice, [snapshotOf(600)]]]))
    await wish('import', alice)
    await until(() => last(alice)?.state === 'imported')
    assert.deepEqual(
      state.reports.map(([, progress]) => progress),
      [
        { state: 'reading' },
        { state: 'counting', records: 0, of: 600 },
        { state: 'counting', records: 250, of: 600 },
        { state: 'counting', records: 500, of: 600 },
        { state: 'counting', records: 600, of: 600 },
        { state: 'imported', records: 600, experience: 30_000 },
      ],
    )
    const { records, head, isOpen } = (await store.reader.importStatus(alice)) ?? assert.fail()
    assert.deepEqual([records, head, isOpen], [600, tid(900_000), false])
    const events = await store.reader.events(alice, { type: undefined, cursor: undefined, limit: 1 })
    assert.equal(events?.items[0]?.rkey, `${tid(900_000)}:600:30000`)
  })

  test('lets the stream have its turn between two pieces', async (t) => {
    const { state, wish, until, last, fold } = await world(t, new Map([[alice, [snapshotOf(1_000)]]]))
    let during: ImportProgress | undefined
    state.afterFirst = () =>
      void fold(commit({ n: 1, did: bob })).then(() => {
        during = last(alice)
      })
    await wish('import', alice)
    await until(() => during !== undefined)
    assert.deepEqual(during, { state: 'counting', records: 250, of: 1_000 })
    await until(() => last(alice)?.state === 'imported')
  })

  test('of many people is done a few at once', async (t) => {
    const people = [0, 1, 2, 3, 4, 5].map(person)
    const answers = new Map(people.map((did) => [did, [snapshotOf(3)]]))
    const { state, wish, until, last } = await world(t, answers)
    for (const did of people) await wish('import', did)
    await until(() => people.every((did) => last(did)?.state === 'imported'))
    assert.equal(state.mostReading, 2)
    assert.deepEqual(new Set(state.asked).size, 6)
    assert.equal(state.asked.length, 6)
  })

  test('is one, however often it is asked for while it goes on', async (t) => {
    const { state, wish, until, last } = await world(t, new Map([[alice, [snapshotOf(3)]]]))
    await Promise.all([wish('import', alice), wish('import', alice), wish('import', alice)])
    await until(() => last(alice)?.state === 'imported')
    assert.ok(state.asked.length <= 2, String(state.asked.length))
  })

  test('that is cancelled ends at once, and keeps what it has', async (t) => {
    const { store, ledger, state, wish, until, last } = await world(
      t,
      new Map([[alice, [snapshotOf(5_000)]]]),
    )
    state.afterFirst = () => void wish('cancel-import', alice)
    await wish('import', alice)
    await until(() => last(alice)?.state === 'cancelled')
    await until(
      async () => (await ledger.use((writer) => writer.questionsAbout('import', [alice]))).length === 0,
    )
    const before = (await store.reader.importStatus(alice))?.records ?? 0
    for (let turn = 0; turn < 10; turn++) await settled()
    assert.equal(last(alice)?.state, 'cancelled')
    const after = (await store.reader.importStatus(alice))?.records ?? 0
    assert.ok(after > 0 && after === before && after < 5_000, `${before} ${after}`)
    assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
  })

  test('is refused for somebody whose profile hides them, of whom then nothing else is stored', async (t) => {
    const { store, wish, until, last } = await world(
      t,
      new Map([[alice, [snapshotOf(9, { optedOut: true })]]]),
    )
    await wish('import', alice)
    await until(() => last(alice)?.state === 'refused')
    assert.equal((await store.reader.own(alice))?.experience, 0)
    assert.equal((await store.reader.own(alice))?.optedOut, true)
    assert.equal((await store.reader.status()).records, 0)
  })

  test('is refused the same way for an account that is away', async (t) => {
    const { wish, until, last, fold } = await world(t, new Map<Did, Answer[]>([[alice, [undefined]]]))
    await wish('import', alice)
    await until(() => last(alice)?.state === 'refused')
    await fold(status(1, 'deactivated'))
    await wish('import', alice)
    assert.deepEqual(last(alice), { state: 'refused' })
  })

  test('ends where somebody hides while it goes on', async (t) => {
    const { store, state, wish, until, last, fold } = await world(t, new Map([[alice, [snapshotOf(2_000)]]]))
    state.afterFirst = () => void fold({ kind: 'hide', wish: '9', did: alice, at: second(101) })
    await wish('import', alice)
    await until(() => last(alice)?.state === 'refused')
    assert.equal(await store.reader.importStatus(alice), undefined)
  })

  test('of somebody who is not followed is not begun', async (t) => {
    const { state, wish, until, last } = await world(t, new Map([[alice, [snapshotOf(3)]]]), new Set([bob]))
    await wish('import', alice)
    await until(() => last(alice)?.state === 'failed')
    const { failure } = last(alice) as ImportProgress & { state: 'failed' }
    assert.deepEqual([state.asked, failure], [[], 'not-found'])
  })

  for (const [refusal, failure] of [
    ['too-large', 'too-large'],
    ['malformed', 'unreadable'],
    ['forged', 'unreadable'],
    ['address', 'unreachable'],
  ] as const) {
    test(`that is ${refusal} is given up, and changes nothing`, async (t) => {
      const { store, ledger, wish, until, last } = await world(t, new Map([[alice, [refused(refusal)]]]))
      await wish('import', alice)
      await until(() => last(alice)?.state === 'failed')
      assert.deepEqual(last(alice), { state: 'failed', failure, reason: `it is ${refusal}`, again: false })
      assert.deepEqual(await ledger.use((writer) => writer.questionsAbout('import', [alice])), [])
      assert.equal((await store.reader.status()).records, 0)
    })
  }

  test('that fails for now is tried again after a pause, six times in all', async (t) => {
    for (const error of [
      refused('unreachable'),
      refused('incomplete'),
      refused('status', 503),
      new RequestError('x'),
    ]) {
      const { ledger, state, wish, until, last } = await world(t, new Map([[alice, [error]]]))
      await wish('import', alice)
      const open = () => ledger.use((writer) => writer.questionsAbout('import', [alice]))
      await until(async () => {
        state.now += 3_600_000_000
        return (await open()).length === 0
      })
      assert.equal(state.asked.length, 6)
      const failed = { state: 'failed', failure: 'unreachable', reason: error.message, again: false } as const
      assert.deepEqual(last(alice), failed)
      assert.equal(
        state.reports.filter(([, progress]) => progress.state === 'failed' && progress.again).length,
        5,
      )
    }
  })

  test('that failed goes on to the end once the server is back', async (t) => {
    const answers = new Map<Did, Answer[]>([[alice, [refused('unreachable'), snapshotOf(4)]]])
    const { state, wish, until, last } = await world(t, answers)
    await wish('import', alice)
    await until(() => {
      state.now += 3_600_000_000
      return last(alice)?.state === 'imported'
    })
  })
})
