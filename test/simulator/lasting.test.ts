import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { WebSocket } from 'ws'
import { Archive } from '../../src/simulator/archive.ts'
import { live } from '../../src/simulator/live.ts'
import { Network, type NetworkOptions } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'

const START = 1_770_000_000_000_000

function networkOf(limits: Pick<NetworkOptions, 'recordsPerPerson' | 'records'> = {}): Network {
  return new Network({ seed: 5, actors: 20, start: START, step: 1_000, mix: 'everything', ...limits })
}

suite('a network that lives for days', () => {
  test('forgets what is old, and numbers the rest as before', () => {
    const network = networkOf()
    const archive = new Archive(7, 100)
    let added = 0
    while (added < 2_000) {
      const events = network.next()
      archive.add(events)
      added += events.length
    }
    assert.ok(archive.entries.length >= 100 && archive.entries.length <= 125 + 60)
    assert.equal(archive.nextSeq, 7 + added)
    for (const [index, entry] of archive.entries.entries()) assert.equal(entry.seq, archive.seqAt(index))
    const newest = archive.nextSeq - 1
    assert.equal(archive.from(newest)?.seq, newest)
    assert.equal(archive.from(newest + 1), undefined)
    assert.equal(archive.from(7), archive.entries[0])
  })

  test('shows a client all that comes, in order, while what is old goes', async () => {
    await using simulator = await startSimulator({ network: networkOf(), seed: 1, keeps: 300 })
    const client = new WebSocket(`${simulator.url}/xrpc/network.bsky.jetstream.subscribeEvents`, [
      'xrpc.v1.json',
    ])
    const seen: number[] = []
    const all = Promise.withResolvers<void>()
    client.on('message', (data) => {
      seen.push(JSON.parse(String(data)).payload.seq)
      if (seen.at(-1) !== simulator.archive.nextSeq - 1) return
      if (seen.length > 1_000) all.resolve()
      else simulator.emit(20)
    })
    await new Promise((resolve) => client.once('open', resolve))
    simulator.emit(20)
    await all.promise
    client.terminate()
    assert.deepEqual(
      seen,
      seen.map((_, n) => n + 1),
    )
    assert.ok(simulator.archive.entries.length < 600)
  })

  /** Lets the network make events; returns the paths of the records that are live after them. */
  function happen(network: Network, happenings: number): Set<string> {
    const live = new Set<string>()
    for (let n = 0; n < happenings; n++) {
      for (const event of network.next()) {
        // What a replaced or deleted repository no longer holds is told by nobody.
        if (event.kind === 'sync' || (event.kind === 'account' && event.status === 'deleted')) {
          for (const path of live) if (path.startsWith(event.did)) live.delete(path)
        }
        if (event.kind !== 'commit') continue
        const path = `${event.did}/${event.collection}/${event.rkey}`
        if (event.op === 'delete') live.delete(path)
        else live.add(path)
      }
    }
    return live
  }

  function pathsOf({ people }: Network): Set<string> {
    return new Set(people.flatMap(({ did, records }) => [...records.keys()].map((path) => `${did}/${path}`)))
  }

  test('has no more records than people may have, and tells of each that goes', () => {
    const network = networkOf({ recordsPerPerson: 40 })
    const live = happen(network, 20_000)
    const most = Math.max(...network.people.map(({ records }) => records.size))
    // Posts that somebody has just referred to stay a little longer.
    assert.ok(most <= 60, `${most} records`)
    assert.deepEqual(pathsOf(network), live)
    assert.equal(network.records, live.size)
  })

  test('has no more records than all may have together, and tells of each that goes', () => {
    const network = networkOf({ records: 500 })
    const live = happen(network, 20_000)
    assert.ok(network.records >= 400 && network.records <= 520, `${network.records} records`)
    assert.deepEqual(pathsOf(network), live)
    assert.equal(network.records, live.size)
    const active = network.people.filter(({ records }) => records.size > 0)
    assert.ok(active.length > 10, 'nobody has all of them')
  })

  test('keeps to the clock, however many events are one happening', async () => {
    await using simulator = await startSimulator({ network: networkOf(), seed: 1 })
    const end = new AbortController()
    const began = performance.now()
    let last = 0
    let behind = 0
    await live(simulator, {
      rate: 2_000,
      signal: end.signal,
      clock: () => {
        const { entries } = simulator.archive
        const newest = entries.at(-1)?.event.at ?? last
        // What has happened since the clock was last asked.
        behind = last - newest
        assert.ok(behind >= 0, 'nothing happens in a time to come')
        if (entries.length > 6_000) end.abort()
        last = Math.floor(START + (performance.now() - began) * 1_000)
        return last
      },
    })
    assert.ok(behind < 200_000, `${behind / 1_000} ms behind`)
  })

  test('does not run ahead of a clock that stands still', async () => {
    await using simulator = await startSimulator({ network: networkOf(), seed: 1 })
    const end = new AbortController()
    await live(simulator, {
      rate: 2_000,
      signal: end.signal,
      clock: () => {
        if (simulator.archive.entries.length > 500) end.abort()
        return START
      },
    })
    const newest = simulator.archive.entries.at(-1)?.event.at ?? 0
    assert.ok(newest - START < 2_000, `${newest - START} microseconds ahead`)
  })
})
