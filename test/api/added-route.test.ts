import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInRoutes } from '../../src/api/routes/index.ts'
import type { Did } from '../../src/atproto/event.ts'
import { build } from './harness.ts'
import { insightRoutes } from './insights-route.ts'

const ALICE: Did = 'did:plc:alicealicealicealicealic'

test('a route is a file and a line in the list: it answers, is documented, and is guarded like all', async () => {
  await using here = await build({}, [...builtInRoutes, insightRoutes])
  here.ledger.join(ALICE).earn(ALICE, { delta: 50 })
  const answer = await here.get('/v1/insights')
  assert.deepEqual(answer.json(), { median: 50 })
  assert.ok(answer.headers.etag !== undefined && answer.headers.ratelimit !== undefined)
  const { paths } = (await here.get('/openapi.json')).json()
  assert.equal(paths['/v1/insights'].get.operationId, 'getInsights')
  assert.equal((await here.get('/v1/insights?mode=1')).statusCode, 400)
  await using without = await build()
  assert.equal((await without.get('/v1/insights')).statusCode, 404)
})
