import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { Did } from '../../src/atproto/event.ts'
import { AddressError } from '../../src/bluesky/public-address.ts'
import { PathList } from '../../src/bluesky/repository/path-list.ts'
import { type Refusal, RepositoryError } from '../../src/bluesky/repository/repository-error.ts'
import type { Snapshot } from '../../src/bluesky/repository/snapshot.ts'
import { RequestError } from '../../src/bluesky/request.ts'
import type { Answer, NoAnswer } from '../../src/game/operation.ts'
import type { AskedQuestion, QuestionId } from '../../src/game/question.ts'
import type { AnswersOptions, RepositoryReport } from '../../src/ingest/asking.ts'
import { KeyedLimit } from '../../src/ingest/keyed-limit.ts'
import { LeaseEndedError } from '../../src/ingest/leased-ledger.ts'
import { answerRepositories } from '../../src/ingest/repository-answers.ts'
import { KEY } from '../bluesky/repository/made-repository.ts'
import { game, START, tid } from '../game/arbitrary.ts'
import { settled } from './frozen-time.ts'

const HELD: Snapshot = { rev: tid(5), paths: PathList.of([]), records: undefined, profile: undefined }
const refusal = (what: Refusal, status?: number) => new RepositoryError(what, `refused: ${what}`, { status })

/** Question `n`, about the person of that number on `host`. */
const about = (n: number, host: string): AskedQuestion => ({
  kind: 'repository',
  id: `r${n}`,
  tries: 0,
  did: `did:web:${host}:${n}` as Did,
})

/** A network in which each DID names its host, and which answers only when the test says so. */
function network(
  t: TestContext,
  questions: readonly AskedQuestion[],
  find?: AnswersOptions['repositories']['find'],
) {
  const end = new AbortController()
  const wake = { ...Promise.withResolvers<void>() }
  const state = {
    open: [...questions],
    reading: new Map<Did, PromiseWithResolvers<Snapshot | undefined>>(),
    /** People whose shards leave this worker the next time that they are worked for. */
    moved: new Set<Did>(),
    /** Everybody whose repository was read, in order. */
    read: [] as Did[],
    results: [] as [kind: string, id: QuestionId][],
    reports: [] as RepositoryReport[],
    answered: 0,
    /** A delivery to the ledger waits for this promise. */
    delivery: Promise.resolve(),
    failure: undefined as unknown,
  }
  const repositories: AnswersOptions['repositories'] = {
    find: find ?? (async (did) => ({ pds: new URL(`https://${did.split(':')[2]}`), key: KEY })),
    snapshot: async (did, { signal }) => {
      const answer = Promise.withResolvers<Snapshot | undefined>()
      signal.addEventListener('abort', () => answer.reject(signal.reason))
      state.read.push(did)
      state.reading.set(did, answer)
      return answer.promise.finally(() => state.reading.delete(did))
    },
  }
  const deliver = async (given: readonly (Answer | NoAnswer)[]): Promise<void> => {
    await state.delivery
    for (const { kind, question } of given) {
      const id = typeof question === 'string' ? question : question.id
      state.results.push([kind, id])
      state.open = state.open.filter((open) => open.id !== id)
    }
  }
  const run = answerRepositories(
    {
      next: async (_kind, limit, except) => state.open.filter(({ id }) => !except.has(id)).slice(0, limit),
      imports: { run: async () => {} },
      underLease: async (did) => {
        if (state.moved.delete(did)) throw new LeaseEndedError(did)
        return { removeAbsent: async () => {}, deliver: (answer) => deliver([answer]) }
      },
      deliver,
      appview: undefined as never,
      repositories,
      followed: game.followed,
      clock: () => START,
      signal: end.signal,
      observer: {
        answered: (_kind, n) => {
          state.answered += n
        },
        failed: () => {},
        repository: (report) => state.reports.push(report),
      },
    },
    {
      rest: () =>
        Promise.race([
          wake.promise,
          new Promise<void>((resolve) => end.signal.addEventListener('abort', () => resolve())),
        ]),
      fail: (error) => {
        state.failure = error
        end.abort()
      },
      signal: end.signal,
    },
  )
  t.after(async () => {
    end.abort()
    await run
  })
  return {
    state,
    end,
    run,
    add: async (...more: AskedQuestion[]) => {
      state.open.push(...more)
      wake.resolve()
      Object.assign(wake, Promise.withResolvers<void>())
      await settled()
    },
    answer: async (did: Did, answer: Snapshot | undefined | Error) => {
      const asked = state.reading.get(did) ?? assert.fail(`${did} is not being read`)
      if (answer instanceof Error) asked.reject(answer)
      else asked.resolve(answer)
      await settled()
    },
  }
}

