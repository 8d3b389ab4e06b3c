import assert from 'node:assert/strict'
import { decide } from '../../src/game/decide.ts'
import { touched } from '../../src/game/touched.ts'
import { StoreBusyError, type Writer } from '../../src/store/store.ts'
import { game, POST, START } from '../game/arbitrary.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { slicesOf } from '../slices.ts'
import { type Check, check, KEEP } from './check.ts'
import { alice, before, NOW, post } from './operations.ts'

type Method = Exclude<
  {
    [Name in keyof Writer]: Writer[Name] extends (...given: never[]) => Promise<unknown> ? Name : never
  }[keyof Writer],
  typeof Symbol.asyncDispose
>

/** A call of every method that reads or changes the ledger. A new method is a type error until it is added here. */
const CALLS: Readonly<Record<Method, (writer: Writer) => Promise<unknown>>> = {
  cursor: (writer) => writer.cursor(),
  begin: (writer) => writer.begin({ host: 'a.test', wire: 'v2', value: 1, at: START }),
  load: (writer) => writer.load(touched(game, [post(alice, 2)])),
  commit: (writer) => writer.commit(decide(game, new MemoryLedger(), [post(alice, 1)]), undefined),
  questions: (writer) => writer.questions('profile', 1, new Set(), NOW),
  questionsAbout: (writer) => writer.questionsAbout('profile', [alice]),
  records: (writer) => writer.records(alice, undefined, 1),
  wishes: (writer) => writer.wishes(1),
  prune: (writer) => writer.prune(before(0), 1),
  people: (writer) => writer.people(undefined, 1),
  bindRules: (writer) => writer.bindRules('others'),
  takeUpRules: (writer) => writer.takeUpRules(START),
  unmoved: (writer) => writer.unmoved(1),
  indexDays: (writer) =>
    writer.indexDays(alice, { by: 'day', collections: [POST], from: undefined, limit: 1 }),
  commitMoved: (writer) =>
    writer.commitMoved(decide(game, new MemoryLedger(), [post(alice, 1)]), { after: alice, part: undefined }),
  endMove: (writer) => writer.endMove(),
  recordGap: (writer) =>
    writer.recordGap({ host: 'a.test', from: START, to: START, reason: 'clamped', at: START }),
  queueReconciliation: (writer) => writer.queueReconciliation({ since: START, at: START }),
  reconciliation: (writer) => writer.reconciliation(),
  beginReconciliation: (writer) => writer.beginReconciliation(),
  unreconciled: (writer) => writer.unreconciled(undefined, 1),
  reconciled: (writer) => writer.reconciled({ after: alice, done: new Map() }),
  endReconciliation: (writer) => writer.endReconciliation(START),
  followed: (writer) => writer.followed(),
  follow: (writer) =>
    writer.follow({
      before: undefined,
      now: { dids: undefined, collections: [], left: {} },
      gaps: [],
      missed: undefined,
    }),
  heard: (writer) => writer.heard(),
  beat: (writer) => writer.beat({ at: START, lag: 0, host: undefined }),
  lastBeat: (writer) => writer.lastBeat({ at: START, lag: 0, host: undefined }),
  recordSample: (writer) => writer.recordSample({ at: START, networkBytes: 0 }),
}

/** Checks that a disposed writer refuses everything. */
export const disposedChecks: readonly Check[] = [
  check('no method of a writer does anything after it was disposed', async ({ reader }, writer, open) => {
    await writer[Symbol.asyncDispose]()
    for (const [name, call] of Object.entries(CALLS)) {
      await assert.rejects(call(writer), Error, `${name} was taken`)
    }
    const { sliced } = writer
    if (sliced !== undefined)
      await assert.rejects(sliced.fold(slicesOf(game, [post(alice, 1), post(alice, 2)], 1), undefined))
    await using again = await open()
    assert.equal(await again.reader.character(alice), undefined)
    const { characters, events, gaps, heartbeat } = await reader.status()
    assert.deepEqual([characters, events, gaps, heartbeat], [0, 0, [], undefined])
  }),

  check('a writer may be disposed again, and gives the ledger back once', async (store, writer) => {
    await writer[Symbol.asyncDispose]()
    await using next = await store.write(KEEP)
    await writer[Symbol.asyncDispose]()
    await assert.rejects(store.write(KEEP), StoreBusyError)
    assert.equal(await next.cursor(), undefined)
  }),
]
