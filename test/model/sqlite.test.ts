import { test } from 'node:test'
import fc from 'fast-check'
import { KEPT_COURSES } from './kept-courses.ts'
import { showsWhatTheModelHas } from './property.ts'
import { sqlitePlace } from './sqlite-place.ts'

// `npm run fuzz` tries more. A failure prints its seed and path, which repeat it.
test('whatever happens, in whatever order, a SQLite ledger shows what the naive model has', async () => {
  await fc.assert(showsWhatTheModelHas(sqlitePlace), { numRuns: 120, examples: KEPT_COURSES })
})
