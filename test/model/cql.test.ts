import { test } from 'node:test'
import fc from 'fast-check'
import { cqlPlace } from './cql-place.ts'
import { KEPT_COURSES } from './kept-courses.ts'
import { showsWhatTheModelHas } from './property.ts'

// `npm run fuzz -- clusters` tries more.
test('whatever happens, in whatever order, a ledger on a cluster shows what the naive model has', async () => {
  await fc.assert(showsWhatTheModelHas(cqlPlace), { numRuns: 20, examples: KEPT_COURSES })
})
