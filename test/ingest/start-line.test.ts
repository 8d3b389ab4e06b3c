import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { describeStart, sizeOf } from '../../src/ingest/start-line.ts'
import type { StoreStatus } from '../../src/store/status.ts'
import { game } from '../game/arbitrary.ts'

suite('what is said at the start', () => {
  const status = (perDay: StoreStatus['perDay']) => ({ characters: 3, events: 70, perDay }) as StoreStatus

  test('is what a day brings, in numbers that mean something', () => {
    const line = describeStart(status({ events: 900, diskBytes: 105_300, networkBytes: 1_260_000 }), game)
    assert.match(line, /a day brings 900 events, 105 KB on disk and 1\.3 MB over the network/)
  })

  test('says nothing of a disk that is not ours to know', () => {
    const line = describeStart(status({ events: 900, diskBytes: undefined, networkBytes: 0 }), game)
    assert.match(line, /a day brings 900 events and 0 bytes over the network/)
  })

  test('is what there is, and what is followed', () => {
    const few = { ...game, followed: new Set(['app.bsky.feed.post', 'app.bsky.feed.like'] as const) }
    assert.match(
      describeStart(status(undefined), few),
      /^3 characters and 70 events so far; following app\.bsky\.feed\.post, app\.bsky\.feed\.like\. /,
    )
  })

  test('is what the whole network brings, before anything is known', () => {
    assert.match(describeStart(status(undefined), game), /GET \/v1\/stats/)
  })

  for (const [bytes, text] of [
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1_000, '1.0 KB'],
    [10_000, '10 KB'],
    [5_512_000_000, '5.5 GB'],
    [72e15, '72000 TB'],
  ] as const) {
    test(`${bytes} bytes are ${text}`, () => assert.equal(sizeOf(bytes), text))
  }
})
