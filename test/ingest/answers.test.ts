import assert from 'node:assert/strict'
import { afterEach, suite, test } from 'node:test'
import fc from 'fast-check'
import type { Did, Micros, Nsid } from '../../src/atproto/event.ts'
import type { AppView, ProfileView } from '../../src/bluesky/appview.ts'
import { PathList } from '../../src/bluesky/repository/path-list.ts'
import type { Snapshot } from '../../src/bluesky/repository/snapshot.ts'
import { RequestError } from '../../src/bluesky/request.ts'
import type { Media } from '../../src/game/media.ts'
import type { Answer, NoAnswer } from '../../src/game/operation.ts'
import type { AskedQuestion, QuestionId, QuestionKind } from '../../src/game/question.ts'
import type { RecordPath } from '../../src/game/state.ts'
import type { AbsentFrom } from '../../src/ingest/absent.ts'
import { answers } from '../../src/ingest/answers.ts'
import type { AnswersOptions, RepositoryReport } from '../../src/ingest/asking.ts'
import { KEY } from '../bluesky/repository/made-repository.ts'
import { game, POST, person, REPOST, START, tid } from '../game/arbitrary.ts'
import { freezeTime, settled } from './frozen-time.ts'

const postOf = (n: number) => ({ did: person(0), collection: POST, rkey: tid(n) })
const uriOf = (n: number) => `at://${person(0)}/${POST}/${tid(n)}`
const numberOf = (uri: string) => Array.from({ length: 500 }, (_, n) => n).find((n) => uri === uriOf(n)) ?? -1

function whatShows(id: number, post: number): AskedQuestion {
  const did = person(1 + (id % 3))
  return {
    id: `s${id}`,
    tries: 0,
    kind: 'subject',
    did,
    collection: REPOST,
    rkey: tid(id),
    rev: tid(id),
    subject: postOf(post),
  }
}
const whoIs = (id: number, did = person(id % 8)): AskedQuestion => ({
  id: `p${id}`,
  tries: 0,
  kind: 'profile',
  did,
})
const whatIsIn = (id: number): AskedQuestion => ({
  id: `r${id}`,
  tries: 0,
  kind: 'repository',
  did: person(id),
})

const overwhelmed = (waitMs = 1) => new RequestError('answered 429', { status: 429, waitMs })
const broken = () => new RequestError('answered 500', { status: 500 })
const refused = (status = 400) => new RequestError(`answered ${status}`, { status })

function fail(error: Error): never {
  throw error
}

const NO_PATHS = PathList.of([])

/** The network's answers; unless a test gives them, plain ones. */
type World = {
  media?: (uri: string) => Media | undefined
  posts?: (uris: readonly string[], signal: AbortSignal) => unknown
  profiles?: (dids: readonly Did[], signal: AbortSignal) => unknown
  /** The host of somebody's repository; one of their own unless it says otherwise. */
  host?: (did: Did) => string | undefined
  find?: (did: Did, signal: AbortSignal) => unknown
  repository?: (did: Did, signal: AbortSignal, pds: URL) => unknown
}

/** For tests that do not look at pauses. */
const ALMOST_NO_BACKOFF = { backoff: () => 0 }

const ends: AbortController[] = []
// A test that failed must not go on.
afterEach(() => {
  for (const end of ends.splice(0)) end.abort()
})

