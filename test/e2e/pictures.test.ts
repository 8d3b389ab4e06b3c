import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Did } from '../../src/atproto/event.ts'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { coloursIn, decodePng } from '../pictures/png.ts'
import { flagsFor, folder, Program, servedAt, until } from './harness.ts'

type Board = { items: { character: { did: Did; avatar: string | null } }[] }

test('cards and avatars outlive a restart, and nothing of a forgotten person stays', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  const arePictures = (did: string): boolean[] =>
    ['cards', 'avatars'].map((kind) => existsSync(join(`${path}-pictures`, kind, encodeURIComponent(did))))
  const typeOf = async (url: string, did: string) =>
    (await fetch(`${url}/avatars/${did}`)).headers.get('content-type')
  await using store = openSqlite({ path, reserve: 0 })
  let flags: string[]
  let [first, second]: Did[] = []
  {
    const network = new Network({
      seed: 3,
      actors: 50,
      start: Date.now() * 1000 - 600_000_000,
      step: 1_000_000,
      mix: 'feed',
    })
    await using simulator = await startSimulator({ network, seed: 3 })
    flags = flagsFor(simulator, path)
    await using server = new Program(['start', ...flags])
    const url = await servedAt(server)
    await until(
      'ingest is connected',
      async () => (await store.reader.status()).heartbeat?.host !== undefined,
    )
    simulator.emit(500)
    await until('two people with avatars are shown', async () => {
      const { items } = (await (await fetch(`${url}/v1/leaderboards/all`)).json()) as Board
      ;[first, second] = items.flatMap(({ character: { did, avatar } }) => (avatar === null ? [] : [did]))
      return second !== undefined
    })
    assert.ok(first !== undefined && second !== undefined)
    for (const did of [first, second]) {
      assert.equal(await typeOf(url, did), 'image/webp')
      const card = Buffer.from(await (await fetch(`${url}/@${did}/card.png`)).arrayBuffer())
      assert.ok(coloursIn(decodePng(card)) > 500)
      await until('they are on disk', () => arePictures(did).every(Boolean))
    }
    await store.inbox.leave({ kind: 'forget', did: first, at: Date.now() * 1_000 })
    await until('their pictures are gone', () => !arePictures(first ?? '').some(Boolean))
    assert.equal((await fetch(`${url}/@${first}/card.png`)).status, 404)
    assert.equal(await typeOf(url, first), 'image/svg+xml')
    assert.equal(await server.kill('SIGTERM'), 0, server.output)
  }
  // Without any network.
  {
    await using server = new Program(['api', ...flags])
    assert.equal(await typeOf(await servedAt(server), second), 'image/webp')
    assert.equal(await server.kill('SIGTERM'), 0, server.output)
  }
  assert.deepEqual(arePictures(second), [true, true])
  await using forgotten = new Program(['forget', second, '--database-url', `sqlite:${path}`])
  assert.equal(await forgotten.ended, 0, forgotten.output)
  assert.deepEqual(arePictures(second), [false, false])
})
