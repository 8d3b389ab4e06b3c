import assert from 'node:assert/strict'
import { test } from 'node:test'
import { periodOf, readPeriod } from '../../src/game/boards.ts'
import { alice, bob, build, NOW, nobody } from './harness.ts'

/** The harness's time is 2023-11-14, a Tuesday. */
const WEEK = `week ${periodOf('week', Math.floor(NOW / 86_400_000_000))}`

async function withBoards() {
  const here = await build()
  here.ledger.join(alice).earn(alice, { delta: 70 })
  here.ledger.join(bob).earn(bob, { delta: 500 })
  here.ledger.standings.set(
    WEEK,
    new Map([
      [alice, 70],
      [bob, 50],
    ]),
  )
  return here
}

test('the board of a running week names its days, and what each earned in it', async () => {
  await using here = await withBoards()
  const { statusCode, headers, ...answer } = await here.get('/v1/leaderboards/week')
  assert.deepEqual([statusCode, headers['cache-control']], [200, 'public, max-age=5'])
  const { entries, ...rest } = answer.json()
  assert.deepEqual(rest, {
    board: 'week',
    period: '2023-W46',
    from: '2023-11-13',
    to: '2023-11-19',
    running: true,
    cursor: null,
  })
  assert.deepEqual(
    entries.map(
      ({ rank, earned, character }: { rank: number; earned: number; character: { did: string } }) => [
        rank,
        earned,
        character.did,
      ],
    ),
    [
      [1, 70, alice],
      [2, 50, bob],
    ],
  )
  assert.equal(entries[1].character.leveling.experience, 500)
})

test('a board comes in pages, and around somebody', async () => {
  await using here = await withBoards()
  const first = (await here.get('/v1/leaderboards/week?limit=1')).json()
  assert.equal(first.entries.length, 1)
  const second = (await here.get(`/v1/leaderboards/week?limit=1&cursor=${first.cursor}`)).json()
  assert.deepEqual([second.entries[0].rank, second.cursor], [2, null])
  const around = (await here.get(`/v1/leaderboards/week?limit=1&around=${bob}`)).json()
  assert.deepEqual([around.entries[0].rank, around.entries[0].earned], [2, 50])
  assert.equal((await here.get(`/v1/leaderboards/week?around=${nobody}`)).statusCode, 404)
  here.ledger.hide(bob)
  assert.equal((await here.get(`/v1/leaderboards/week?around=${bob}`)).statusCode, 404)
})

test('a past period is named by address', async () => {
  await using here = await withBoards()
  here.ledger.standings.set(`month ${readPeriod('month', '2023-10')}`, new Map([[bob, 30]]))
  const { board, period, from, to, running, entries } = (
    await here.get('/v1/leaderboards/month?period=2023-10')
  ).json()
  assert.deepEqual(
    [board, period, from, to, running, entries.length],
    ['month', '2023-10', '2023-10-01', '2023-10-31', false, 1],
  )
})

test('a running period in which nobody has earned anything yet is empty', async () => {
  await using here = await withBoards()
  const { running, entries } = (await here.get('/v1/leaderboards/month')).json()
  assert.deepEqual([running, entries], [true, []])
})

test('periods that do not exist, have not begun or are not kept are told apart', async () => {
  await using here = await withBoards()
  const problem = async (path: string) => {
    const { status, error, detail } = (await here.get(path)).json()
    return [status, error, detail]
  }
  assert.deepEqual(await problem('/v1/leaderboards/week?period=2023-11'), [
    400,
    'InvalidRequest',
    'There is no week "2023-11": name one such as 2026-W48.',
  ])
  assert.deepEqual(await problem('/v1/leaderboards/month?period=2023-12'), [
    404,
    'UnknownPeriod',
    '2023-12 has not begun: now is 2023-11, UTC.',
  ])
  const [status, error, detail] = await problem('/v1/leaderboards/week?period=2023-W45')
  assert.deepEqual([status, error], [404, 'UnknownPeriod'])
  assert.match(String(detail), /^This server has no board of 2023-W45: /)
  // Even of a period that is kept, a cursor that is none is none.
  assert.equal((await here.get('/v1/leaderboards/week?cursor=x')).json().error, 'UnknownCursor')
})

test('levels are counted by their first digit, with the place of somebody', async () => {
  await using here = await withBoards()
  const levels = (await here.get(`/v1/leaderboards/levels?actor=${bob}`)).json()
  assert.deepEqual(levels, {
    characters: 2,
    asOf: new Date(NOW / 1000).toISOString(),
    bands: [
      { from: 1, to: 1, title: 'Wanderer', characters: 1 },
      { from: 5, to: 5, title: 'Apprentice', characters: 1 },
    ],
    own: { did: bob, level: 5, rank: { position: 1, of: 2, behind: 1, asOf: levels.asOf }, ahead: 50 },
  })
  assert.equal((await here.get('/v1/leaderboards/levels')).json().own, null)
  assert.equal((await here.get(`/v1/leaderboards/levels?actor=${nobody}`)).statusCode, 404)
  assert.equal((await here.get(`/v1/leaderboards/levels?actor=${alice}`)).json().own.ahead, 0)
})

test('with BOARDS=off there are no leaderboards, and the answer says why', async () => {
  await using here = await build({ settings: { boards: 'off' } })
  here.ledger.join(alice).earn(alice, { delta: 70 })
  for (const board of ['all', 'week', 'month', 'levels', 'week?period=x', 'all?limit=0']) {
    const { status, error, detail } = (await here.get(`/v1/leaderboards/${board}`)).json()
    assert.deepEqual([status, error], [404, 'LeaderboardsOff'], board)
    assert.match(detail, /BOARDS=off/)
  }
  assert.equal((await here.get(`/v1/characters/${alice}`)).statusCode, 200)
})