/** A ledger's open questions, which stay until they are answered, and the loop that asks them. */
function ledgerOf(
  questions: readonly AskedQuestion[],
  world: World = {},
  more: Partial<AnswersOptions> = ALMOST_NO_BACKOFF,
) {
  const end = new AbortController()
  ends.push(end)
  const state = {
    open: questions.map((question) => ({ ...question, due: 0 })) as (AskedQuestion & { due?: number })[],
    given: [] as Answer[],
    /** Questions that were put off, in order. */
    postponed: [] as QuestionId[],
    /** Questions about repositories that are given to nobody. */
    asleep: [] as QuestionId[],
    /** The outcomes of questions about repositories, in order. */
    repositories: [] as RepositoryReport[],
    /** Calls to the network, in order. */
    calls: [] as (readonly string[])[],
    failed: [] as [kind: QuestionKind, n: number, reason: string][],
    answered: new Map<QuestionKind, number>(),
    removals: [] as AbsentFrom[],
    now: START as Micros,
  }
  const appview: AppView = {
    posts: async (uris, signal) => {
      state.calls.push(uris)
      await world.posts?.(uris, signal)
      const found = new Map<string, Media>()
      for (const uri of uris) {
        const media = world.media === undefined ? 'text' : world.media(uri)
        if (media !== undefined) found.set(uri, media)
      }
      return found
    },
    profiles: async (dids, signal) => {
      state.calls.push(dids)
      return ((await world.profiles?.(dids, signal)) ?? []) as ProfileView[]
    },
    resolve: () => assert.fail('nobody asks for handles'),
    search: () => assert.fail('nobody types anything'),
  }
  const repositories: AnswersOptions['repositories'] = {
    find: async (did, signal) => {
      await world.find?.(did, signal)
      const pds = new URL(`https://${world.host?.(did) ?? did.slice('did:plc:'.length)}.example`)
      return { pds, key: KEY }
    },
    snapshot: async (did, { pds, collections, signal }) => {
      assert.equal(collections, game.followed)
      state.calls.push([did])
      const found = await world.repository?.(did, signal, pds)
      return found === 'inactive' ? undefined : ((found ?? { rev: tid(5), paths: NO_PATHS }) as Snapshot)
    },
  }
  const asker = answers({
    next: async (kind, limit, except, now) =>
      state.open
        .filter((open) => open.kind === kind && !except.has(open.id) && (open.due ?? 0) <= now)
        .slice(0, limit),
    imports: { run: async () => {} },
    underLease: async () => ({
      removeAbsent: async (from) => {
        state.removals.push(from)
      },
      deliver: (answer) => deliver([answer]),
    }),
    deliver,
    appview,
    repositories,
    followed: game.followed,
    clock: () => state.now,
    signal: end.signal,
    observer: {
      answered: (kind, n) => state.answered.set(kind, (state.answered.get(kind) ?? 0) + n),
      failed: (...what) => state.failed.push(what),
      repository: (report) => state.repositories.push(report),
    },
    ...more,
  })
  return { asker, state, end }

  async function deliver(given: readonly (Answer | NoAnswer)[]): Promise<void> {
    for (const one of given) {
      const id = typeof one.question === 'string' ? one.question : one.question.id
      const asked = state.open.find((open) => open.id === id)
      state.open = state.open.filter((open) => open !== asked)
      if (one.kind === 'inactive') {
        state.asleep.push(id)
      } else if (one.kind !== 'no-answer') {
        state.given.push(one)
      } else {
        assert.deepEqual([one.did, one.at], [one.question.did, state.now])
        const due = state.now / 1_000_000 + 60
        state.postponed.push(id)
        state.open.push({ ...one.question, tries: one.question.tries + 1, due })
        asker.wakeAt(due)
      }
    }
  }
}

type Running = ReturnType<typeof ledgerOf>

/** Runs the asking until `enough`, aborts it, and waits for its end. */
async function runUntil({ asker, end }: Running, enough: () => boolean): Promise<void> {
  const run = asker.run()
  await until(enough, run)
  end.abort()
  await run
}

async function until(enough: () => boolean, run?: Promise<void>): Promise<void> {
  const late = performance.now() + 5_000
  while (!enough()) {
    assert.ok(performance.now() < late, 'waited in vain')
    const turn = new Promise(setImmediate)
    await (run === undefined ? turn : Promise.race([run, turn]))
  }
}

const allAnswered =
  ({ state }: Running) =>
  () =>
    state.open.length === 0

const idsOf = (given: readonly Answer[]) => given.map(({ question }) => question)

