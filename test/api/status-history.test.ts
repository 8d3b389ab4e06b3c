import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { StatusHistory } from '../../src/api/status-history.ts'

const MINUTE = 60_000_000
const SLOT = 5 * MINUTE
const NOW = 5_900_000 * SLOT

const sample = ({
  lag = 0,
  events = 1_440,
  retries = 0,
}: {
  lag?: number
  events?: number
  retries?: number
}) => ({
  status: {
    cursor: { host: 'a.test', wire: 'v2' as const, value: 1, at: NOW },
    heartbeat: { at: NOW, lag, host: 'a.test' },
    perDay: { events, diskBytes: 1, networkBytes: 1 },
    bytes: events * 10,
  },
  retries,
})

suite('the history of the status', () => {
  test('has the worst lag, the latest size and all retries of each five minutes', () => {
    const history = new StatusHistory()
    history.add(NOW, sample({ lag: 3, retries: 7 }))
    history.add(NOW + MINUTE, sample({ lag: 9, retries: 8 }))
    history.add(NOW + 2 * MINUTE, sample({ lag: 4, retries: 10, events: 2_880 }))
    history.add(NOW + SLOT, sample({ lag: 1, retries: 10 }))
    assert.deepEqual(history.slots(), [
      // What was repeated before it began to look is not of these five minutes.
      { from: NOW, lag: 9, entriesPerMinute: 2, diskBytes: 28_800, retries: 3 },
      { from: NOW + SLOT, lag: 1, entriesPerMinute: 1, diskBytes: 14_400, retries: 0 },
    ])
  })

  test('keeps a day and no more, however long it goes on', () => {
    const history = new StatusHistory()
    for (let minute = 0; minute < 10 * 1_440; minute++) history.add(NOW + minute * MINUTE, sample({}))
    const slots = history.slots()
    assert.equal(slots.length, 288)
    const last = slots.at(-1)?.from ?? 0
    assert.equal(last, NOW + (10 * 288 - 1) * SLOT)
    assert.equal(slots[0]?.from, last - 287 * SLOT)
  })

  test('leaves a hole where nobody looked, and forgets what is older than a day', () => {
    const history = new StatusHistory()
    history.add(NOW, sample({}))
    history.add(NOW + 20 * SLOT, sample({}))
    assert.deepEqual(
      history.slots().map(({ from }) => (from - NOW) / SLOT),
      [0, 20],
    )
    history.add(NOW + 300 * SLOT, sample({}))
    assert.deepEqual(
      history.slots().map(({ from }) => (from - NOW) / SLOT),
      [20, 300],
    )
  })

  test('counts retries of an ingest that has started anew from there, and begins anew where the clock is set back', () => {
    const history = new StatusHistory()
    history.add(NOW, sample({ retries: 50 }))
    history.add(NOW + SLOT, sample({ retries: 2 }))
    assert.equal(history.slots().at(-1)?.retries, 2)
    history.add(NOW - 10 * SLOT, sample({ retries: 2 }))
    assert.deepEqual(
      history.slots().map(({ from }) => from),
      [NOW - 10 * SLOT],
    )
  })

  test('says of nothing that it is 0 where nobody knows it', () => {
    const history = new StatusHistory()
    history.add(NOW, {
      status: { cursor: undefined, heartbeat: undefined, perDay: undefined, bytes: undefined },
      retries: undefined,
    })
    assert.deepEqual(history.slots(), [
      { from: NOW, lag: undefined, entriesPerMinute: undefined, diskBytes: undefined, retries: undefined },
    ])
  })
})
