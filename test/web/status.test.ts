import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { build, NOW, SECOND } from '../api/harness.ts'

const MINUTE = 60 * SECOND
const accept = 'text/html'
const CURSOR = { host: 'stream.example', wire: 'v2' as const, value: 1, at: NOW }

/** A server that somebody has looked at every five minutes for two hours. */
async function watched() {
  let retries = 0
  const server = await build({ ingestRetries: () => retries })
  const { ledger, time, get } = server
  ledger.cursor = CURSOR
  for (let n = 0; n <= 24; n++) {
    ledger.heartbeat = { at: time.now, lag: (n === 12 ? 90 : 1) * SECOND, host: 'stream.example' }
    ledger.perDay = { events: 1_440 * (100 + n), diskBytes: 1, networkBytes: 1 }
    ledger.bytes = 2_000_000_000 + n * 1_000_000
    if (n === 6) retries += 17
    await get('/status', { accept })
    if (n < 24) time.now += 5 * MINUTE
  }
  return server
}

const labels = (body: string) =>
  [...body.matchAll(/role="img" aria-label="([^"]+)"/g)].map(([, label]) => label)

suite('the status page', () => {
  test('shows the last day as charts, and says what they show', async () => {
    await using server = await watched()
    const { statusCode, body, headers } = await server.get('/status', { accept })
    assert.equal(statusCode, 200)
    assert.equal(headers['cache-control'], 'public, max-age=30')
    assert.deepEqual(labels(body), [
      'Behind the network over the last day: 1 s now, at most 90 s',
      'Entries a minute over the last day: 124 now, at most 124',
      'On disk over the last day: 2.0 GB now, at most 2.0 GB',
      'Database retries over the last day: 0 now, at most 17',
    ])
    // Two hours are the last twelfth of the day, in one line without a hole.
    const [, first = ''] = /chart-line-thin" d="M([\d.]+) /.exec(body) ?? []
    assert.ok(Math.abs(Number(first) - 264) <= 1, first)
    assert.equal(body.match(/chart-line-thin" d="[^"]*M[^"]*M/g), null)
    assert.match(body, /keeps up with the network\./)
    assert.match(body, /No piece of the stream was ever missed/)
  })

  test('samples by itself, too, and stops with the server', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const server = await build()
    const { ledger, time } = server
    ledger.cursor = CURSOR
    ledger.heartbeat = { at: time.now, lag: 44 * SECOND, host: 'stream.example' }
    let asked = 0
    const status = ledger.status.bind(ledger)
    ledger.status = async () => {
      asked += 1
      return status()
    }
    t.mock.timers.tick(60_000)
    while (asked === 0) await new Promise(setImmediate)
    // The answer is in memory: all that follows from it happens before the next turn.
    await new Promise(setImmediate)
    time.now += 10 * MINUTE
    ledger.heartbeat = { at: time.now, lag: SECOND, host: 'stream.example' }
    const { body } = await server.get('/status', { accept })
    assert.match(labels(body)[0] ?? '', /1 s now, at most 44 s/)
    await server.app.close()
    const before = asked
    t.mock.timers.tick(600_000)
    await new Promise(setImmediate)
    assert.equal(asked, before)
  })

  test('says why the ledger does not keep up, and what was missed, whatever a host is called', async () => {
    await using server = await watched()
    const { ledger, time } = server
    time.now += 10 * MINUTE
    ledger.heartbeat = { at: time.now, lag: 500 * SECOND, host: undefined }
    const gap = { from: NOW, to: NOW + MINUTE, reason: 'clamped', at: NOW }
    ledger.gaps = [
      { ...gap, host: '<img src=x onerror=alert(1)>' },
      ...Array.from({ length: 30 }, (_, n) => ({ ...gap, to: undefined, host: `host-${n}.example` })),
    ]
    const { body } = await server.get('/status', { accept })
    assert.match(body, /does not keep up/)
    assert.match(body, /<li>the ledger is 500 s behind, more than 120 s<\/li>/)
    assert.match(body, /<li>ingest is not connected to any Jetstream host<\/li>/)
    assert.match(body, /2023-11-14 22:21<\/td><td class="num">2023-11-14 22:22<\/td><td>clamped/)
    assert.match(body, /&lt;img src=x/)
    assert.equal(body.match(/host-\d+\.example/g)?.length, 19)
    assert.match(body, /the newest first 20/)
  })

  test('says that something is not known rather than 0', async () => {
    await using server = await build()
    server.ledger.cursor = CURSOR
    server.ledger.heartbeat = { at: NOW, lag: SECOND, host: 'stream.example' }
    const { body } = await server.get('/status', { accept })
    assert.equal(body.match(/Not known here\./g)?.length, 2)
    assert.equal(body.match(/Not known yet\./g)?.length, 1)
  })

  test('does not say how far behind it is before the first event, when nobody knows', async () => {
    await using server = await build()
    server.ledger.cursor = undefined
    server.ledger.heartbeat = { at: NOW, lag: NOW - 1_000_000 * SECOND, host: 'stream.example' }
    const { body } = await server.get('/status', { accept })
    assert.match(body, /<li>the ledger has nothing of the stream yet<\/li>/)
    assert.match(body, /Behind the network<\/h2><p class="soft">Not known yet\./)
    assert.doesNotMatch(body, /days/)
    assert.match((await server.get('/', { accept })).body, /behind the network<\/dt><dd>not known yet</)
  })

  test('is a 503 with a page where the ledger cannot be read', async () => {
    await using server = await build()
    server.ledger.status = async () => {
      throw new Error('gone')
    }
    assert.equal((await server.get('/status', { accept })).statusCode, 503)
  })
})
