import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Pace, PaceFullError } from '../../src/bluesky/pace.ts'
import { never } from './local-server.ts'

/** A pace with a clock and one timer that only the test moves; `armed` counts how often a timer was set. */
function paced(options: { maxRequests: number; windowMs: number; maxWaiting?: number }) {
  const state = { now: 0, armed: 0, timer: undefined as { at: number; wake: () => void } | undefined }
  const pace = new Pace({
    ...options,
    now: () => state.now,
    schedule: (ms, wake) => {
      assert.equal(state.timer, undefined, 'one timer serves all')
      state.armed += 1
      state.timer = { at: state.now + ms, wake }
      return () => {
        state.timer = undefined
      }
    },
  })
  /** Lets `ms` milliseconds pass, and runs the timer when it falls due. */
  const pass = async (ms: number): Promise<void> => {
    await new Promise(setImmediate)
    const end = state.now + ms
    while (state.timer !== undefined && state.timer.at <= end) {
      const { at, wake } = state.timer
      state.now = Math.max(state.now, at)
      state.timer = undefined
      wake()
      await new Promise(setImmediate)
    }
    state.now = end
    await new Promise(setImmediate)
  }
  return { pace, state, pass }
}

suite('a pace', () => {
  test('lets so many go at once, and the next when the first is a window ago', async () => {
    const { pace, state, pass } = paced({ maxRequests: 3, windowMs: 100 })
    const gone: number[] = []
    for (let n = 0; n < 5; n++) {
      void pace.turn(never()).then(() => gone.push(state.now))
      await pass(10)
    }
    await pass(1_000)
    assert.deepEqual(gone, [0, 10, 20, 100, 110])
  })

  test('never lets more go in any window, keeps their order, and lets nobody wait for nothing', async () => {
    const gaps = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 40 })), { maxLength: 80 })
    await fc.assert(
      fc.asyncProperty(gaps, fc.integer({ min: 1, max: 6 }), async (delays, maxRequests) => {
        const { pace, state, pass } = paced({ maxRequests, windowMs: 100 })
        const gone: { n: number; at: number }[] = []
        for (const [n, delay] of delays.entries()) {
          await pass(delay)
          void pace.turn(never()).then(() => gone.push({ n, at: state.now }))
        }
        await pass(10_000)
        assert.deepEqual(
          gone.map(({ n }) => n),
          delays.map((_, n) => n),
        )
        for (const [n, { at }] of gone.entries()) {
          const within = gone.slice(n).filter((other) => other.at < at + 100)
          assert.ok(within.length <= maxRequests, `${within.length} from ${at} on`)
        }
      }),
    )
  })

  test('lets nobody go while the server rests, and a shorter rest does not cut a longer one', async () => {
    const { pace, state, pass } = paced({ maxRequests: 10, windowMs: 100 })
    pace.rest(500)
    pace.rest(20)
    const gone: number[] = []
    for (let n = 0; n < 2; n++) void pace.turn(never()).then(() => gone.push(state.now))
    await pass(400)
    pace.rest(200)
    await pass(1_000)
    assert.deepEqual(gone, [600, 600])
  })

  test('sets one timer a free place for thirty thousand who wait', async () => {
    const { pace, state, pass } = paced({ maxRequests: 10, windowMs: 1_000 })
    let gone = 0
    for (let n = 0; n < 30_010; n++) void pace.turn(never()).then(() => gone++)
    await pass(0)
    assert.deepEqual([gone, state.armed], [10, 1])
    await pass(5_000)
    assert.deepEqual([gone, state.armed], [60, 6])
  })

  test('refuses those for whom there is no room to wait', async () => {
    const { pace, pass } = paced({ maxRequests: 1, windowMs: 1_000, maxWaiting: 2 })
    const turns = Array.from({ length: 4 }, () => pace.turn(never()))
    await assert.rejects(turns[3] ?? assert.fail(), PaceFullError)
    await pass(2_000)
    await Promise.all(turns.slice(0, 3))
  })

  test('takes those who gave up out of the queue, with the timer when nobody is left', async () => {
    const { pace, state, pass } = paced({ maxRequests: 1, windowMs: 1_000, maxWaiting: 1 })
    await assert.rejects(pace.turn(AbortSignal.abort()), { name: 'AbortError' })
    await pace.turn(never())
    const end = new AbortController()
    const left = pace.turn(end.signal)
    end.abort()
    await assert.rejects(left, { name: 'AbortError' })
    assert.equal(state.timer, undefined)
    const next = pace.turn(never())
    await pass(1_000)
    await next
  })

  test('goes by the time that passes', async () => {
    const pace = new Pace({ maxRequests: 1, windowMs: 30 })
    const began = performance.now()
    await pace.turn(never())
    await pace.turn(never())
    assert.ok(performance.now() - began >= 30)
  })
})
