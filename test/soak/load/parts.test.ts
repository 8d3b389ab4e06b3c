import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Block, EventBlocks } from '../../../dev/soak/load/event-blocks.ts'
import { Histogram } from '../../../dev/soak/load/histogram.ts'
import { faultsAt, plannedOutages } from '../../../dev/soak/load/outages.ts'
import { sampleOf } from '../../../dev/soak/load/program-figures.ts'
import { VISITS, visitAt } from '../../../dev/soak/load/visits.ts'

test('events of a stream are found wherever its pieces are cut', () => {
  const text =
    'retry: 3000\n\nid: 7\nevent: position\ndata: {}\n\nid: 8\nevent: award\ndata: {"did":"x","id: 9":1}\n\nid: 1'
  for (let cut = 0; cut <= text.length; cut++) {
    const found: Block[] = []
    const blocks = new EventBlocks()
    for (const piece of [text.slice(0, cut), text.slice(cut)])
      blocks.push(Buffer.from(piece), (block) => found.push(block))
    assert.deepEqual(found, [
      { id: undefined, event: '', data: '' },
      { id: 7, event: 'position', data: '{}' },
      { id: 8, event: 'award', data: '{"did":"x","id: 9":1}' },
    ])
  }
})

test('a histogram tells quantiles up to 5 % too high, also added up from others', () => {
  const halves = [new Histogram(), new Histogram()]
  for (let ms = 1; ms <= 1_000; ms++) halves[ms % 2]?.add(ms)
  const all = new Histogram()
  for (const { counts } of halves) all.addAll(counts)
  assert.equal(all.size, 1_000)
  for (const [share, ms] of [
    [0.001, 1],
    [0.5, 500],
    [0.99, 990],
    [1, 1_000],
  ] as const) {
    const found = all.quantile(share)
    assert.ok(found >= ms * (1 - 1e-9) && found <= ms * 1.05, `${share}: ${found}`)
  }
  assert.equal(new Histogram().quantile(0.99), 0)
  // Two clocks may differ by a moment.
  const early = new Histogram()
  early.add(-3)
  assert.equal(early.quantile(0.99), 0.1)
})

test('each outage is there for its time, every kind in turn, and the usual faults are there always', () => {
  const outages = plannedOutages({ seconds: 600, every: 60, length: 8 })
  assert.equal(outages.length, 10)
  assert.equal(new Set(outages.map(({ kind }) => kind)).size, 6)
  assert.deepEqual(outages[0], { kind: 'the host restarts', from: 20, to: 28 })
  assert.equal(faultsAt(outages, 19.9).unavailable, false)
  assert.equal(faultsAt(outages, 20).unavailable, true)
  assert.equal(faultsAt(outages, 28).unavailable, false)
  assert.ok(faultsAt(outages, 28).malformed > 0)
})

test('visits are chosen by their shares', () => {
  assert.ok(Math.abs(VISITS.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9)
  assert.equal(visitAt(0).kind, 'character')
  assert.equal(visitAt(0.499).kind, 'character')
  assert.equal(visitAt(0.5001).kind, 'a page of events')
  assert.equal(visitAt(0.9999999).kind, 'other pages')
})

test('figures of a process come from the system and its metrics, all series of one added up', () => {
  const metrics =
    '# HELP x\nbsky_rpg_gaps_total{reason="a"} 2\nbsky_rpg_gaps_total{reason="b"} 3\nbsky_rpg_sse_clients 7\n'
  const { gaps, streams, anonymousMib, residentMib } = sampleOf(process.pid, metrics, 1)
  assert.deepEqual([gaps, streams], [5, 7])
  assert.ok(anonymousMib > 10 && residentMib > anonymousMib)
})