suite('questions', () => {
  test('of every kind are asked until there are none, and every answer names its question', async () => {
    const paths = new Set([`${POST}/${tid(1)}`] as const)
    const view: ProfileView = {
      did: person(2),
      profile: { handle: 'c.test', displayName: 'C', avatar: undefined, asked: START },
      postsCount: 9,
      optedOut: true,
    }
    const running = ledgerOf([whatShows(1, 7), whoIs(2), whoIs(3), whatIsIn(4)], {
      media: () => 'alt',
      profiles: () => [view],
      repository: () => ({ rev: tid(5), paths }),
    })
    await runUntil(running, allAnswered(running))
    const { given, answered, failed } = running.state
    const by = new Map(given.map((answer) => [answer.question, answer]))
    assert.deepEqual(by.get('s1'), {
      kind: 'subject-answer',
      question: 's1',
      tries: 0,
      subject: postOf(7),
      did: person(2),
      collection: REPOST,
      rkey: tid(1),
      rev: tid(1),
      at: START,
      media: 'alt',
    })
    assert.deepEqual(by.get('p2'), {
      kind: 'profile-answer',
      question: 'p2',
      tries: 0,
      did: person(2),
      at: START,
      profile: view.profile,
      optedOut: true,
      postsCount: 9,
    })
    // Nobody knows the other one, which is an answer, too.
    assert.deepEqual(by.get('p3'), {
      kind: 'profile-answer',
      question: 'p3',
      tries: 0,
      did: person(3),
      at: START,
      profile: undefined,
      optedOut: false,
      postsCount: 0,
    })
    const { did } = whatIsIn(4)
    assert.deepEqual(by.get('r4'), { kind: 'repository-answer', question: 'r4', did, at: START })
    const [removal, ...more] = running.state.removals
    assert.deepEqual([removal?.did, removal?.rev, more], [did, tid(5), []])
    const isAbsent = (path: RecordPath): boolean | undefined => {
      const [collection, rkey] = path.split('/') as [Nsid, string]
      return removal?.isAbsent({ did, collection, rkey }, undefined as never)
    }
    assert.deepEqual(
      [...paths].map(isAbsent),
      [...paths].map(() => false),
    )
    assert.equal(isAbsent(`${POST}/of-no-repository`), true)
    // A collection that was not asked for.
    assert.equal(isAbsent('app.bsky.graph.block/of-no-repository'), false)
    assert.equal(given.length, 4)
    assert.deepEqual(Object.fromEntries(answered), { subject: 1, profile: 2, repository: 1 })
    assert.deepEqual(failed, [])
  })

  test('about a repository that is given to nobody for now are not asked again and again', async () => {
    const running = ledgerOf([whatIsIn(1)], { repository: () => 'inactive' })
    await runUntil(running, allAnswered(running))
    const { asleep, given, failed, repositories } = running.state
    assert.deepEqual([asleep, given, failed], [['r1'], [], []])
    assert.deepEqual(repositories, [
      { host: `${'b'.repeat(24)}.example`, outcome: 'inactive', message: undefined },
    ])
  })

  test('name 25 posts a call at most, each once, however many reposted it', async () => {
    // 200 reposts of 60 posts, the first few the most.
    const questions = Array.from({ length: 200 }, (_, id) => whatShows(id, id < 60 ? id : id % 3))
    const running = ledgerOf(questions, { media: (uri) => (numberOf(uri) % 2 === 0 ? 'alt' : 'media') })
    await runUntil(running, allAnswered(running))
    const { calls, given } = running.state
    assert.deepEqual(
      calls.map(({ length }) => length),
      [25, 25, 10],
    )
    assert.equal(new Set(calls.flat()).size, 60)
    assert.equal(given.length, 200)
    for (const answer of given) {
      const question = questions.find(({ id }) => id === answer.question)
      assert.ok(question?.kind === 'subject' && answer.kind === 'subject-answer')
      assert.equal(
        answer.media,
        numberOf(`at://${person(0)}/${POST}/${question.subject.rkey}`) % 2 ? 'media' : 'alt',
      )
    }
  })

  test('name 25 people a call at most, each once', async () => {
    const dids = Array.from({ length: 60 }, (_, n): Did => `did:web:person-${n % 10}.example`)
    const running = ledgerOf(dids.map((did, id) => whoIs(id, did)))
    await runUntil(running, allAnswered(running))
    assert.ok(running.state.calls.every((call) => call.length <= 25 && new Set(call).size === call.length))
    assert.equal(running.state.calls.length, 3)
  })

  test('about a post that is known are answered without asking; one that is gone is asked about again', async () => {
    const running = ledgerOf([whatShows(1, 1), whatShows(2, 2)], {
      media: (uri) => (uri === uriOf(1) ? 'media' : undefined),
    })
    const run = running.asker.run()
    await settled()
    running.state.open.push(whatShows(3, 1), whatShows(4, 2))
    running.asker.wake()
    await settled()
    running.end.abort()
    await run
    assert.deepEqual(running.state.calls, [[uriOf(1), uriOf(2)], [uriOf(2)]])
    assert.deepEqual(
      running.state.given.map((answer) => [answer.question, 'media' in answer && answer.media]),
      [
        ['s1', 'media'],
        ['s2', undefined],
        ['s3', 'media'],
        ['s4', undefined],
      ],
    )
  })

  test('that are new are looked for when there may be some, and every half minute all the same', async (t) => {
    const pass = freezeTime(t)
    const running = ledgerOf([])
    const run = running.asker.run()
    await pass(1_000)
    running.state.open.push(whoIs(1))
    await pass(0)
    assert.deepEqual(running.state.given, [])
    running.asker.wake()
    await pass(0)
    assert.deepEqual(idsOf(running.state.given), ['p1'])
    running.state.open.push(whoIs(2), whatShows(3, 3), whatIsIn(4))
    await pass(29_999)
    assert.deepEqual(idsOf(running.state.given), ['p1'])
    await pass(1)
    assert.deepEqual(new Set(idsOf(running.state.given)), new Set(['p1', 'p2', 's3', 'r4']))
    running.end.abort()
    await run
  })
})

