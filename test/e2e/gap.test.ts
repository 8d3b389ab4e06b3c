import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Did } from '../../src/atproto/event.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { pathOf } from '../../src/game/state.ts'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store } from '../../src/store/store.ts'
import { Model } from '../model/model.ts'
import { Truth } from '../model/truth.ts'
import { flagsFor, folder, isAnswered, newestSent, Program, until } from './harness.ts'

const HOUR = 3_600_000_000
const PEOPLE = 120
/** Each repository is read in a thread of its own. */
const SLOWLY = 300_000

/** The paths of somebody's live records; `undefined` where they are not shown. */
async function pathsOf({ reader }: Store, did: Did): Promise<string[] | undefined> {
  if ((await reader.character(did)) === undefined) return undefined
  const paths: string[] = []
  for await (const page of reader.records(did, 500)) paths.push(...page.map(([id]) => pathOf(id)))
  return paths.sort()
}

test('after a gap that the stream cannot fill, and a kill in the middle, everybody is as the network has them', async () => {
  using place = folder()
  const file = place.path('ledger.db')
  const now = Date.now() * 1000
  const network = new Network({
    ...{ seed: 11, actors: PEOPLE, start: now - 50 * HOUR, step: 100_000, mix: 'feed', lasting: true },
  })
  await using simulator = await startSimulator({ network, seed: 11 })
  await using store = openSqlite({ path: file, reserve: 0 })
  const flags = flagsFor(simulator, file)
  const reached = async () => (await store.reader.status()).cursor?.value ?? 0
  const arrived = (program: Program) =>
    until(`everything has arrived: ${program.output}`, async () => (await reached()) >= newestSent(simulator))
  {
    await using first = new Program(['ingest', ...flags])
    await until(
      'ingest is connected',
      async () => (await store.reader.status()).heartbeat?.host !== undefined,
    )
    simulator.emit(3_000)
    await arrived(first)
    assert.equal(await first.kill('SIGTERM'), 0, first.output)
  }
  const known = new Set(network.people.filter(({ records }) => records.size > 0).map(({ did }) => did))

  // Two days pass, of which the host keeps the last minutes only.
  network.moveTo(now - 40 * HOUR, 1_000_000)
  simulator.emit(2_000)
  simulator.archive.floor = simulator.archive.entries.length
  network.moveTo(now - 600_000_000, 100_000)
  simulator.emit(300)
  {
    await using second = new Program(['ingest', ...flags])
    await until(
      `it has begun to reconcile: ${second.output}`,
      async () => {
        return ((await store.reader.status()).reconciliation?.checked ?? 0) > 0
      },
      SLOWLY,
    )
    assert.equal(await second.kill('SIGKILL'), 'SIGKILL')
  }
  const { gaps, reconciliation: middle } = await store.reader.status()
  assert.deepEqual(
    gaps.map(({ reason }) => reason),
    ['cursor-too-old'],
  )
  assert.equal(middle?.endedAt, undefined)

  await using third = new Program(['ingest', ...flags])
  await until('it goes on', () => third.output.includes('comparing everybody with their repositories'))
  simulator.emit(300)
  await until(
    'everybody is done',
    async () => (await store.reader.status()).reconciliation?.endedAt !== undefined,
    SLOWLY,
  )
  await arrived(third)
  await until('nothing is asked any more', async () => isAnswered(await store.reader.status()))
  const { checked, changed, failed } = (await store.reader.status()).reconciliation ?? assert.fail()
  assert.ok(checked >= known.size, `${checked} of ${known.size}`)
  assert.ok(changed > 50, `${changed} have changed`)
  assert.equal(failed, 0, third.output)
  assert.equal(await third.kill('SIGTERM'), 0, third.output)

  const { points, caps, collections } = rulebook(NO_CHANGES)
  const followed = new Set<string>(collections)
  const truth = new Truth(
    new Model({ points, caps, followed: new Set(collections), baseline: 'off', version: 1 }),
    simulator,
  )
  truth.catchUp()
  let compared = 0
  for (const { did, records } of network.people) {
    const paths = known.has(did) ? await pathsOf(store, did) : undefined
    if (paths === undefined) continue
    const has = [...records.keys()].filter((path) => followed.has(path.slice(0, path.indexOf('/'))))
    assert.deepEqual(paths, has.sort(), did)
    let experience = 0
    for (const { xp } of truth.model.person(did).records.values()) experience += xp
    assert.equal((await store.reader.character(did))?.experience, experience, did)
    compared += 1
  }
  assert.ok(compared > 50, `${compared} people are enough for the comparison to mean something`)
  await using verify = new Program(['verify', '--database-url', `sqlite:${file}`])
  assert.equal(await verify.ended, 0, verify.output)
})
