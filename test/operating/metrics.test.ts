// The metrics of a server that runs over a simulated network, as Prometheus gets them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { flagsFor, folder, Program, servedAt, until } from '../e2e/harness.ts'
import { run, without } from './tools.ts'

const WITHIN = { timeout: 240_000, skip: without('promtool') }

/** Labels and name of each series, sorted. */
function seriesOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => line.slice(0, line.lastIndexOf(' '))).sort()
}

function network(actors: number): Network {
  const start = Date.now() * 1_000 - 60_000_000
  return new Network({ seed: 5, actors, start, step: 1_000, mix: 'everything' })
}

test(
  'are what `promtool check metrics` accepts, a few hundred series, however many people there are',
  WITHIN,
  async () => {
    using here = folder()
    await using simulator = await startSimulator({ network: network(3_000), seed: 5, faults: {} })
    simulator.emit(3_000)
    await using server = new Program([
      ...['start', ...flagsFor(simulator, here.path('ledger.db'))],
      ...['--start', 'oldest', '--rate-limit', '100000'],
    ])
    const url = await servedAt(server)
    const scrape = async () => (await fetch(`${url}/metrics`)).text()
    const applied = (text: string) =>
      Number(/^bsky_rpg_operations_total\{outcome="applied"\} (\d+)$/m.exec(text)?.[1])
    await until('it has read the first events', async () => applied(await scrape()) > 1_000)
    await until('the ledger is measured', async () => /^bsky_rpg_characters [1-9]/m.test(await scrape()))
    for (let n = 0; n < 40; n++) await fetch(`${url}/v1/characters/did:plc:${'abcdefgh'[n % 8]?.repeat(24)}`)
    const before = await scrape()

    const { code, output } = await run('promtool', ['check', 'metrics'], before)
    assert.deepEqual({ code, output }, { code: 0, output: '' })
    assert.doesNotMatch(before, /did:/)

    simulator.emit(6_000)
    await until('it has read the rest', async () => applied(await scrape()) > applied(before) + 3_000)
    for (let n = 0; n < 200; n++) await fetch(`${url}/v1/characters/nobody-${n}.example`)
    for (let n = 0; n < 50; n++) await fetch(`${url}/somewhere/${n}`)
    const after = seriesOf(await scrape())
    assert.ok(after.length < 800, `${after.length} series`)
    // What may come: another kind of event, reason or title, and one more route.
    const more = new Set(after).difference(new Set(seriesOf(before)))
    assert.ok(more.size < 120, [...more].join('\n'))
  },
)

test('of an ingest process alone are served at METRICS_PORT', WITHIN, async () => {
  using here = folder()
  await using simulator = await startSimulator({ network: network(50), seed: 5, faults: {} })
  await using ingest = new Program([
    ...['ingest', ...flagsFor(simulator, here.path('ledger.db'))],
    ...['--start', 'oldest', '--metrics-port', '0'],
  ])
  const told = /metrics at (http:[^"]+)/
  await until('it serves metrics', () => told.test(ingest.output))
  const address = told.exec(ingest.output)?.[1] ?? ''
  simulator.emit(500)
  await until('it counts what it reads', async () =>
    /^bsky_rpg_ledger_entries_total\{[^}]*cause="create"\} [1-9]/m.test(await (await fetch(address)).text()),
  )
  const text = await (await fetch(address)).text()
  assert.equal((await run('promtool', ['check', 'metrics'], text)).output, '')
  assert.match(text, /^process_resident_memory_bytes /m)
  assert.equal(await ingest.kill('SIGTERM'), 0, ingest.output)

  await using taken = new Program([
    ...['ingest', ...flagsFor(simulator, here.path('ledger.db'))],
    ...['--metrics-port', new URL(simulator.httpUrl).port],
  ])
  assert.equal(await taken.ended, 2, taken.output)
  assert.match(taken.output, /another program uses it. Set METRICS_PORT/)
})
