import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { RepositoryOutcome } from '../../src/ingest/asking.ts'
import { IngestMetrics } from '../../src/ingest/metrics.ts'
import { repositoryReport } from '../../src/ingest/repository-report.ts'

type Line = { host?: string; outcome: string; reason: string; count: number; msg: string }

test('repositories are counted by what became of them; why some cannot be read is logged every ten seconds', async () => {
  const lines: Line[] = []
  const metrics = new IngestMetrics()
  let now = 0
  const report = repositoryReport({
    log: pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) }),
    metrics,
    monotonic: () => now,
  })
  const failed = (host: string, outcome: RepositoryOutcome) =>
    report({ host, outcome, message: `${host} is ${outcome}` })
  report({ host: 'good.test', outcome: 'read', message: undefined })
  assert.equal(lines.length, 0)
  failed('a.test', 'too-large')
  for (let n = 0; n < 30; n++) failed('b.test', 'unreachable')
  report({ host: 'good.test', outcome: 'inactive', message: undefined })
  now = 9_999_999
  failed('b.test', 'unreachable')
  now = 10_000_000
  failed('c.test', 'malformed')
  failed('d.test', 'malformed')
  assert.deepEqual(
    lines.map(({ host, outcome, reason, count }) => [host, outcome, reason, count]),
    [
      ['a.test', 'too-large', 'a.test is too-large', 1],
      ['c.test', 'malformed', 'c.test is malformed', 32],
    ],
  )
  assert.notEqual(lines[0]?.msg, '')
  const text = await metrics.registry.metrics()
  const counts = [...text.matchAll(/^bsky_rpg_repositories_total\{outcome="([\w-]+)"\} (\d+)$/gm)]
  // The others are there, too, so that the first of each shows as an increase.
  assert.equal(counts.length, 12)
  const some = counts.map(([, outcome, n]) => [outcome, Number(n)] as const).filter(([, n]) => n > 0)
  assert.deepEqual(Object.fromEntries(some), {
    read: 1,
    inactive: 1,
    'too-large': 1,
    unreachable: 31,
    malformed: 2,
  })
})
