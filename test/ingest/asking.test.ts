// When questions are taken from the ledger, and how many at a time.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { Did, Micros } from '../../src/atproto/event.ts'
import type { AppView } from '../../src/bluesky/appview.ts'
import { PathList } from '../../src/bluesky/repository/path-list.ts'
import { RequestError } from '../../src/bluesky/request.ts'
import type { Media } from '../../src/game/media.ts'
import type { Answer, NoAnswer } from '../../src/game/operation.ts'
import type { AskedQuestion, QuestionId, QuestionKind } from '../../src/game/question.ts'
import { answers } from '../../src/ingest/answers.ts'
import { KEY } from '../bluesky/repository/made-repository.ts'
import { game, START, tid } from '../game/arbitrary.ts'
import { freezeTime, settled } from './frozen-time.ts'

type Open = AskedQuestion & { due: number }

const who = (n: number, due = 0): Open => {
  return { kind: 'profile', id: `p${n}`, tries: 0, did: `did:web:p${n}.example` as Did, due }
}

/** A ledger and a network that answer when the test lets them. */
function asking(t: TestContext, questions: readonly Open[], appview: Partial<AppView> = {}) {
  const end = new AbortController()
  const state = {
    now: START as Micros,
    open: [...questions],
    /** Reads of the ledger for questions of each kind, with the questions to leave out. */
    looks: [] as { kind: QuestionKind; except: number }[],
    /** People asked about, call by call. */
    calls: [] as (readonly Did[])[],
    answered: [] as [QuestionKind, number][],
    /** Deliveries that are on their way into the ledger. */
    underWay: [] as (() => void)[],
    held: false,
  }
  const settle = (given: readonly (Answer | NoAnswer)[]): void => {
    for (const one of given) {
      const id: QuestionId = typeof one.question === 'string' ? one.question : one.question.id
      const open = state.open.find((question) => question.id === id)
      if (open !== undefined && one.kind === 'no-answer') open.due = state.now / 1e6 + 10
      else state.open = state.open.filter((question) => question.id !== id)
    }
  }
  const deliver = async (given: readonly (Answer | NoAnswer)[]): Promise<void> => {
    if (state.held) await new Promise<void>((resolve) => state.underWay.push(resolve))
    settle(given)
  }
  const asker = answers({
    next: async (kind, limit, except, now) => {
      state.looks.push({ kind, except: except.size })
      return state.open
        .filter((open) => open.kind === kind && !except.has(open.id) && open.due <= now)
        .slice(0, limit)
    },
    imports: { run: async () => {} },
    underLease: async () => ({ removeAbsent: async () => {}, deliver: (answer) => deliver([answer]) }),
    deliver,
    appview: {
      posts: async () => new Map(),
      profiles: async (dids) => {
        state.calls.push(dids)
        return []
      },
      resolve: () => assert.fail('nobody asks for handles'),
      search: () => assert.fail('nobody types anything'),
      ...appview,
    },
    repositories: {
      find: async (did) => ({ pds: new URL(`https://${did.slice('did:web:'.length)}`), key: KEY }),
      snapshot: async () => ({ rev: tid(5), paths: PathList.of([]), records: undefined, profile: undefined }),
    },
    followed: game.followed,
    clock: () => state.now,
    signal: end.signal,
    observer: { answered: (...what) => state.answered.push(what), failed: () => {}, repository: () => {} },
    backoff: () => 0,
  })
  const run = asker.run()
  t.after(async () => {
    end.abort()
    for (const resolve of state.underWay.splice(0)) resolve()
    await run
  })
  return {
    asker,
    state,
    run,
    end,
    looksFor: (kind: QuestionKind) => state.looks.filter((l) => l.kind === kind),
  }
}

