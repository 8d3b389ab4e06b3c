import { test } from 'node:test'
import { soak } from './soak.ts'

// `npm run soak -- faults` goes on for an hour.
test('half a minute of everything that can go wrong leaves the ledger that the model has', async (t) => {
  const figures = await soak({ minutes: 0.5, seed: 4, say: (line) => t.diagnostic(line) })
  t.diagnostic(`${figures}`)
})
