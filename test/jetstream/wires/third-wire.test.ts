// A third wire takes two files, v3.ts here and test/simulator/v3.ts, and one name in each side's list of wires, which
// is a parameter here. No file of src is edited for it, and the last test holds them to that.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { REWIND } from '../../../src/jetstream/attempts/cursor.ts'
import { wires } from '../../../src/jetstream/wires/index.ts'
import type { WireList } from '../../../src/jetstream/wires/wire.ts'
import { Network } from '../../../src/simulator/network.ts'
import { type SimulatorOptions, startSimulator } from '../../../src/simulator/simulator.ts'
import { simulatedWires } from '../../../src/simulator/wires/index.ts'
import { v3 as simulatedV3 } from '../../simulator/v3.ts'
import { makeDictionary } from '../dictionary.ts'
import { collect, hear, optionsWith } from '../listener.ts'
import { v3 } from './v3.ts'

const START = 1_750_000_000_000_000
const CLIENT: WireList = [v3, ...wires]

async function served(options: Partial<SimulatorOptions> = {}) {
  const network = new Network({ seed: 5, actors: 40, start: START, step: 10_000, mix: 'everything' })
  const simulator = await startSimulator({
    network,
    seed: 5,
    wires: [simulatedV3, ...simulatedWires],
    ...options,
  })
  simulator.emit(600)
  const events = simulator.archive.entries.map(({ event }) => event)
  const { host } = new URL(simulator.url)
  return { simulator, events, host, last: events.at(-1)?.at ?? assert.fail() }
}

/** Removes repeated events, which may come after a reconnection. */
function once(events: readonly object[]): object[] {
  return [...new Map(events.map((event) => [JSON.stringify(event), event])).values()]
}

test('is dialled first, resumed by its times, and compressed with the dictionary that it serves', async () => {
  const { simulator, events, last } = await served({
    dictionaries: { v3: makeDictionary(9) },
    faults: { dropAfter: 250 },
  })
  await using _ = simulator
  const heard = hear()
  const got = await collect(
    optionsWith({
      hosts: [simulator.url],
      wires: CLIENT,
      start: START,
      compression: 'zstd',
      observer: heard.observer,
    }),
    ({ cursor }) => cursor !== undefined && cursor.at >= last,
  )
  assert.deepEqual(once(got.events), once(events))
  assert.deepEqual(got.cursor, { host: new URL(simulator.url).host, wire: 'v3', value: last, at: last })
  assert.ok(heard.connected.length >= 3, `${heard.connected.length} connections`)
  for (const { wire, compressed } of heard.connected) assert.deepEqual([wire, compressed], ['v3', true])
  const times = new Set(events.map(({ at }) => at))
  for (const { cursor } of heard.asked.slice(1))
    assert.ok(times.has(cursor ?? 0), 'the very place is asked for')
})

test('is asked for what is wanted in its own words', async () => {
  const { simulator, events, last } = await served()
  await using _ = simulator
  const did = events[0]?.did ?? assert.fail()
  const got = await collect(
    optionsWith({ hosts: [`${simulator.url}${v3.path}`], wires: CLIENT, start: START, dids: [did] }),
    ({ events: some }) => some.length >= events.filter((event) => event.did === did).length,
  )
  assert.deepEqual(
    got.events,
    events.filter((event) => event.did === did),
  )
  assert.ok((got.cursor?.at ?? last) <= last)
})

test('is passed over at a host that does not speak it', async () => {
  const { simulator, events, last } = await served({ wires: simulatedWires })
  await using _ = simulator
  const heard = hear()
  const got = await collect(
    optionsWith({ hosts: [simulator.url], wires: CLIENT, start: START, observer: heard.observer }),
    ({ cursor }) => cursor !== undefined && cursor.at >= last,
  )
  assert.deepEqual(
    heard.asked.map(({ wire }) => wire),
    ['v3', 'v2'],
  )
  assert.deepEqual(got.events, events)
})

test('that this version does not know is another wire: of its cursor only the time is used', async () => {
  const { simulator, events, host, last } = await served()
  await using _ = simulator
  const { at } = events[300] ?? assert.fail()
  const heard = hear()
  const got = await collect(
    optionsWith({
      hosts: [simulator.url],
      cursor: { host, wire: 'v3', value: 7, at },
      observer: heard.observer,
    }),
    ({ cursor }) => cursor !== undefined && cursor.at >= last,
  )
  assert.deepEqual(heard.asked, [{ host, wire: 'v2', cursor: at - REWIND }])
  const missing = events.filter((event) => event.at >= at).length
  assert.deepEqual(got.events.slice(-missing), events.slice(-missing))
  assert.deepEqual(heard.gaps, [])
})

test('needs no file of src but its own, since none names a wire', () => {
  const root = new URL('../../../src/', import.meta.url)
  const files = globSync('**/*.ts', { cwd: root }).filter((path) => !path.includes('wires/'))
  assert.ok(files.includes('jetstream/subscribe.ts') && files.includes('simulator/stream-server.ts'))
  const names = [...wires, ...simulatedWires].map(({ name }) => name)
  const literal = new RegExp(`['"\`](${names.join('|')})['"\`]`)
  assert.deepEqual(
    files.filter((path) => literal.test(readFileSync(new URL(path, root), 'utf8'))),
    [],
  )
})
