import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { pino } from 'pino'
import { LagMeter } from '../../src/ingest/lag.ts'
import { IngestMetrics } from '../../src/ingest/metrics.ts'
import { streamReport } from '../../src/ingest/stream-report.ts'

const SECOND = 1_000_000
const PLACE = { host: 'a.test', wire: 'v2' } as const

function reporting() {
  const time = { passed: 0 }
  const lines: ({ count: number; msg: string; level: number } & Record<string, unknown>)[] = []
  const metrics = new IngestMetrics()
  const lag = new LagMeter(undefined, { now: () => time.passed, monotonic: () => time.passed })
  const hosts: (string | undefined)[] = []
  const report = streamReport({
    log: pino(
      { base: null, timestamp: false, level: 'debug' },
      { write: (line: string) => lines.push(JSON.parse(line)) },
    ),
    metrics,
    lag,
    monotonic: () => time.passed,
    connectionChanged: () => hosts.push(lag.host),
  })
  return { report, time, lines, hosts, text: () => metrics.registry.metrics() }
}

suite('what the stream goes through', () => {
  test('is logged for each kind of trouble at once, then every ten seconds with how often it came', () => {
    const { report, time, lines } = reporting()
    const counts = () => lines.splice(0).map(({ count }) => count)
    report.malformed(PLACE, 'time')
    report.misdated(PLACE, 0)
    assert.deepEqual(counts(), [1, 1])
    for (let n = 0; n < 50; n++) report.malformed(PLACE, 'unknown')
    time.passed = 10 * SECOND - 1
    report.misdated(PLACE, 0)
    assert.deepEqual(counts(), [])
    time.passed = 10 * SECOND
    report.malformed(PLACE, 'time')
    report.misdated(PLACE, 0)
    assert.deepEqual(counts(), [51, 2])
  })

  test('says whose time is wrong', () => {
    const { report, time, lines } = reporting()
    report.misdated(PLACE, 0)
    time.passed = 10 * SECOND
    report.misdated(PLACE, 3_600 * SECOND)
    assert.match(String(lines[0]?.msg), /events are dated in the future/)
    assert.match(String(lines[1]?.msg), /this machine's clock is 3600 s behind .* Set the clock/)
  })

  test('is told in the log, with what helps to find out why', () => {
    const { report, lines } = reporting()
    const cursor = 7
    report.connecting(PLACE, cursor)
    report.connected({ ...PLACE, compressed: true })
    report.disconnected(PLACE, { kind: 'silent', message: 'nothing for 75 s' })
    report.uncompressed(PLACE, 'no dictionary')
    report.malformed(PLACE, 'time')
    const [debug, info, warn] = [20, 30, 40]
    const logged = lines.map(({ msg, ...fields }) => {
      assert.notEqual(msg, '')
      return fields
    })
    assert.deepEqual(logged, [
      { level: debug, ...PLACE, cursor },
      { level: info, ...PLACE, compressed: true },
      { level: debug, ...PLACE, ending: { kind: 'silent', message: 'nothing for 75 s' } },
      { level: debug, host: 'a.test' },
      { level: warn, host: 'a.test', reason: 'time', count: 1 },
    ])
    assert.match(String(lines[2]?.msg), /a\.test.*nothing for 75 s/)
  })

  test('says which hosts were tried and why in vain, and what to do without a network', () => {
    const { report, lines } = reporting()
    report.disconnected(PLACE, { kind: 'unreachable', message: 'no route' })
    report.disconnected({ ...PLACE, host: 'b.test' }, { kind: 'unreachable', message: 'refused' })
    lines.splice(0)
    report.waiting(1_500, 2)
    const [first] = lines.splice(0)
    assert.deepEqual([first?.level, first?.failures], [40, 2])
    assert.match(String(first?.msg), /a\.test \(no route\), b\.test \(refused\).*1\.5 s.*npm run demo/)
    // Once it has worked there is a network, and what was before has passed.
    report.connected({ ...PLACE, compressed: false })
    report.disconnected(PLACE, { kind: 'silent', message: 'silent' })
    lines.splice(0)
    report.waiting(500, 1)
    assert.match(String(lines[0]?.msg), /a\.test \(silent\).*0\.5 s/)
    assert.doesNotMatch(String(lines[0]?.msg), /b\.test|npm run demo/)
  })

  test('is told at once where the stream is connected or lost', () => {
    const { report, hosts } = reporting()
    report.connected({ ...PLACE, compressed: false })
    report.disconnected(PLACE, { kind: 'silent', message: '' })
    assert.deepEqual(hosts, ['a.test', undefined])
  })

  test('is counted by reason', async () => {
    const { report, text } = reporting()
    for (const reason of ['unknown', 'unknown', 'time'] as const) report.malformed(PLACE, reason)
    report.misdated(PLACE, 0)
    report.connected({ ...PLACE, compressed: false })
    report.paused(PLACE)
    report.resumed(PLACE)
    report.paused(PLACE)
    report.disconnected(PLACE, { kind: 'silent', message: '' })
    report.gap({ ...PLACE, from: SECOND, to: 3 * SECOND, reason: 'clamped' })
    const metrics = await text()
    const counts = [
      ...metrics.matchAll(/^bsky_rpg_(?:gaps|stream_connections)_total\{\w+="(\w+)"\} (\d+)$/gm),
    ]
    assert.deepEqual(Object.fromEntries(counts.map(([, name, n]) => [name, Number(n)])), {
      clamped: 1,
      // Counted from the start, so that the first one shows as an increase.
      oversized: 0,
      connected: 1,
      paused: 2,
      resumed: 1,
      disconnected: 1,
    })
    assert.match(metrics, /^bsky_rpg_gap_seconds_total\{reason="clamped"\} 2$/m)
    assert.match(metrics, /^bsky_rpg_malformed_frames_total\{reason="unknown"\} 2$/m)
    assert.match(metrics, /^bsky_rpg_malformed_frames_total\{reason="time"\} 1$/m)
    assert.match(metrics, /^bsky_rpg_misdated_events_total 1$/m)
  })
})
