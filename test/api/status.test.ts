import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { shortcomings } from '../../src/api/routes/health.ts'
import { isConnected, RecentStatus } from '../../src/api/status.ts'
import type { Heartbeat, StoreStatus } from '../../src/store/status.ts'
import type { Reader } from '../../src/store/store.ts'

const SECOND = 1_000_000
const NOW = 1_770_000_000 * SECOND

/** An API and an ingest in two processes, each with a clock that the test can set. */
function watched() {
  const state = { passed: 0, set: 0, ingestSet: 0, asked: 0, heartbeat: undefined as Heartbeat | undefined }
  const reader: Partial<Reader> = {
    status: async () => {
      state.asked += 1
      return { heartbeat: state.heartbeat } as StoreStatus
    },
  }
  const recent = new RecentStatus({
    reader: reader as Reader,
    clock: () => NOW + state.passed + state.set,
    monotonic: () => state.passed,
  })
  return {
    state,
    beat: () => {
      state.heartbeat = { at: NOW + state.passed + state.ingestSet, lag: 0, host: 'a.test' }
    },
    /** Lets `seconds` pass; returns the heartbeat's age in seconds, and whether it counts as connected. */
    after: async (seconds: number) => {
      state.passed += seconds * SECOND
      const heard = await recent.get()
      return [heard.heartbeatAge === undefined ? undefined : heard.heartbeatAge / SECOND, isConnected(heard)]
    },
    recent,
  }
}

suite('the age of the last heartbeat', () => {
  test('is not known where it never was', async () => {
    const { after } = watched()
    assert.deepEqual(await after(0), [undefined, false])
  })

  test('is told by its clock at first, and by what passes from then on', async () => {
    const { beat, after, state } = watched()
    beat()
    assert.deepEqual(await after(7), [7, true])
    assert.deepEqual(await after(3), [10, true])
    assert.deepEqual(await after(6), [16, false])
    beat()
    assert.deepEqual(await after(5), [5, true])
    // For five seconds, the store is not asked again.
    assert.equal(state.asked, 3)
  })

  for (const [who, field] of [
    ['our', 'set'],
    ['its', 'ingestSet'],
  ] as const) {
    for (const hours of [-1, 1, 24 * 365]) {
      test(`goes on being told where ${who} clock is set by ${hours} hours`, async () => {
        const { beat, after, state } = watched()
        beat()
        await after(0)
        state[field] = hours * 3_600 * SECOND
        for (let n = 0; n < 4; n++) {
          beat()
          const [age, connected] = await after(6)
          assert.ok(Number(age) <= 6 && connected, `${age} s`)
        }
        assert.deepEqual((await after(60))[1], false)
        assert.ok(Number((await after(60))[0]) >= 120)
      })
    }
  }

  test('is no longer than since we last asked, where it has changed since', async () => {
    const { beat, after, state } = watched()
    beat()
    await after(0)
    await after(50)
    state.ingestSet = -3_600 * SECOND
    beat()
    assert.deepEqual(await after(6), [6, true])
  })

  test('makes nobody ready who stands still', async () => {
    const { beat, after, recent, state } = watched()
    beat()
    await after(0)
    state.set = -3_600 * SECOND
    await after(121)
    assert.match(
      shortcomings(await recent.get(), 120 * SECOND).join(),
      /last heartbeat of ingest was 121 s ago/,
    )
  })
})