suite('a question that fails', () => {
  test('is asked again, later each time, and at its first pace once something was answered', async () => {
    const results = [broken(), broken(), new RequestError('timeout'), undefined, broken()]
    const backoffs: number[] = []
    const backoff = (failures: number): number => {
      backoffs.push(failures)
      return 0
    }
    const world: World = {
      profiles: () => {
        const failure = results.shift()
        if (failure !== undefined) throw failure
      },
    }
    const running = ledgerOf([whoIs(1)], world, { backoff })
    const { asker, state, end } = running
    const run = asker.run()
    await until(allAnswered(running))
    state.open.push(whoIs(2))
    asker.wake()
    await until(allAnswered(running))
    end.abort()
    await run
    assert.deepEqual(backoffs, [1, 2, 3, 1])
    assert.deepEqual(idsOf(state.given), ['p1', 'p2'])
    assert.deepEqual(state.failed[0], ['profile', 1, 'answered 500'])
    assert.equal(state.failed.length, 4)
  })

  test('is left alone for as long as the server says', async (t) => {
    const pass = freezeTime(t)
    const results = [overwhelmed(20_000)]
    const running = ledgerOf([whatShows(1, 1)], {
      posts: () => {
        const failure = results.shift()
        if (failure !== undefined) throw failure
      },
    })
    const { asker, state, end } = running
    const run = asker.run()
    await settled()
    await pass(19_999)
    assert.equal(state.calls.length, 1)
    await pass(1)
    assert.deepEqual(idsOf(state.given), ['s1'])
    end.abort()
    await run
  })

  test('is asked again after one second, then two, up to 64, half of it by chance', async (t) => {
    const pass = freezeTime(t)
    const chance = t.mock.method(Math, 'random', () => 0)
    const world: World = {
      profiles: () => {
        throw broken()
      },
    }
    const { asker, state, end } = ledgerOf([whoIs(1)], world, {})
    const run = asker.run()
    await settled()
    const asksAgainAfter = async (ms: number): Promise<void> => {
      const before = state.calls.length
      await pass(ms - 1)
      assert.equal(state.calls.length, before, `not before ${ms} ms`)
      await pass(1)
      assert.equal(state.calls.length, before + 1, `after ${ms} ms`)
    }
    for (const ms of [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000]) await asksAgainAfter(ms)
    chance.mock.mockImplementation(() => 1)
    await asksAgainAfter(32_000)
    for (let n = 0; n < 3; n++) await asksAgainAfter(64_000)
    end.abort()
    await run
  })

  test('does not hold up questions of another kind', async () => {
    const running = ledgerOf([whatShows(1, 1), whoIs(2), whatIsIn(3)], {
      posts: () => {
        throw broken()
      },
    })
    await runUntil(running, () => running.state.given.length === 2)
    assert.deepEqual(new Set(idsOf(running.state.given)), new Set(['p2', 'r3']))
  })

  test('about one repository does not hold up the next, and is asked again when its pause is over', async () => {
    let failing = true
    const running = ledgerOf([whatIsIn(1), whatIsIn(2), whatIsIn(3), whatIsIn(4)], {
      repository: (did) => {
        if (failing && (did === person(1) || did === person(3))) throw broken()
      },
    })
    const { asker, state, end } = running
    const run = asker.run()
    await until(() => state.given.length === 2 && state.calls.length === 4)
    assert.deepEqual(state.calls.flat(), [1, 2, 3, 4].map(person))
    await settled()
    assert.equal(state.calls.length, 4)
    assert.deepEqual(state.postponed, ['r1', 'r3'])
    failing = false
    asker.wake()
    await settled()
    assert.equal(state.calls.length, 4)
    state.now += 60_000_000
    asker.wake()
    await until(allAnswered(running))
    end.abort()
    await run
    assert.deepEqual(idsOf(state.given), ['r2', 'r4', 'r1', 'r3'])
  })

  for (const status of [400, 404, 414, 431]) {
    test(`because the network will have none of it (${status}) does not hold up the others for good`, async () => {
      const evil = new Set([uriOf(3), uriOf(70)])
      const running = ledgerOf(
        Array.from({ length: 300 }, (_, id) => whatShows(id, id % 90)),
        {
          posts: (uris) => {
            if (uris.some((uri) => evil.has(uri))) throw refused(status)
          },
        },
      )
      const left = () =>
        running.state.open.map((open) => open.kind === 'subject' && uriOf(Number(open.id.slice(1)) % 90))
      await runUntil(running, () => left().every((uri) => uri !== false && evil.has(uri)))
      assert.equal(running.state.given.length, 300 - 7)
      assert.ok(running.state.calls.length < 90, `${running.state.calls.length} calls`)
    })
  }

  test('that are all refused leave the network as one that has not answered', async () => {
    const running = ledgerOf(
      Array.from({ length: 5 }, (_, id) => whoIs(id)),
      { profiles: () => fail(refused(404)) },
    )
    await runUntil(running, () => running.state.postponed.length === 5)
    assert.deepEqual([...running.state.answered], [])
    assert.ok(running.state.failed.length >= 5)
  })

  test('together with others for a reason of the server is not taken apart', async () => {
    for (const failure of [broken(), overwhelmed(), new RequestError('timeout')]) {
      const failures = [failure, failure]
      const running = ledgerOf(
        Array.from({ length: 25 }, (_, id) => whatShows(id, id)),
        {
          posts: () => {
            const now = failures.shift()
            if (now !== undefined) throw now
          },
        },
      )
      await runUntil(running, allAnswered(running))
      assert.deepEqual(
        running.state.calls.map(({ length }) => length),
        [25, 25, 25],
      )
    }
  })

  test('by chance, whichever and however often, is answered in the end, and once', async () => {
    const kinds = fc.constantFrom(
      (n: number) => whatShows(n, n),
      (n: number) => whoIs(n),
      whatIsIn,
    )
    const asked = fc.array(fc.tuple(kinds, fc.nat({ max: 7 })), { maxLength: 60 })
    const failures = fc.infiniteStream(fc.constantFrom(undefined, undefined, broken, overwhelmed, refused))
    await fc.assert(
      fc.asyncProperty(asked, failures, async (list, stream) => {
        const failByChance = (): void => {
          const fail = stream.next().value
          if (fail !== undefined) throw fail()
        }
        const questions = list.map(([kind, n], id) => ({ ...kind(n), id: `${id}` }))
        const running = ledgerOf(questions, {
          posts: failByChance,
          profiles: failByChance,
          repository: failByChance,
        })
        const run = running.asker.run()
        // Those put off come again when their time has come.
        await until(() => {
          running.state.now += 60_000_000
          running.asker.wake()
          return running.state.open.length === 0
        }, run)
        running.end.abort()
        await run
        assert.equal(new Set(idsOf(running.state.given)).size, running.state.given.length)
        assert.equal(running.state.given.length, questions.length)
      }),
      { numRuns: 20 },
    )
  })
})

