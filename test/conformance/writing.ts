import assert from 'node:assert/strict'
import { RulesChangedError, StoreBusyError } from '../../src/store/store.ts'
import { type Check, check, KEEP } from './check.ts'
import { alice, fold, post } from './operations.ts'

/** Checks that there is one writer at a time, bound to its rules. */
export const writingChecks: readonly Check[] = [
  check(
    'there is one writer at a time, and everything stays when it goes',
    async ({ reader }, writer, open) => {
      await using other = await open()
      await assert.rejects(other.write(KEEP), StoreBusyError)
      await fold(writer, [post(alice, 1)])
      await writer[Symbol.asyncDispose]()
      await assert.rejects(writer.cursor())
      await assert.rejects(fold(writer, [post(alice, 2)]))
      await using next = await other.write(KEEP)
      await fold(next, [post(alice, 1), post(alice, 2)])
      assert.equal((await reader.character(alice))?.experience, 100)
    },
  ),
  check('a ledger is bound to its rules until it is recomputed as a whole', async (store, writer) => {
    await writer[Symbol.asyncDispose]()
    const other = { fingerprint: 'others', purpose: 'keep' } as const
    await assert.rejects(store.write(other), RulesChangedError)
    {
      await using begun = await store.write({ ...other, purpose: 'recompute' })
      assert.deepEqual(await begun.people(undefined, 10), [])
    }
    await assert.rejects(store.write(other), RulesChangedError)
    await assert.rejects(store.write(KEEP), RulesChangedError)
    {
      await using again = await store.write({ ...other, purpose: 'recompute' })
      await again.bindRules('others')
    }
    await using bound = await store.write(other)
    assert.equal(await bound.cursor(), undefined)
  }),
]
