import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { StreamEvent } from '../../src/atproto/event.ts'
import { Network } from '../../src/simulator/network.ts'
import { readRecording } from '../../src/simulator/recording.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { v1 } from '../../src/simulator/wires/v1.ts'
import { frames, listen } from './client.ts'

const START = 1_770_000_000_000_000
const DID = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
/** Made by hand: one message of every form that the public network sends. */
const MESSAGES = fileURLToPath(new URL('../fixtures/v1-messages.jsonl', import.meta.url))

/** A temporary file for one test. */
function file(content: string): Disposable & { path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'bsky-rpg-test-'))
  const path = join(folder, 'recording.jsonl')
  writeFileSync(path, content)
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

function read(lines: readonly unknown[], end = '\n'): StreamEvent[] {
  using here = file(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join(end))
  return readRecording(here.path)
}

/** Events of every kind that the v1 wire has, at times that are no whole milliseconds. */
function happened(): StreamEvent[] {
  const network = new Network({ seed: 4, actors: 20, start: START + 7, step: 10_001, mix: 'everything' })
  const events: StreamEvent[] = []
  while (events.length < 8_000) events.push(...network.next())
  return events.filter(({ kind }) => kind !== 'sync')
}

const COMMIT = {
  rev: '3kaaaaaaaaa2a',
  operation: 'create',
  collection: 'app.bsky.feed.like',
  rkey: '3kaaaaaaaaa2b',
  record: {},
}
const message = (fields: object) => ({ did: DID, time_us: START, kind: 'commit', commit: COMMIT, ...fields })
const commit = (fields: object) => message({ commit: { ...COMMIT, ...fields } })
const account = (fields: object) =>
  message({ kind: 'account', account: { active: false, time: '2026-02-02T02:40:00.123456Z', ...fields } })

suite('a recording', () => {
  test('is read as it was sent, in its order, to the microsecond', () => {
    const events = happened()
    assert.ok(new Set(events.map(({ kind }) => kind)).size === 3)
    assert.deepEqual(read(events.map((event, n) => v1.frame(event, n))), events)
  })

  test('may have other ends of lines, blank lines, and no end', () => {
    const line = message({})
    for (const end of ['\n', '\r\n', '\n\n', '\n \n']) assert.equal(read([line, line], end).length, 2)
    assert.equal(read(['', line, '', '']).length, 1)
    assert.deepEqual(read([]), [])
  })

  test('of the forms that the public network sends is read', () => {
    const events = readRecording(MESSAGES)
    assert.equal(events.length, 10)
    for (const event of events) assert.ok(event.at > 1.7e15 && event.did.startsWith('did:'))
  })

  test('is served again in its order, before what happens next', async () => {
    const events = happened().slice(0, 200)
    const network = new Network({ seed: 4, actors: 20, start: START * 2, step: 1_000, mix: 'feed' })
    await using simulator = await startSimulator({ network, seed: 4 })
    using here = file(events.map((event, n) => v1.frame(event, n)).join('\n'))
    simulator.add(readRecording(here.path))
    simulator.emit(20)
    await using client = await listen(simulator, 'v1', { cursor: '1' })
    const sent = await frames(client, simulator.archive.entries.length)
    assert.deepEqual(
      sent.slice(0, 200),
      events.map((event, n) => JSON.parse(v1.frame(event, n + 1) ?? '')),
    )
  })

  const others: [string, unknown, Partial<StreamEvent>][] = [
    ['a deletion', commit({ operation: 'delete', record: undefined }), { kind: 'commit', op: 'delete' }],
    ['an identity without a handle', message({ kind: 'identity', identity: {} }), { handle: undefined }],
    ['an identity without anything', message({ kind: 'identity' }), { handle: undefined }],
    ['a handle that is none', message({ kind: 'identity', identity: { handle: 7 } }), { handle: undefined }],
    ['a status', account({ status: 'takendown' }), { status: 'takendown', time: START + 123_456 }],
    ['a status without a reason', account({}), { status: 'inactive' }],
    ['a return', account({ active: true, status: 'takendown' }), { status: 'active' }],
  ]
  for (const [name, line, expected] of others) {
    test(`may hold ${name}`, () => {
      assert.partialDeepStrictEqual(read([line])[0], expected)
    })
  }

  const broken: [string, unknown][] = [
    ['no JSON', '{"did":'],
    ['a number', 7],
    ['a list', []],
    ['null', 'null'],
    ['a message of the other wire', { $type: 'message', payload: {} }],
    ['a DID that is none', message({ did: 'alice' })],
    ['a time that is none', message({ time_us: '1' })],
    ['a time that is no whole number', message({ time_us: 1.5 })],
    ['a kind that is not known', message({ kind: 'party' })],
    ['no kind', message({ kind: undefined })],
    ['a commit without a body', message({ commit: undefined })],
    ['a revision that is none', commit({ rev: 'x' })],
    ['a collection that is none', commit({ collection: 'likes' })],
    ['a key that is none', commit({ rkey: 'a/b' })],
    ['an operation that is none', commit({ operation: 'perhaps' })],
    ['a record that is none', commit({ record: 'x' })],
    ['an update without a record', commit({ operation: 'update', record: undefined })],
    ['a status without an activity', account({ active: undefined })],
    ['a status without a time', account({ time: undefined })],
  ]
  for (const [name, line] of broken) {
    test(`is refused for ${name}, by the number of its line`, () => {
      assert.throws(() => read([message({}), '', line, message({})]), /recording\.jsonl:3 is not a message/)
    })
  }

  test('that is not there is told by its name', () => {
    assert.throws(() => readRecording('/nowhere/recording.jsonl'), /ENOENT.*\/nowhere\/recording\.jsonl/)
  })
})