suite('a question that is put off', () => {
  test('is asked when its time has come, and no sooner', async (t) => {
    const pass = freezeTime(t)
    const { asker, state } = asking(t, [who(1, START / 1e6 + 7), who(2, START / 1e6 + 12)])
    await settled()
    asker.wakeAt(START / 1e6 + 12)
    asker.wakeAt(START / 1e6 + 7)
    await settled()
    state.now += 6_999_000
    await pass(6_999)
    assert.deepEqual(state.calls, [])
    state.now += 1_000
    await pass(1)
    assert.deepEqual(state.calls.flat(), ['did:web:p1.example'])
    state.now += 5_000_000
    await pass(4_999)
    assert.equal(state.calls.length, 1)
    await pass(1)
    assert.deepEqual(state.calls.flat(), ['did:web:p1.example', 'did:web:p2.example'])
    // Both have been looked for: from now on, every half minute will do.
    const looks = state.looks.length
    state.now += 29_999_000
    await pass(29_999)
    assert.equal(state.looks.length, looks)
    await pass(1)
    assert.ok(state.looks.length > looks)
  })

  test('is not waited for where somebody looks before that anyway', async (t) => {
    const pass = freezeTime(t)
    const { asker, state } = asking(t, [])
    await settled()
    const looks = state.looks.length
    asker.wakeAt(START / 1e6 + 30)
    asker.wakeAt(START / 1e6 + 3_600)
    await pass(29_999)
    assert.equal(state.looks.length, looks)
    asker.wakeAt(START / 1e6 + 29)
    await settled()
    assert.ok(state.looks.length > looks)
  })

  test('is asked at once where its time has passed already', async (t) => {
    freezeTime(t)
    const { asker, state } = asking(t, [])
    await settled()
    state.open.push(who(1, START / 1e6 - 5))
    asker.wakeAt(START / 1e6 - 5)
    await settled()
    assert.equal(state.calls.length, 1)
  })

  test('is left alone while that is on its way into the ledger, and no answer', async (t) => {
    let refusals = 0
    const refusing = {
      profiles: () => {
        refusals += 1
        return Promise.reject(new RequestError('answered 400', { status: 400 }))
      },
    }
    const pass = freezeTime(t)
    const { asker, state, looksFor } = asking(t, [], refusing)
    state.held = true
    state.open.push(who(1))
    asker.wake()
    await settled()
    assert.equal(state.underWay.length, 1)
    asker.wake()
    await pass(1)
    assert.equal(state.underWay.length, 1)
    assert.equal(looksFor('profile').at(-1)?.except, 1)
    state.held = false
    for (const resolve of state.underWay.splice(0)) resolve()
    await settled()
    assert.equal(refusals, 1)
    // Its pause is over.
    state.now += 10_000_000
    asker.wake()
    await pass(1)
    assert.equal(refusals, 2)
    assert.deepEqual(state.answered, [])
  })
})

suite('questions', () => {
  test('are asked while answers are on their way into the ledger, up to 500 of them', async (t) => {
    const { asker, state } = asking(t, [])
    state.held = true
    state.open = Array.from({ length: 700 }, (_, n) => who(n))
    asker.wake()
    await settled()
    await settled()
    assert.deepEqual([state.calls.length, new Set(state.calls.flat()).size], [20, 500])
    state.held = false
    // The newest is what it waits for.
    for (const resolve of state.underWay.splice(0)) resolve()
    await settled()
    await settled()
    assert.deepEqual([state.calls.length, new Set(state.calls.flat()).size], [28, 700])
    assert.deepEqual(state.open, [])
    assert.equal(
      state.answered.reduce((sum, [, n]) => sum + n, 0),
      700,
    )
  })

  test('of which there is no room in one call are not taken from the ledger again', async (t) => {
    const posts = new Map(
      Array.from({ length: 60 }, (_, n) => [
        `at://did:web:p${n}.example/app.bsky.feed.post/3k`,
        'text' as const,
      ]),
    )
    const { asker, state, looksFor } = asking(t, [], {
      posts: async (uris) => new Map(uris.map((uri) => [uri, posts.get(uri) ?? 'text'])),
    })
    state.open = Array.from(
      { length: 60 },
      (_, n): Open => ({
        kind: 'subject',
        id: `s${n}`,
        tries: 0,
        due: 0,
        did: 'did:web:a.example',
        collection: 'app.bsky.feed.repost',
        rkey: tid(n),
        rev: tid(n),
        subject: { did: `did:web:p${n}.example`, collection: 'app.bsky.feed.post', rkey: '3k' },
      }),
    )
    const looks = looksFor('subject').length
    asker.wake()
    await settled()
    assert.deepEqual(state.open, [])
    // Once for all of them, and once more.
    assert.equal(looksFor('subject').length - looks, 2)
  })

  test('are about everybody who is asked about', async (t) => {
    const { asker, state } = asking(t, [])
    const people = Array.from({ length: 60 }, (_, n) => who(n % 30)).map((one, n) => ({
      ...one,
      id: `q${n}`,
    }))
    state.open = people
    asker.wake()
    await settled()
    assert.deepEqual(new Set(state.calls.flat()), new Set(people.map(({ did }) => did)))
  })

  test('of every kind are looked for when there may be some, whichever kind was looked for last', async (t) => {
    const pass = freezeTime(t)
    const post = Promise.withResolvers<Map<string, Media>>()
    const { asker, state, looksFor } = asking(t, [], { posts: () => post.promise })
    await settled()
    // One loop is busy, so that it waits from a later moment on than the others.
    state.open.push({
      kind: 'subject',
      id: 's1',
      tries: 0,
      due: 0,
      did: 'did:web:a.example',
      collection: 'app.bsky.feed.repost',
      rkey: tid(1),
      rev: tid(1),
      subject: { did: 'did:web:b.example', collection: 'app.bsky.feed.post', rkey: '3k' },
    })
    asker.wake()
    await pass(10_000)
    post.resolve(new Map<string, Media>())
    await pass(20_000)
    await pass(10_000)
    const before = looksFor('profile').length
    asker.wake()
    await settled()
    assert.equal(looksFor('profile').length, before + 1)
  })

  test('leave no timer behind each time that somebody is woken', async (t) => {
    const { asker } = asking(t, [])
    await settled()
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    for (let n = 0; n < 20; n++) {
      asker.wake()
      await settled()
    }
    assert.ok(timers() <= before + 3, `${timers()} timers, ${before} before`)
  })
})