suite('the end', () => {
  /** Aborts the asking during a request, which rejects with `reason`, as `fetch` does. */
  const hanging = (_: unknown, signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })

  const moments: [string, AskedQuestion[], World][] = [
    ['nothing is left to ask', [], {}],
    [
      'questions are being asked',
      [whatShows(1, 1), whoIs(2), whatIsIn(3)],
      { posts: hanging, profiles: hanging, repository: hanging },
    ],
    [
      'it waits after failures',
      [whatShows(1, 1), whoIs(2), whatIsIn(3)],
      {
        posts: () => fail(overwhelmed(600_000)),
        profiles: () => fail(overwhelmed(600_000)),
        repository: () => fail(overwhelmed(600_000)),
      },
    ],
  ]
  for (const [name, questions, world] of moments) {
    test(`comes at once when ${name}`, { timeout: 5_000 }, async () => {
      const { asker, end, state } = ledgerOf(questions, world)
      const run = asker.run()
      await settled()
      assert.equal(state.calls.length, questions.length)
      end.abort()
      await run
      assert.deepEqual(state.given, [])
    })
  }

  test('comes before anything is asked where it had come already', async () => {
    const { asker, end, state } = ledgerOf([whoIs(1)])
    end.abort()
    await asker.run()
    assert.deepEqual(state.calls, [])
  })

  const damage = new Error('the ledger is damaged')
  const failing: [string, Partial<AnswersOptions>][] = [
    ['cannot say what is open', { next: () => Promise.reject(damage) }],
    ['does not take an answer', { deliver: () => Promise.reject(damage) }],
  ]
  for (const [name, more] of failing) {
    test(`comes with the failure of a ledger that ${name}`, { timeout: 5_000 }, async () => {
      const { asker } = ledgerOf([whoIs(1)], {}, more)
      await assert.rejects(asker.run(), damage)
    })
  }

  test('comes at once with the failure of the ledger while the network keeps another question waiting', {
    timeout: 5_000,
  }, async () => {
    const { asker } = ledgerOf(
      [whatShows(1, 1), whoIs(2), whatIsIn(3)],
      { posts: hanging, repository: hanging },
      { deliver: () => Promise.reject(damage) },
    )
    await assert.rejects(asker.run(), damage)
  })

  test('comes with a mistake of ours, which is no failure of the network', { timeout: 5_000 }, async () => {
    const mistake = new TypeError('not a function')
    const { asker, state } = ledgerOf([whoIs(1)], { profiles: () => Promise.reject(mistake) })
    await assert.rejects(asker.run(), mistake)
    assert.deepEqual(state.failed, [])
  })

  test('leaves a question open whose answer did not reach the ledger', async () => {
    const end = new AbortController()
    const { asker, state } = ledgerOf(
      [whoIs(1)],
      {},
      {
        signal: end.signal,
        deliver: async () => {
          end.abort()
          throw new Error('closed')
        },
      },
    )
    await asker.run()
    assert.equal(state.open.length, 1)
    assert.equal(state.answered.size, 0)
  })
})