suite('repositories', () => {
  test('are read four at once, one from each host', async (t) => {
    const hosts = ['a', 'a', 'b', 'b', 'c', 'd', 'e']
    const { state, answer } = network(
      t,
      hosts.map((host, n) => about(n, host)),
    )
    await settled()
    const being = () => [...state.reading.keys()].map((did) => did.slice('did:web:'.length))
    assert.deepEqual(being(), ['a:0', 'b:2', 'c:4', 'd:5'])
    await answer('did:web:b:2' as Did, HELD)
    assert.deepEqual(being(), ['a:0', 'c:4', 'd:5', 'b:3'])
    await answer('did:web:a:0' as Did, HELD)
    assert.deepEqual(being(), ['c:4', 'd:5', 'b:3', 'a:1'])
    for (const did of ['c:4', 'd:5', 'b:3', 'a:1', 'e:6']) await answer(`did:web:${did}` as Did, HELD)
    assert.equal(state.results.length, 7)
    assert.deepEqual(new Set(state.results.map(([kind]) => kind)), new Set(['repository-answer']))
  })

  test('of many dead people on one host are given up with the first, and do not delay one on another', async (t) => {
    const dead = Array.from({ length: 300 }, (_, n) => about(n, 'dead'))
    const { state, answer, add } = network(t, dead)
    await settled()
    assert.deepEqual(state.read, [dead[0]?.did])
    await add(about(300, 'good'))
    await answer('did:web:good:300' as Did, HELD)
    assert.deepEqual(state.results, [['repository-answer', 'r300']])
    await answer('did:web:dead:0' as Did, refusal('too-slow'))
    assert.equal(state.results.length, 301)
    assert.equal(state.answered, 1)
    assert.match(state.reports.at(-1)?.message ?? '', /^dead failed while this request waited for it$/)
    assert.deepEqual(state.read, ['did:web:dead:0', 'did:web:good:300'])
    assert.deepEqual(
      Object.entries(Object.groupBy(state.reports, ({ outcome }) => outcome)).map(([key, all]) => [
        key,
        all?.length,
      ]),
      [
        ['read', 1],
        ['too-slow', 1],
        ['unreachable', 299],
      ],
    )
  })

  for (const [name, error, isOfHost] of [
    ['too large', refusal('too-large'), false],
    ['no repository', refusal('malformed'), false],
    ['cut off', refusal('incomplete'), false],
    ['the end of its thread', refusal('crashed'), false],
    ['not there', refusal('status', 400), false],
    ['where no address leads', refusal('address'), true],
    ['out of reach', refusal('unreachable'), true],
    ['asked for too often', refusal('status', 429), true],
    ['broken', refusal('status', 500), true],
    ['behind a broken gateway', refusal('status', 502), true],
  ] as const) {
    test(`of one host are ${isOfHost ? 'given up together' : 'read all the same'} when one is ${name}`, async (t) => {
      const { state, answer } = network(t, [about(0, 'a'), about(1, 'a')])
      await settled()
      await answer('did:web:a:0' as Did, error)
      assert.equal(state.reading.size, isOfHost ? 0 : 1)
      assert.deepEqual(state.reports[0], { host: 'a', outcome: error.refusal, message: error.message })
      assert.equal(state.results.length, isOfHost ? 2 : 1)
    })
  }

  test('of somebody who is asked about anew while they wait are read once', async (t) => {
    const { state, answer, add } = network(t, [about(0, 'a'), about(1, 'a')])
    await settled()
    // A newer question takes the place of the one before.
    for (const n of [2, 3, 4]) {
      state.open = state.open.filter(({ did }) => did !== 'did:web:a:1')
      await add({ ...about(1, 'a'), id: `r${n}` })
    }
    await answer('did:web:a:0' as Did, HELD)
    await answer('did:web:a:1' as Did, HELD)
    assert.deepEqual(state.read, ['did:web:a:0', 'did:web:a:1'])
    assert.deepEqual(
      state.results.map(([, id]) => id),
      ['r0', 'r4'],
    )
    assert.equal(state.reading.size, 0)
  })

  test('that nobody can find are asked for again later', async (t) => {
    const errors: Record<string, Error> = {
      a: new RequestError('the directory answered 404', { status: 404 }),
      b: new AddressError('b is not a public address'),
    }
    const { state } = network(t, [about(0, 'a'), about(1, 'b')], async (did) => {
      throw errors[did.split(':')[2] ?? ''] ?? assert.fail(did)
    })
    await settled()
    assert.deepEqual(state.results, [
      ['no-answer', 'r0'],
      ['no-answer', 'r1'],
    ])
    assert.deepEqual(
      state.reports.map(({ host, outcome }) => [host, outcome]),
      [
        [undefined, 'not-found'],
        [undefined, 'address'],
      ],
    )
  })

  test('of people whose own hosts are dead do not hold up those of the directory', async (t) => {
    const good: Did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
    const questions = [
      ...Array.from({ length: 100 }, (_, n) => about(n, 'dead')),
      { ...about(100, 'x'), did: good },
    ]
    const { state, answer } = network(t, questions, (did, signal) => {
      if (did === good) return Promise.resolve({ pds: new URL('https://good.example'), key: KEY })
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    })
    await settled()
    await answer(good, HELD)
    assert.deepEqual(state.results, [['repository-answer', 'r100']])
  })

  test('that wait are a thousand at most; more are taken as soon as there is room', async (t) => {
    const dead = Array.from({ length: 1_000 }, (_, n) => about(n, 'dead'))
    const { state, answer } = network(t, [...dead, about(1_000, 'good')])
    await settled()
    assert.deepEqual(state.read, ['did:web:dead:0'])
    await answer('did:web:dead:0' as Did, refusal('too-slow'))
    await answer('did:web:good:1000' as Did, HELD)
    assert.equal(state.results.length, 1_001)
  })

  test('are over when the last of them is in the ledger', { timeout: 5_000 }, async (t) => {
    const { state, end, run, answer } = network(t, [about(0, 'a')])
    const delivery = Promise.withResolvers<void>()
    state.delivery = delivery.promise
    await settled()
    await answer('did:web:a:0' as Did, HELD)
    end.abort()
    let over = false
    const ended = run.then(() => {
      over = true
    })
    await settled()
    assert.equal(over, false)
    delivery.resolve()
    await ended
    assert.equal(state.results.length, 1)
  })

  test('of people who are away sleep', async (t) => {
    const { state, answer } = network(t, [about(0, 'a')])
    await settled()
    await answer('did:web:a:0' as Did, undefined)
    assert.deepEqual(state.results, [['inactive', 'r0']])
  })

  test('are not read any more when it ends', { timeout: 5_000 }, async (t) => {
    const { state, end, run } = network(t, [about(0, 'a'), about(1, 'a'), about(2, 'b')])
    await settled()
    end.abort()
    await run
    assert.deepEqual([state.results, state.failure, state.read.length], [[], undefined, 2])
  })

  test('end everything by a mistake of ours', { timeout: 5_000 }, async (t) => {
    const { state, run, answer } = network(t, [about(0, 'a')])
    await settled()
    const mistake = new TypeError('not a function')
    await answer('did:web:a:0' as Did, mistake)
    await run
    assert.equal(state.failure, mistake)
  })
})

test('a place is free again after work that failed', async () => {
  const limit = new KeyedLimit(1)
  await assert.rejects(
    limit.use('a', () => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.equal(await limit.use('a', async () => 1), 1)
})
