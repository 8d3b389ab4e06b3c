import assert from 'node:assert/strict'
import { test } from 'node:test'
import { underLoad } from '../../../dev/soak/load/load.ts'

// `npm run soak` goes on for twenty minutes, with twenty times as many clients.
test('twenty seconds under load lose nothing, and every client gets each event once', async (t) => {
  const { figures, faults } = await underLoad({
    ...{ seed: 5, rate: 200 },
    network: { restless: 200, steady: 300, quiet: 4, quietRecords: 200 },
    crowd: { streams: 60, pages: 2, comeMs: 1_000, stayMs: 4_000, readMs: 3_000, stallMs: 5_000 },
    visitors: { rate: 10, exportEveryMs: 3_000, importEveryMs: 5_000 },
    outages: { seconds: 20, every: 5, length: 1 },
    sampleEveryMs: 2_000,
    say: (line) => t.diagnostic(line),
  })
  assert.deepEqual(faults, [])
  // Otherwise nothing would have been looked at.
  const { followers, readers, imports, answers } = figures
  const received = (followers: typeof figures.followers | typeof readers) =>
    followers.flatMap(({ pieces }) => pieces).reduce((sum, { events }) => sum + events, 0)
  assert.ok(received(followers) > 1_000, `${received(followers)} events came by streams`)
  assert.ok(received(readers) > 1_000, `${received(readers)} events came by pages`)
  assert.ok(
    followers.some(({ resumed }) => resumed > 0),
    'somebody has resumed',
  )
  assert.ok(
    followers.some(({ stalls }) => stalls.length > 0),
    'somebody has stalled',
  )
  assert.ok(imports.length > 0, 'somebody was imported')
  assert.ok(
    [...answers].some(([what]) => what === 'export 200'),
    'somebody has exported',
  )
})
