import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../../src/game/decide.ts'
import type { RecordPath } from '../../src/game/state.ts'
import { ALL_DAYS } from '../../src/game/time.ts'
import { DayIndex, dayPlace, type Indexed } from '../../src/store/day-index.ts'
import { alice, bob, like, post, status } from '../conformance/operations.ts'
import { game, POST, START, tid } from '../game/arbitrary.ts'
import { MemoryLedger } from '../memory-ledger.ts'

const FIRST_DAY = START / 86_400_000_000
const day = (n: number) => Math.floor(FIRST_DAY) + n
const path = (n: number): RecordPath => `${POST}/${tid(n)}`
const lease = {}
const wanted: Indexed = { did: alice, lease, collections: [POST] }

/** Pages of two, by the place of the next one. */
const DAYS = [3, 3, 1, 2, 1].map((n, key) => ({ path: path(key), day: day(n) }))
const pageFrom = (from = '0') => ({
  records: DAYS.slice(Number(from), Number(from) + 2),
  next: Number(from) + 2 < DAYS.length ? String(Number(from) + 2) : undefined,
})

async function full(): Promise<DayIndex> {
  const index = new DayIndex()
  while (!(await index.read(wanted, pageFrom)));
  return index
}

/** The paths, the first and last day, and where the next part begins. */
function shown(index: DayIndex, limit: number, from?: string) {
  const page = index.page(wanted, { from, limit })
  return page && [[...page.paths], page.days.first, page.days.last, page.next]
}

const changesOf = (...operations: Parameters<typeof decide>[2][]) =>
  decide(
    game,
    new MemoryLedger(),
    operations.flatMap((some) => [...some]),
  )

test('whole days come latest first, as many as there is room for and at least one, and the last goes down to the first of all', async () => {
  const index = await full()
  assert.deepEqual(shown(index, 1), [[path(0), path(1)], day(2) + 1, ALL_DAYS.last, dayPlace(day(2))])
  assert.deepEqual(shown(index, 1, dayPlace(day(2))), [[path(3)], day(2), day(2), dayPlace(day(1))])
  assert.deepEqual(shown(index, 3), [[path(0), path(1), path(3)], day(2), ALL_DAYS.last, dayPlace(day(1))])
  assert.deepEqual(shown(index, 3, dayPlace(day(1))), [[path(2), path(4)], 0, day(1), undefined])
})

test('nothing is said before everything was read, nor of somebody else, other collections or another lease', async () => {
  const index = new DayIndex()
  assert.equal(await index.read(wanted, pageFrom), false)
  assert.equal(shown(index, 1), undefined)
  const complete = await full()
  const others: Indexed[] = [
    { ...wanted, did: bob },
    { ...wanted, lease: {} },
    { ...wanted, collections: [] },
  ]
  for (const other of others) assert.equal(complete.page(other, { from: undefined, limit: 1 }), undefined)
})

test('what is written meanwhile is noted, of that person and those collections alone', async () => {
  const index = new DayIndex()
  await index.read(wanted, pageFrom)
  const late = post(alice, 700)
  index.note(changesOf([late, like(alice, 701), post(bob, 702)]))
  while (!(await index.read(wanted, pageFrom)));
  assert.deepEqual(shown(index, 1, dayPlace(day(0))), [[path(700)], 0, day(0), undefined])
})

test('the days of somebody of whom everything went are read again', async () => {
  const index = await full()
  const gone = changesOf([post(alice, 1), status(alice, 'deleted', 2)])
  index.note(gone)
  assert.equal(shown(index, 1), undefined)
  assert.equal(await index.read(wanted, () => ({ records: [], next: undefined })), true)
  assert.deepEqual(shown(index, 1), [[], 0, ALL_DAYS.last, undefined])
})
