import assert from 'node:assert/strict'
import test from 'node:test'
import type { Did } from '../../src/atproto/event.ts'
import { APPVIEW_SHARES, openAppView, type ProfileView } from '../../src/bluesky/appview.ts'
import { Pace } from '../../src/bluesky/pace.ts'
import { peopleSearch } from '../../src/bluesky/people-search.ts'

const ALICE: ProfileView = {
  did: 'did:plc:aliceaaaaaaaaaaaaaaaaaaa' as Did,
  profile: { handle: 'alice.example', displayName: 'Alice', avatar: undefined, asked: 0 },
  postsCount: 1,
  optedOut: false,
}

function searching(answer: () => Promise<ProfileView[]>) {
  const state = { now: 0, asked: [] as string[] }
  const search = peopleSearch({
    appview: {
      search: (text) => {
        state.asked.push(text)
        return answer()
      },
    },
    signal: new AbortController().signal,
    now: () => state.now,
  })
  return { state, search }
}

test('the same text is asked for once in five minutes', async () => {
  const { state, search } = searching(async () => [ALICE])
  assert.deepEqual(await search('Ali'), [ALICE])
  assert.deepEqual(await search('ali'), [ALICE])
  assert.deepEqual(state.asked, ['Ali'])
  state.now = 300_000
  await search('ali')
  assert.deepEqual(state.asked, ['Ali', 'ali'])
})

test('a failure finds nobody, and is not remembered', async () => {
  let fails = true
  const { state, search } = searching(async () => {
    if (fails) throw new Error('away')
    return [ALICE]
  })
  assert.deepEqual(await search('ali'), [])
  fails = false
  assert.deepEqual(await search('ali'), [ALICE])
  assert.equal(state.asked.length, 2)
})

test('suggestions never wait for their share of the rate limit', async () => {
  const pace = new Pace({ ...APPVIEW_SHARES.suggestions, maxRequests: 0 })
  const appview = openAppView({ url: 'http://127.0.0.1:9', clock: () => 0, pace })
  const search = peopleSearch({ appview, signal: new AbortController().signal })
  assert.deepEqual(await search('ali'), [])
})
