import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { builtInRules } from '../../src/game/rules/index.ts'
import { follow } from '../game/follow-rule.ts'
import { build } from './harness.ts'

test('a rule is a file and a line in the list: all that is told of what counts follows', async () => {
  await using here = await build({ rules: rulebook(NO_CHANGES, [...builtInRules, follow]) })
  const nobody = await here.get('/v1/characters/did:plc:alicealicealicealicealic')
  assert.match(nobody.json().detail, /first post, repost, like or follow that/)
  const page = (await here.get('/')).body
  assert.match(page, /Posts, reposts, likes and follows earn/)
  assert.match((await here.get('/rules')).body, /Follow<span class="example">You follow a friend.*5 XP/)
  const { points, collections } = (await here.get('/v1/rules')).json()
  assert.equal(points.follow, 5)
  assert.ok(collections.includes('app.bsky.graph.follow'))
})
