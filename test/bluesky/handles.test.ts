import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Did, Handle } from '@atcute/lexicons/syntax'
import { type AppView, openAppView } from '../../src/bluesky/appview.ts'
import { handleResolver } from '../../src/bluesky/handles.ts'
import { RequestError } from '../../src/bluesky/request.ts'
import { never, serve } from './local-server.ts'

const ALICE: Did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const MINUTE = 60_000

/** A resolver over an AppView that answers by `answer`, on a clock that stands still; `asked` is what it was asked. */
function resolverOf(answer: (handle: Handle) => Promise<Did | undefined> | Did | undefined) {
  const state = { now: 0, asked: [] as Handle[] }
  const appview: AppView = {
    profiles: () => assert.fail('nobody asks for profiles'),
    posts: () => assert.fail('nobody asks for posts'),
    resolve: async (handle) => {
      state.asked.push(handle)
      return answer(handle)
    },
  }
  return { resolver: handleResolver({ appview, signal: never(), now: () => state.now }), state }
}

suite('whose a handle is', () => {
  test('is what the AppView says over HTTP, and nobody where it cannot say', async () => {
    await using server = await serve(({ searchParams }) =>
      searchParams.get('handle') === 'alice.test'
        ? { json: { did: ALICE } }
        : {
            status: searchParams.get('handle') === 'gone.test' ? 400 : 500,
            json: { error: 'InvalidRequest' },
          },
    )
    const appview = openAppView({ url: server.url, clock: () => 0 })
    const resolver = handleResolver({ appview, signal: never() })
    assert.equal(await resolver.resolve('alice.test'), ALICE)
    assert.equal(await resolver.resolve('gone.test'), undefined)
    assert.equal(await resolver.resolve('broken.test'), undefined)
    // A failure is asked about anew; an answer is not.
    for (const handle of ['alice.test', 'gone.test', 'broken.test'] as const) await resolver.resolve(handle)
    assert.deepEqual(
      server.asked.map(({ searchParams }) => searchParams.get('handle')),
      ['alice.test', 'gone.test', 'broken.test', 'broken.test'],
    )
  })

  test('is asked anew when five minutes have passed, whatever the clock is set to', async (t) => {
    const asked: Handle[] = []
    const appview = { resolve: async (handle: Handle) => asked.push(handle) && ALICE } as unknown as AppView
    const resolver = handleResolver({ appview, signal: never() })
    await resolver.resolve('alice.test')
    t.mock.method(Date, 'now', () => Number.MAX_SAFE_INTEGER)
    await resolver.resolve('alice.test')
    assert.equal(asked.length, 1)
    t.mock.method(Date, 'now', () => 0)
    const later = performance.now() + 5 * MINUTE
    t.mock.method(performance, 'now', () => later)
    await resolver.resolve('alice.test')
    assert.equal(asked.length, 2)
  })

  test('is asked once by many at a time', async () => {
    const answer = Promise.withResolvers<Did>()
    const { resolver, state } = resolverOf(() => answer.promise)
    const all = Array.from({ length: 10 }, () => resolver.resolve('alice.test'))
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
      await resolver.resolve('alice.test')
      state.now = ms - 1
      assert.equal(await resolver.resolve('alice.test'), did)
      assert.equal(state.asked.length, 1)
      state.now = ms
      assert.equal(await resolver.resolve('alice.test'), did)
      assert.equal(state.asked.length, 2)
    })
  }

  test('is nobody for as long as the AppView fails, which does no harm to whoever asks', async () => {
    let failing = true
    const { resolver, state } = resolverOf(() => {
      if (failing) throw new RequestError('out of order')
      return ALICE
    })
    assert.deepEqual(await Promise.all([resolver.resolve('alice.test'), resolver.resolve('alice.test')]), [
      undefined,
      undefined,
    ])
    assert.equal(state.asked.length, 1)
    failing = false
    assert.equal(await resolver.resolve('alice.test'), ALICE)
  })

  test('is remembered of ten thousand handles, those asked about first going first', async () => {
    const { resolver, state } = resolverOf(() => ALICE)
    const handle = (n: number): Handle => `person-${n}.test`
    for (let n = 0; n < 10_001; n++) await resolver.resolve(handle(n))
    state.asked = []
    for (const n of [10_000, 1, 0]) await resolver.resolve(handle(n))
    assert.deepEqual(state.asked, [handle(0)])
  })
})
