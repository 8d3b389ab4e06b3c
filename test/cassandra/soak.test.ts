// The short form of `npm run soak -- cluster`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withCassandra } from './servers.ts'
import { type Happening, soakCluster } from './soak.ts'

const SEED = 41
/** Each kind of happening, no more often than needed. */
const POINTS: readonly Happening[] = ['start', 'pause', 'kill', 'start', 'hang', 'cut', 'crash', 'end']
const RATE = 60
/** On a machine that others use, too, it may take more than the ten minutes of `npm test`. */
const TIMEOUT_MS = 1_800_000

await withCassandra(1, (cluster) => {
  test('whatever happens to workers and their database, both stores hold the same records', {
    timeout: TIMEOUT_MS,
  }, async (t) => {
    const result = await soakCluster({
      cluster,
      seed: SEED,
      points: POINTS,
      rate: RATE,
      say: (line) => t.diagnostic(line),
    })
    t.diagnostic(`${result.records} records, missing: ${result.missing}`)
    assert.ok(result.records > 300)
    const { missing, surplus, findings, examples } = result
    assert.deepEqual(
      { missing, surplus, findings },
      { missing: 0, surplus: 0, findings: 0 },
      examples.join('\n'),
    )
  })
})
