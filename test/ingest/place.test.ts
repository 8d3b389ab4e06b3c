import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { placeToGoOn } from '../../src/ingest/place.ts'
import { NetworkClock } from '../../src/jetstream/network-clock.ts'
import { ManualClock } from '../jetstream/manual-clock.ts'
import { T0 } from '../jetstream/messages.ts'

test('a ledger goes on from its place; one from a time to come starts again, and says so', () => {
  const lines: string[] = []
  const fields: unknown[] = []
  const log = pino(
    { level: 'warn' },
    {
      write: (line: string) => {
        const { msg, saved, cursor } = JSON.parse(line)
        lines.push(msg)
        fields.push({ saved, cursor })
      },
    },
  )
  const networkClock = new NetworkClock(new ManualClock())
  const cursor = { host: 'a.test', wire: 'v2', value: 7, at: T0 - 5_000_000 } as const
  assert.equal(placeToGoOn(undefined, T0, { networkClock, log }), undefined)
  assert.equal(placeToGoOn(cursor, T0, { networkClock, log }), cursor)
  assert.deepEqual(lines, [])
  const bricked = { ...cursor, at: Number.MAX_SAFE_INTEGER }
  assert.deepEqual(placeToGoOn(bricked, T0, { networkClock, log }), { ...cursor, at: T0 - 60_000_000 })
  assert.match(lines.join(), /saved as of 2255-06-05.*2026-02-02T02:39:00/)
  assert.deepEqual(fields, [{ saved: bricked, cursor: { ...cursor, at: T0 - 60_000_000 } }])
})
