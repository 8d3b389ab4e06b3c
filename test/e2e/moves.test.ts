import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ALL_FAULTS } from '../../src/simulator/faults.ts'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { isDayPlace } from '../../src/store/day-index.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { LIKE, POST } from '../game/arbitrary.ts'
import { flagsFor, folder, isAnswered, newestSent, Program, until } from './harness.ts'
import { MovedLedger } from './killed-move.ts'
import { assertLedgerIsRight } from './ledger.ts'

const SEED = 11
/** Enough for some dozens of steps of a move. */
const EVENTS = 60_000
const KILLS = 4
const FORMER = { points: { 'post.text': 80, like: 7, 'repost.text': 30 } }

test('a move beside ingest that is killed again and again goes on where it was, and ends as if it had always been so', async () => {
  using here = folder()
  const [file, former] = [here.path('ledger.db'), here.path('former.json')]
  writeFileSync(former, JSON.stringify(FORMER))
  const network = new Network({
    seed: SEED,
    actors: 500,
    start: Date.now() * 1000 - 3_600_000_000,
    step: 20_000,
    mix: 'everything',
  })
  await using simulator = await startSimulator({ network, seed: SEED, faults: { ...ALL_FAULTS, drop: 0 } })
  await using store = openSqlite({ path: file, reserve: 0 })
  const flags = flagsFor(simulator, file)
  const reached = async () => (await store.reader.status()).cursor?.value ?? 0
  const done = async () => (await store.rules.state()).move?.done ?? 1

  let program = new Program(['ingest', ...flags, '--rules', former])
  let [kills, placesSeen] = [0, 0]
  try {
    await until(
      'ingest is connected',
      async () => (await store.reader.status()).heartbeat?.host !== undefined,
    )
    simulator.emit(EVENTS)
    await until('everything has arrived', async () => (await reached()) >= newestSent(simulator))

    await using left = new Program(['recompute', ...flags])
    await until(`the move has begun (${left.output})`, async () => {
      const { move, versions } = await store.rules.state()
      return move !== undefined || versions.length > 1
    })
    for (let before = 0; kills < KILLS; kills++) {
      let now = await done()
      if (now === 1) break
      simulator.emit(100)
      await until(`the move is past ${before} (${program.output})`, async () => {
        now = await done()
        return now > before
      })
      assert.equal(await program.kill('SIGKILL'), 'SIGKILL')
      now = await done()
      if (now < 1) placesSeen += 1
      before = now
      program = new Program(['ingest', ...flags])
    }
    assert.ok(placesSeen > 1, `it was killed ${placesSeen} times in the middle of a move`)
    simulator.faults.drop = ALL_FAULTS.drop
    simulator.emit(1_000)
    await until('the move has ended', async () => (await done()) === 1)
    await until('everything has arrived', async () => (await reached()) >= newestSent(simulator))
    await until('nothing is asked any more', async () => isAnswered(await store.reader.status()))
    assert.equal(await left.ended, 0, left.output)
    assert.equal(await program.kill('SIGTERM'), 0, program.output)
  } finally {
    await program.kill('SIGKILL')
  }
  // Rules that the ledger has left are refused.
  await using old = new Program(['ingest', ...flags, '--rules', former])
  assert.equal(await old.ended, 1)
  assert.match(old.output, /has moved to version 2 of its rules, and RULES gives version 1/)
  await using verify = new Program(['verify', '--database-url', `sqlite:${file}`])
  assert.equal(await verify.ended, 0, verify.output)
  await assertLedgerIsRight(store, simulator)
})

test('somebody whom a new cap moves day by day is counted as if anew, though ingest is killed on several of the days', async () => {
  using here = folder()
  const file = here.path('ledger.db')
  await using store = openSqlite({ path: file, reserve: 0 })
  using rows = new DatabaseSync(file, { readOnly: true })
  const newest = rows.prepare('SELECT part FROM rulebooks ORDER BY version DESC LIMIT 1')
  await using ledger = await MovedLedger.begin({
    store,
    ledger: file,
    days: 25,
    // Of a day, two steps: one changes a thousand records at most.
    likes: 500,
    posts: 700,
    place: async () => {
      const part = newest.get()?.part
      return typeof part === 'string' ? part : undefined
    },
  })
  await ledger.move({ caps: { [POST]: 320, [LIKE]: 95 } }, KILLS, isDayPlace)
  await ledger.assertCountedAnew()
})
