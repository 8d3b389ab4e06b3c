import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CommandError } from '../../src/commands/command.ts'
import { writeVerifyMetrics } from '../../src/commands/verify-metrics.ts'
import { documentedMetrics } from '../documented-metrics.ts'
import { folder } from '../e2e/harness.ts'

const finding = { did: undefined, what: 'experience', expected: 3, actual: 4 }

test('verify leaves what it found in a file for Prometheus, over the one before, and nothing beside it', async () => {
  using here = folder()
  const file = here.path('bsky_rpg.prom')
  const valueIn = (name: string) =>
    new RegExp(`^bsky_rpg_verify_${name} (\\S+)$`, 'm').exec(readFileSync(file, 'utf8'))?.[1]
  await writeVerifyMetrics(file, { findings: [finding, finding], characters: 70 }, 1_795_000_000_500_000)
  assert.deepEqual(['mismatches', 'characters', 'timestamp_seconds'].map(valueIn), [
    '2',
    '70',
    '1795000000.5',
  ])
  await writeVerifyMetrics(file, { findings: [], characters: 71 }, 1_795_000_001_000_000)
  assert.equal(valueIn('mismatches'), '0')
  assert.deepEqual(readdirSync(here.path('.')), ['bsky_rpg.prom'])
  const named = [...readFileSync(file, 'utf8').matchAll(/^# TYPE (\w+) gauge$/gm)].map(([, name]) => name)
  assert.deepEqual(named.sort(), [...documentedMetrics('Of `verify`').keys()].sort())
  await assert.rejects(
    writeVerifyMetrics(here.path('none/x.prom'), { findings: [], characters: 1 }, 0),
    (error) => error instanceof CommandError && /cannot write the metrics to .*none/.test(error.message),
  )
})
