import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Did, Handle } from '@atcute/lexicons/syntax'
import { openAppView } from '../../src/bluesky/appview.ts'
import { handleResolver, LookUpUnavailableError } from '../../src/bluesky/handles.ts'
import { Pace } from '../../src/bluesky/pace.ts'
import { RequestError } from '../../src/bluesky/request.ts'
import { never, serve } from './local-server.ts'

const ALICE: Did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const MINUTE = 60_000

/** A resolver over an AppView that answers by `answer`, on a clock that stands still; `asked` are the handles asked for. */
function resolverOf(
  answer: (handle: Handle, signal: AbortSignal) => Promise<Did | undefined> | Did | undefined,
) {
  const state = { now: 0, asked: [] as Handle[] }
  const appview = {
    resolve: async (handle: Handle, signal: AbortSignal) => {
      state.asked.push(handle)
      return answer(handle, signal)
    },
  }
  return { resolver: handleResolver({ appview, signal: never(), now: () => state.now }), state }
}

suite('whose a handle is', () => {
  test('is what the AppView says over HTTP: somebody, nobody, or not to be told', async () => {
    await using server = await serve(({ searchParams }) =>
      searchParams.get('handle') === 'alice.test'
        ? { json: { did: ALICE } }
        : {
            status: searchParams.get('handle') === 'gone.test' ? 400 : 500,
            json: { error: 'InvalidRequest' },
          },
    )
    const pace = new Pace({ maxRequests: 100, windowMs: 1_000 })
    const appview = openAppView({ url: server.url, clock: () => 0, pace })
    const resolver = handleResolver({ appview, signal: never() })
    assert.equal(resolver.isCached('alice.test'), false)
    assert.equal(await resolver.resolve('alice.test', never()), ALICE)
    assert.equal(await resolver.resolve('gone.test', never()), undefined)
    await assert.rejects(resolver.resolve('broken.test', never()), LookUpUnavailableError)
    assert.deepEqual(
      ['alice.test', 'gone.test', 'broken.test'].map((handle) => resolver.isCached(handle as Handle)),
      [true, true, false],
    )
    // A failure is asked about anew; an answer is not.
    await resolver.resolve('alice.test', never())
    await resolver.resolve('gone.test', never())
    await assert.rejects(resolver.resolve('broken.test', never()), LookUpUnavailableError)
    assert.deepEqual(
      server.asked.map(({ searchParams }) => searchParams.get('handle')),
      ['alice.test', 'gone.test', 'broken.test', 'broken.test'],
    )
  })

  test('is asked anew when five minutes have passed, whatever the clock is set to', async (t) => {
    const asked: Handle[] = []
    const appview = {
      resolve: async (handle: Handle) => {
        asked.push(handle)
        return ALICE
      },
    }
    const resolver = handleResolver({ appview, signal: never() })
    await resolver.resolve('alice.test', never())
    t.mock.method(Date, 'now', () => Number.MAX_SAFE_INTEGER)
    await resolver.resolve('alice.test', never())
    assert.equal(asked.length, 1)
    t.mock.method(Date, 'now', () => 0)
    const later = performance.now() + 5 * MINUTE
    t.mock.method(performance, 'now', () => later)
    await resolver.resolve('alice.test', never())
    assert.equal(asked.length, 2)
  })

  test('is asked once by many at a time', async () => {
    const answer = Promise.withResolvers<Did>()
    const { resolver, state } = resolverOf(() => answer.promise)
    const all = Array.from({ length: 10 }, () => resolver.resolve('alice.test', never()))
    answer.resolve(ALICE)
    assert.deepEqual(new Set(await Promise.all(all)), new Set([ALICE]))
    assert.deepEqual(state.asked, ['alice.test'])
  })

  for (const [did, ms] of [
    [ALICE, 5 * MINUTE],
    [undefined, MINUTE],
  ] as const) {
    test(`is remembered for ${ms / MINUTE} minutes where it is ${did ?? 'nobody'}`, async () => {
      const { resolver, state } = resolverOf(() => did)
      await resolver.resolve('alice.test', never())
      state.now = ms - 1
      assert.equal(await resolver.resolve('alice.test', never()), did)
      assert.equal(state.asked.length, 1)
      state.now = ms
      assert.equal(await resolver.resolve('alice.test', never()), did)
      assert.equal(state.asked.length, 2)
    })
  }

  test('is not to be told for as long as the AppView fails', async () => {
    let failing = true
    const { resolver, state } = resolverOf(() => {
      if (failing) throw new RequestError('out of order')
      return ALICE
    })
    const both = ['alice.test', 'alice.test'].map((handle) => resolver.resolve(handle as Handle, never()))
    for (const one of both) await assert.rejects(one, LookUpUnavailableError)
    assert.equal(state.asked.length, 1)
    failing = false
    assert.equal(await resolver.resolve('alice.test', never()), ALICE)
  })

  test('is given up when the last who waits has left, and not before', async () => {
    const signals: AbortSignal[] = []
    const answer = Promise.withResolvers<Did>()
    const { resolver } = resolverOf((_, signal) => {
      signals.push(signal)
      signal.addEventListener('abort', () => answer.reject(signal.reason))
      return answer.promise
    })
    const [first, second] = [new AbortController(), new AbortController()]
    const both = [first, second].map(({ signal }) => resolver.resolve('alice.test', signal))
    first.abort()
    await assert.rejects(both[0] ?? assert.fail(), { name: 'AbortError' })
    assert.equal(signals[0]?.aborted, false)
    second.abort()
    await assert.rejects(both[1] ?? assert.fail(), { name: 'AbortError' })
    assert.equal(signals[0]?.aborted, true)
    assert.equal(signals.length, 1)
  })

  test('is not to be told where the AppView takes too long', async () => {
    const appview = {
      resolve: (_: Handle, signal: AbortSignal) =>
        new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    }
    const resolver = handleResolver({ appview, signal: never(), deadlineMs: 20 })
    await assert.rejects(resolver.resolve('alice.test', never()), LookUpUnavailableError)
  })

  test('is remembered of ten thousand handles, those asked about first going first', async () => {
    const { resolver, state } = resolverOf(() => ALICE)
    const handle = (n: number): Handle => `person-${n}.test`
    for (let n = 0; n < 10_001; n++) await resolver.resolve(handle(n), never())
    state.asked = []
    for (const n of [10_000, 1, 0]) await resolver.resolve(handle(n), never())
    assert.deepEqual(state.asked, [handle(0)])
  })
})
