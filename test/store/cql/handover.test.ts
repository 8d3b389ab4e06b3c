import { test } from 'node:test'
import fc from 'fast-check'
import { skipsNothing } from './handover.ts'

/** `npm run fuzz -- handover` tries other orders, and repeats one that has failed. */
const ORDERS = 50

test('in no order of taking, folding, answering, losing and dying is anything skipped', async () => {
  // An order cannot be made shorter: all that comes after a step that is left out is another.
  await fc.assert(skipsNothing, { numRuns: ORDERS, endOnFailure: true })
})
