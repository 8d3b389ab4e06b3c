import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Pace } from '../../src/bluesky/pace.ts'
import { never } from './local-server.ts'

/** A pace whose time passes only by waiting; `waits` says how long each wait was. */
function paced({ most, windowMs }: { most: number; windowMs: number }) {
  const state = { now: 0, waits: [] as number[] }
  const pace = new Pace({
    most,
    windowMs,
    now: () => state.now,
    wait: async (ms) => {
      state.waits.push(ms)
      state.now += ms
    },
  })
  return { pace, state }
}

suite('a pace', () => {
  test('lets so many go at once, and the next when the first is a window ago', async () => {
    const { pace, state } = paced({ most: 3, windowMs: 100 })
    for (let n = 0; n < 3; n++) {
      await pace.turn(never())
      state.now += 10
    }
    assert.deepEqual(state.waits, [])
    await pace.turn(never())
    assert.deepEqual(state.waits, [70])
    await pace.turn(never())
    assert.deepEqual(state.waits, [70, 10])
  })

  test('never lets more go in any window', async () => {
    const delays = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 40 })), { maxLength: 80 })
    await fc.assert(
      fc.asyncProperty(delays, fc.integer({ min: 1, max: 6 }), async (gaps, most) => {
        const { pace, state } = paced({ most, windowMs: 100 })
        const made: number[] = []
        for (const gap of gaps) {
          state.now += gap
          await pace.turn(never())
          made.push(state.now)
        }
        for (const [n, at] of made.entries()) {
          const within = made.slice(n).filter((other) => other < at + 100)
          assert.ok(within.length <= most, `${within.length} from ${at} on`)
        }
        assert.ok(
          state.waits.every((ms) => ms > 0 && ms <= 100),
          'nobody waits for nothing',
        )
      }),
    )
  })

  test('lets nobody go while the server rests, and a shorter rest does not cut a longer one', async () => {
    const { pace, state } = paced({ most: 10, windowMs: 100 })
    pace.rest(500)
    pace.rest(20)
    await pace.turn(never())
    assert.equal(state.now, 500)
    await pace.turn(never())
    assert.equal(state.now, 500)
  })

  test('lets those who wait together go one window after the other', async () => {
    let now = 0
    let waiting: (() => void)[] = []
    const pace = new Pace({
      most: 2,
      windowMs: 100,
      now: () => now,
      wait: () => new Promise((resolve) => waiting.push(resolve)),
    })
    const gone: number[] = []
    const all = Array.from({ length: 6 }, () => pace.turn(never()).then(() => gone.push(now)))
    while (gone.length < 6 && now < 1_000) {
      await new Promise(setImmediate)
      now += 50
      // Some wake too early, as timers do.
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    }
    await Promise.all(all)
    assert.deepEqual(gone, [0, 0, 100, 100, 200, 200])
  })

  test('goes by what passes, whatever the clock is set to', async (t) => {
    const waits: number[] = []
    const pace = new Pace({
      most: 10,
      windowMs: 100,
      wait: async (ms) => {
        waits.push(ms)
        // It is over when so much has passed.
        t.mock.method(performance, 'now', () => Number.MAX_SAFE_INTEGER)
      },
    })
    pace.rest(500)
    t.mock.method(Date, 'now', () => 0)
    await pace.turn(never())
    assert.equal(waits.length, 1)
    assert.ok(Number(waits[0]) <= 500, `${waits[0]} ms`)
  })

  test('does not let those go who have given up', async () => {
    const pace = new Pace({ most: 1, windowMs: 60_000 })
    await assert.rejects(pace.turn(AbortSignal.abort()), { name: 'AbortError' })
    await pace.turn(never())
    const end = new AbortController()
    const turn = pace.turn(end.signal)
    end.abort()
    await assert.rejects(turn, { name: 'AbortError' })
  })
})
