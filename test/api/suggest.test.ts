import assert from 'node:assert/strict'
import test from 'node:test'
import type { Did, Handle } from '../../src/atproto/event.ts'
import type { ProfileView } from '../../src/bluesky/appview.ts'
import { alice, bob, build, nobody, profile } from './harness.ts'

const carol = 'did:plc:caroleeeeeeeeeeeeeeeeeee' as Did

function view(did: Did, handle: string, { optedOut = false } = {}): ProfileView {
  return {
    did,
    profile: { handle: handle as Handle, displayName: 'From elsewhere', avatar: undefined, asked: 0 },
    postsCount: 0,
    optedOut,
  }
}

/** Alice, Bob and Carol, of whom the network finds those of `views` for any text. */
async function populated(views: readonly ProfileView[] = []) {
  const asked: string[] = []
  const server = await build({
    search: async (text) => {
      asked.push(text)
      return views
    },
  })
  const { ledger } = server
  ledger.join(alice, profile('alice.example', { displayName: 'Alice of Oxford' })).earn(alice, { delta: 500 })
  ledger.join(bob, profile('bob.example', { displayName: 'Bob' })).earn(bob, { delta: 90 })
  ledger.join(carol, profile('alina.example', { displayName: 'Carol' })).earn(carol, { delta: 900 })
  const names = async (text: string) => {
    const answer = await server.get(`/v1/suggest?q=${encodeURIComponent(text)}`)
    return answer.json().items.map(({ handle }: { handle: string }) => handle)
  }
  return { ...server, asked, names }
}

test('people are found by how their handle or any of their names begins, most experienced first', async () => {
  await using server = await populated()
  assert.deepEqual(await server.names('al'), ['alina.example', 'alice.example'])
  assert.deepEqual(await server.names('@ALI'), ['alina.example', 'alice.example'])
  assert.deepEqual(await server.names('of Ox'), ['alice.example'])
  assert.deepEqual(await server.names('xford'), [])
  assert.deepEqual(await server.names(' @ '), [])
  assert.deepEqual((await server.get('/v1/suggest?q=bo')).json().items, [
    { did: bob, handle: 'bob.example', displayName: 'Bob', level: 1, title: 'Wanderer' },
  ])
  assert.deepEqual(server.asked, ['al', 'ali', 'of ox', 'xford', 'bo'])
})

test('hidden people are not suggested, by whatever name', async () => {
  await using server = await populated([view(nobody, 'ali-shy.example', { optedOut: true })])
  assert.deepEqual(await server.names('ali'), ['alina.example', 'alice.example'])
  server.ledger.hide(alice)
  assert.deepEqual(await server.names('ali'), ['alina.example'])
  assert.deepEqual(await server.names('alice.example'), [])
})

test('people of the network come after those who are characters, each once', async () => {
  const views = [view(nobody, 'alissa.example'), view(alice, 'alice.example'), view(bob, 'renamed.example')]
  await using server = await populated(views)
  const { items } = (await server.get('/v1/suggest?q=ali')).json()
  assert.deepEqual(
    items.map(({ handle, level }: { handle: string; level: number | null }) => [handle, level]),
    [
      ['alina.example', 9],
      ['alice.example', 5],
      ['alissa.example', null],
      ['bob.example', 1],
    ],
  )
})

test('a whole handle is found wherever its character stands', async () => {
  await using server = await populated()
  server.ledger.places = 0
  assert.deepEqual(await server.names('ali'), [])
  assert.deepEqual(await server.names('alice.example'), ['alice.example'])
  // Looked at once, and known from then on.
  await server.get('/@alice.example')
  assert.deepEqual(await server.names('ali'), ['alice.example'])
})
