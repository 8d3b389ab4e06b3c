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
  const lines: { count: number; msg: string }[] = []
  const metrics = new IngestMetrics()
  const lag = new LagMeter(undefined, { now: () => time.passed, monotonic: () => time.passed })
  const hosts: (string | undefined)[] = []
  const report = streamReport({
    log: pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) }),
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
    assert.match(String(lines[0]?.msg), /events claim to be from a time to come/)
    assert.match(String(lines[1]?.msg), /this machine's clock is 3600 s behind .* Set the clock/)
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
    const metrics = await text()
    assert.match(metrics, /^bsky_rpg_malformed_frames_total\{reason="unknown"\} 2$/m)
    assert.match(metrics, /^bsky_rpg_malformed_frames_total\{reason="time"\} 1$/m)
    assert.match(metrics, /^bsky_rpg_misdated_events_total 1$/m)
  })
})
