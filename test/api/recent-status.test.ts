import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentStatus } from '../../src/api/status.ts'
import type { Reader } from '../../src/store/store.ts'

test('what readiness goes by is asked for again sooner than what pages show', async () => {
  let asked = 0
  let now = 0
  const reader = {
    status: async () => {
      asked += 1
      return { heartbeat: undefined }
    },
  } as unknown as Reader
  const recent = new RecentStatus({ reader, clock: () => now, monotonic: () => now })
  await recent.get()
  now += 2_000_000
  await recent.get()
  assert.equal(asked, 1)
  await recent.get(1_500_000)
  assert.equal(asked, 2)
})
