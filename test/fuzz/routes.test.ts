import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hostileServer } from './hostile-server.ts'
import { IN_CI } from './in-ci.ts'
import { routesAnswer } from './routes.ts'

test('whatever is asked, every route answers, and never with a fault of ours', {
  timeout: 120_000,
}, async () => {
  await using server = await hostileServer()
  assert.ok(server.routes.length > 50, String(server.routes.length))
  await fc.assert(routesAnswer(server), { numRuns: 1_000, ...IN_CI })
  assert.deepEqual(server.logged, [])
})
