import assert from 'node:assert/strict'
import type { Did } from '../../src/atproto/event.ts'
import type { Reconciled } from '../../src/store/reconciliation.ts'
import type { Store, Writer } from '../../src/store/store.ts'
import { person, START } from '../game/arbitrary.ts'
import { type Check, check, KEEP, onPlace } from './check.ts'
import { alice, bob, fold, like, post } from './operations.ts'

const EVERYBODY = [alice, bob, person(2), person(3)]
const GAP = { since: START, at: START + 9 }

const toldBy = async ({ reader }: Store) => (await reader.status()).reconciliation

/** Everybody whom it has still to visit, in the store's order, asked for by two. */
async function leftFor(writer: Writer): Promise<Did[]> {
  const open = await writer.reconciliation()
  const all: Did[] = []
  let after = open?.after
  for (;;) {
    const page = await writer.unreconciled(after, 2)
    assert.ok(page.length <= 2)
    if (page.length === 0) return all
    all.push(...page)
    after = page.at(-1)
  }
}

/** Goes on past `dids`, which are the next people. */
async function goOn(writer: Writer, dids: readonly Did[], became: Reconciled = 'same'): Promise<void> {
  const after = dids.at(-1)
  assert.ok(after)
  await writer.reconciled({ after, done: new Map(dids.map((did) => [did, became])) })
}

/** Ends all parts that are open. */
async function endAll(writer: Writer): Promise<void> {
  while ((await writer.reconciliation()) !== undefined) {
    const left = await leftFor(writer)
    if (left.length > 0) await goOn(writer, left)
    await writer.endReconciliation(START + 99)
  }
}

/** Checks that everybody is compared with their repository after a gap, whatever comes between. */
export const reconciliationChecks: readonly Check[] = [
  check('without a gap nothing is to be reconciled', async (store, writer) => {
    await fold(writer, [post(alice, 1)])
    assert.equal(await writer.reconciliation(), undefined)
    assert.equal(await toldBy(store), undefined)
    // Nothing is open that could be moved on, or ended.
    await writer.reconciled({ after: alice, done: new Map([[alice, 'same']]) })
    await writer.endReconciliation(START)
    assert.equal(await toldBy(store), undefined)
  }),

  check(
    'after a gap everybody is visited once, in one order, and it is told how far it is',
    async (store, writer) => {
      await fold(
        writer,
        EVERYBODY.map((did, n) => post(did, n)),
      )
      await writer.queueReconciliation(GAP)
      const { since, after } = (await writer.reconciliation()) ?? assert.fail()
      assert.deepEqual([since, after], [START, undefined])
      const nothing = {
        ...GAP,
        people: 4,
        checked: 0,
        changed: 0,
        failed: 0,
        next: undefined,
        endedAt: undefined,
      }
      assert.deepEqual(await toldBy(store), nothing)
      const order = await leftFor(writer)
      assert.deepEqual(new Set(order), new Set(EVERYBODY))
      assert.equal(order.length, 4)
      await goOn(writer, order.slice(0, 1))
      await goOn(writer, order.slice(1, 3), 'changed')
      assert.deepEqual(await leftFor(writer), order.slice(3))
      await goOn(writer, order.slice(3), 'failed')
      const done = { ...nothing, checked: 4, changed: 2, failed: 1 }
      assert.deepEqual(await toldBy(store), done)
      await writer.endReconciliation(START + 99)
      assert.equal(await writer.reconciliation(), undefined)
      assert.deepEqual(await toldBy(store), { ...done, endedAt: START + 99 })
    },
  ),

  onPlace('a reconciliation goes on after a restart from where it was', async (place) => {
    await using here = await place()
    let order: Did[] = []
    {
      await using store = await here.open()
      await using writer = await store.write(KEEP)
      await fold(
        writer,
        EVERYBODY.map((did, n) => post(did, n)),
      )
      await writer.queueReconciliation(GAP)
      order = await leftFor(writer)
      await goOn(writer, order.slice(0, 2), 'changed')
      // What happens beside it changes nothing of that.
      await fold(writer, [like(alice, 50), like(bob, 51)])
    }
    await using store = await here.open()
    await using writer = await store.write(KEEP)
    assert.deepEqual(await leftFor(writer), order.slice(2))
    const { checked, changed } = (await toldBy(store)) ?? assert.fail()
    assert.deepEqual([checked, changed], [2, 2])
  }),

  check(
    'a second gap is reconciled after the first, and both at once where nobody was visited',
    async (store, writer) => {
      await fold(
        writer,
        EVERYBODY.map((did, n) => post(did, n)),
      )
      await writer.queueReconciliation({ since: START + 50, at: START + 60 })
      await writer.queueReconciliation({ since: START + 30, at: START + 70 })
      assert.equal((await writer.reconciliation())?.since, START + 30)
      assert.equal((await toldBy(store))?.next, undefined)
      assert.equal((await writer.beginReconciliation())?.since, START + 30)
      const order = await leftFor(writer)
      // Begun, although nobody is done.
      await writer.queueReconciliation({ since: START + 85, at: START + 90 })
      assert.equal((await toldBy(store))?.next, START + 85)
      await goOn(writer, order.slice(0, 3))
      await writer.queueReconciliation({ since: START + 90, at: START + 91 })
      await writer.queueReconciliation({ since: START + 80, at: START + 92 })
      assert.equal((await toldBy(store))?.next, START + 80)
      assert.deepEqual(await leftFor(writer), order.slice(3))
      await goOn(writer, order.slice(3))
      await writer.endReconciliation(START + 95)
      const second = (await writer.reconciliation()) ?? assert.fail()
      assert.equal(second.since, START + 80)
      assert.deepEqual(await leftFor(writer), order)
      const { checked, next } = (await toldBy(store)) ?? assert.fail()
      assert.deepEqual([checked, next], [0, undefined])
      await endAll(writer)
      const told = (await toldBy(store)) ?? assert.fail()
      assert.deepEqual([told.since, told.checked, told.endedAt], [START + 80, 4, START + 99])
    },
  ),

  check('a gap after one that has been reconciled begins another', async (store, writer) => {
    await fold(writer, [post(alice, 1)])
    await writer.queueReconciliation(GAP)
    await endAll(writer)
    await fold(writer, [post(bob, 2)])
    await writer.queueReconciliation({ since: START + 500, at: START + 600 })
    const told = (await toldBy(store)) ?? assert.fail()
    assert.deepEqual([told.since, told.people, told.checked, told.endedAt], [START + 500, 2, 0, undefined])
    assert.deepEqual(new Set(await leftFor(writer)), new Set([alice, bob]))
  }),
]
