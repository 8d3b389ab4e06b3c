import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Did } from '../../src/atproto/event.ts'
import { PROFILE } from '../../src/atproto/profile.ts'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { alice, bob, carol, commit } from '../game/operations.ts'
import { flagsFor, folder, Program, servedAt, until } from './harness.ts'

const HIDDEN = { labels: { values: [{ val: '!no-unauthenticated' }] } }

/** The API's answer for each person. */
async function statusesOf(server: Program, dids: readonly Did[]): Promise<number[]> {
  const url = await servedAt(server)
  return Promise.all(dids.map(async (did) => (await fetch(`${url}/v1/characters/${did}`)).status))
}

test('with APPVIEW_URL=none the stream alone says who is shown, also of those who waited for an AppView', async () => {
  using here = folder()
  const network = new Network({ seed: 1, actors: 2, start: Date.now() * 1000, step: 1_000_000, mix: 'feed' })
  await using simulator = await startSimulator({ network, seed: 1, faults: { appview: 1 } })
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  const flags = flagsFor(simulator, path)
  const everybody = [alice, bob, carol]
  {
    await using server = new Program(['start', ...flags, '--start', 'oldest'])
    await statusesOf(server, [])
    const profile = { collection: PROFILE, rkey: 'self', record: HIDDEN }
    simulator.add([commit({ n: 1 }), commit({ n: 2, did: bob }), commit({ n: 3, did: bob, ...profile })])
    await until('both are characters', async () => {
      const { introductions, records } = await store.reader.status()
      return records === 2 && introductions === 1
    })
    assert.deepEqual(await statusesOf(server, everybody), [404, 404, 404])
    assert.equal(await server.kill('SIGTERM'), 0, server.output)
  }
  await using server = new Program(['start', ...flags, '--appview-url', 'none'])
  simulator.add([commit({ n: 4, did: carol })])
  await until('those who did not ask to be hidden are shown', async () => {
    const [first, , third] = await statusesOf(server, everybody)
    return first === 200 && third === 200
  })
  assert.deepEqual(await statusesOf(server, everybody), [200, 404, 200])
  // Nobody is asked for handles, so they cost nobody anything.
  const url = /serving at (http:[^"]+)/.exec(server.output)?.[1]
  for (let list = 0; list < 3; list++) {
    const names = Array.from({ length: 100 }, (_, n) => `nobody-${list}-${n}.example`)
    const response = await fetch(`${url}/v1/characters?actors=${names.join()}`)
    const { asked } = (await response.json()) as { asked: { outcome: string }[] }
    assert.deepEqual(new Set(asked.map(({ outcome }) => outcome)), new Set(['unknown']))
  }
})
