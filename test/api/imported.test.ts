import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LevelUps } from '../../src/api/level-ups.ts'
import type { Presenter } from '../../src/api/present.ts'
import type { Nsid } from '../../src/atproto/event.ts'
import { alice, bob } from '../game/operations.ts'
import { ScriptedLedger } from './scripted-ledger.ts'

test('an import is one level-up, by all that it has brought, and its records are none', async () => {
  const reader = new ScriptedLedger().join(alice).join(bob)
  reader.earn(bob, { delta: 150 })
  for (let n = 0; n < 5; n++) reader.earn(alice, { delta: 100, cause: 'import' })
  const presenter = { character: ({ did }: { did: string }) => ({ did }) } as unknown as Presenter
  const levelUps = () => new LevelUps({ reader, presenter, monotonic: () => 0 }).latest()
  assert.deepEqual(
    (await levelUps()).map(({ levelsGained }) => levelsGained),
    [1],
  )
  const collection: Nsid = 'app.bskyrpg.import'
  reader.earn(alice, { delta: 0, cause: 'import', collection, rkey: '3kaaaaaaaaa2a:5:500' })
  assert.deepEqual(
    (await levelUps()).map(({ level, levelsGained }) => [level, levelsGained]),
    [
      [5, 4],
      [2, 1],
    ],
  )
})
