import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nothingTouched } from '../../src/game/touched.ts'
import { FailStopWriter } from '../../src/store/fail-stop.ts'
import type { WriterMeasures } from '../../src/store/measures.ts'
import type { Writer } from '../../src/store/store.ts'
import { START } from '../game/arbitrary.ts'

const NOTHING = { actors: new Map(), fulfilled: [], outcomes: {} } as never

/** Every method that reads or writes, by name. */
const CALLS: Readonly<Record<string, (writer: Writer) => Promise<unknown>>> = {
  cursor: (writer) => writer.cursor(),
  begin: (writer) => writer.begin({ host: 'a.test', wire: 'v2', value: 1, at: START }),
  load: (writer) => writer.load({ ...nothingTouched() }),
  commit: (writer) => writer.commit(NOTHING, undefined),
  sliced: async (writer) => writer.sliced?.fold([], undefined),
  questions: (writer) => writer.questions('profile', 1, new Set(), 0),
  questionsAbout: (writer) => writer.questionsAbout('profile', []),
  records: (writer) => writer.records('did:plc:aaaaaaaaaaaaaaaaaaaaaaaa', undefined, 1),
  wishes: (writer) => writer.wishes(1),
  prune: (writer) => writer.prune({ before: START, now: START }, 1),
  people: (writer) => writer.people(undefined, 1),
  followed: (writer) => writer.followed(),
  follow: (writer) =>
    writer.follow({
      before: undefined,
      now: { dids: undefined, collections: [], left: {} },
      gaps: [],
      missed: undefined,
    }),
  bindRules: (writer) => writer.bindRules('rules'),
  recordGap: (writer) => writer.recordGap({ host: 'a.test', from: 1, to: 2, reason: 'window', at: START }),
  heard: (writer) => writer.heard(),
  beat: (writer) => writer.beat({ at: START, lag: 0, host: undefined }),
  lastBeat: (writer) => writer.lastBeat({ at: START, lag: 0, host: undefined }),
  recordSample: (writer) => writer.recordSample({ at: START, networkBytes: 0 }),
}

const MEASURES: WriterMeasures = {
  shards: { owned: 1, of: 4 },
  handovers: { taken: 1, released: 0, lost: 0 },
  journalBatches: 3,
  requests: { read: 2 },
  retries: 1,
  freeBytes: undefined,
}

/** A writer whose methods all succeed except the one named `failing`. */
function writerFailingAt(failing: string | undefined, error: Error) {
  const done: string[] = []
  const call = (name: string) => async () => {
    done.push(name)
    if (name === failing) throw error
  }
  const writer = {
    ...Object.fromEntries(Object.keys(CALLS).map((name) => [name, call(name)])),
    sliced: { operations: 5, fold: call('sliced') },
    owns: () => true,
    faults: () => [],
    measures: () => MEASURES,
    batchWindowMs: 7,
    moved: new AbortController().signal,
    [Symbol.asyncDispose]: async () => {
      done.push('dispose')
      throw new Error('the log cannot be emptied')
    },
  } as unknown as Writer
  return { writer: new FailStopWriter(writer), inner: writer, done }
}

test('whatever fails first, everything after it fails with that error and does nothing', async () => {
  for (const [failing, call] of Object.entries(CALLS)) {
    const first = new Error(`${failing} failed`)
    const { writer, done } = writerFailingAt(failing, first)
    await assert.rejects(call(writer), first)
    for (const again of Object.values(CALLS)) {
      await assert.rejects(again(writer), (error) => error === first)
    }
    assert.deepEqual(done, [failing])
    // It is given back, and what goes wrong then does not hide why.
    await writer[Symbol.asyncDispose]()
    assert.deepEqual(done, [failing, 'dispose'])
  }
})

test('while nothing fails everything goes through, and a failure to give it back is told', async () => {
  const { writer, inner, done } = writerFailingAt(undefined, new Error('never'))
  for (const call of Object.values(CALLS)) await call(writer)
  assert.deepEqual(done, Object.keys(CALLS))
  assert.equal(writer.owns('did:web:a.example'), true)
  assert.equal(writer.batchWindowMs, 7)
  assert.equal(writer.sliced?.operations, 5)
  assert.equal(writer.measures(), MEASURES)
  assert.equal(writer.moved, inner.moved)
  await assert.rejects(async () => writer[Symbol.asyncDispose](), /cannot be emptied/)
})
