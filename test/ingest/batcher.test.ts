import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import type { Operation } from '../../src/game/operation.ts'
import { Batcher } from '../../src/ingest/batcher.ts'

const [one, two, three] = [1, 2, 3].map((at): Operation => ({ kind: 'recompute', did: 'did:plc:a', at })) as [
  Operation,
  Operation,
  Operation,
]

test('what comes within a moment is folded together, in its order, and each caller hears of it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const fold = mock.fn(async (_: readonly Operation[]) => {})
  using batcher = new Batcher({ withinMs: 100, fold })
  const first = batcher.add([one])
  t.mock.timers.tick(99)
  const second = batcher.add([two])
  assert.equal(fold.mock.callCount(), 0)
  t.mock.timers.tick(1)
  await Promise.all([first, second])
  const third = batcher.add([three])
  t.mock.timers.tick(100)
  await third
  assert.deepEqual(
    fold.mock.calls.map(({ arguments: [operations] }) => operations),
    [[one, two], [three]],
  )
})

test('where it cannot be folded, everybody who brought some of it hears why, and nothing more is taken', {
  timeout: 5_000,
}, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const full = new Error('full')
  const fold = mock.fn((_: readonly Operation[]): Promise<unknown> => Promise.reject(full))
  using batcher = new Batcher({ withinMs: 100, fold })
  const lost = [batcher.add([one]), batcher.add([two])]
  t.mock.timers.tick(100)
  for (const each of lost) await assert.rejects(each, full)
  await assert.rejects(batcher.add([three]), (error) => error === full)
  t.mock.timers.tick(1_000)
  assert.equal(fold.mock.callCount(), 1)
})

test('at the end, what still waits is left to be asked again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const fold = mock.fn(async () => {})
  {
    using batcher = new Batcher({ withinMs: 100, fold })
    void batcher.add([one])
  }
  t.mock.timers.tick(1_000)
  assert.equal(fold.mock.callCount(), 0)
})
