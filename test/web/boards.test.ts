import assert from 'node:assert/strict'
import test from 'node:test'
import type { Did } from '../../src/atproto/event.ts'
import { type BoardKind, periodOf } from '../../src/game/boards.ts'
import { dayOf, secondsOf } from '../../src/game/time.ts'
import { alice, bob, build, NOW, nobody, profile } from '../api/harness.ts'

const accept = 'text/html'
const TODAY = dayOf(secondsOf(NOW))

async function populated(settings: { boards?: 'on' | 'off' } = {}) {
  const server = await build({ settings })
  const { ledger } = server
  ledger.join(alice, profile('alice.example')).earn(alice, { delta: 5_000 })
  ledger.join(bob, profile('bob.example', { displayName: 'Bob' })).earn(bob, { delta: 400 })
  const stand = (kind: BoardKind, earned: [Did, number][]) =>
    ledger.standings.set(`${kind} ${periodOf(kind, TODAY)}`, new Map(earned))
  stand('week', [
    [bob, 300],
    [alice, 20],
  ])
  stand('month', [[alice, 3_000]])
  return server
}

/** Ranks, names and amounts of the rows of a board. */
function rowsOf(body: string): string[] {
  return [
    ...body.matchAll(
      /<td class="rank"><b>([\d,]+)<\/b>[\s\S]*?<bdi>(.*?)<\/bdi>[\s\S]*?nowrap">(.*?)<small/g,
    ),
  ].map(([, rank, name, amount = '']) => `${rank} ${name} ${amount.replaceAll(/<[^>]+>/g, '').trim()}`)
}

test('the boards of all time, of the month and of the week stand side by side', async () => {
  await using server = await populated()
  assert.deepEqual(rowsOf((await server.get('/boards')).body), ['1 Alice 5,000', '2 Bob 400'])
  assert.deepEqual(rowsOf((await server.get('/boards/week')).body), ['1 Bob +300', '2 Alice +20'])
  const month = (await server.get('/boards/month')).body
  assert.deepEqual(rowsOf(month), ['1 Alice +3,000'])
  assert.match(month, /1 November to 30 November, so far/)
  assert.match(month, /aria-current="page">Month</)
  // What runs now, by its own name.
  assert.equal((await server.get('/boards/month/2023-11')).body, month)
})

test('the first page shows the board of the week, and of all time before anybody has earned anything', async () => {
  await using server = await populated()
  assert.match((await server.get('/')).body, /This week[\s\S]*\+300/)
  server.ledger.standings.clear()
  assert.match((await server.get('/')).body, /Most experienced[\s\S]*5,000/)
})

test('somebody is found among their neighbours, and told where the board ends', async () => {
  await using server = await populated()
  for (const name of ['bob.example', '@BOB.example', bob]) {
    const { body } = await server.get(`/boards?around=${encodeURIComponent(name)}`)
    assert.match(body, /<tr aria-current="true"><td class="rank"><b>2<\/b>/)
    assert.match(body, /Bob<\/bdi><\/a> is ahead of 0 %/)
  }
  const month = await server.get('/boards/month?around=bob.example')
  assert.match(month.body, /is not among the first of this board/)
  server.ledger.places = 1
  assert.deepEqual(rowsOf((await server.get('/boards?around=bob.example')).body), ['2 Bob 400'])
  const unknown = await server.get(`/boards?around=${nobody}`, { accept })
  assert.equal(unknown.statusCode, 404)
})

test('periods that there are not, or not yet, are said to be so', async () => {
  await using server = await populated()
  for (const [path, status, text] of [
    ['/boards/week/2023-W60', 400, /There is no week/],
    ['/boards/week/2024-W40', 404, /has not begun/],
    ['/boards/week/2020-W40', 404, /no board of 2020-W40/],
  ] as const) {
    const page = await server.get(path, { accept })
    assert.equal(page.statusCode, status)
    assert.match(page.body, text)
  }
  assert.equal((await server.get('/boards?cursor=cut-off')).statusCode, 200)
})

test('the levels of all characters are shown with the place of one of them', async () => {
  await using server = await populated()
  const { body } = await server.get('/boards?around=alice.example')
  assert.match(body, /<tr class="tier-0"><th scope="row" class="num nowrap">4<\/th>/)
  assert.match(body, /aria-current="true"><th scope="row" class="num nowrap">50–59<\/th>/)
  assert.match(body, /aria-label="1 character at level 50 to 59, Bard"/)
})

test('without boards there are none, and no way to them', async () => {
  await using server = await populated({ boards: 'off' })
  const page = await server.get('/boards', { accept })
  assert.equal(page.statusCode, 404)
  assert.match(page.body, /turned them off/)
  for (const path of ['/', '/@alice.example'])
    assert.doesNotMatch((await server.get(path)).body, /href="\/boards/)
})
