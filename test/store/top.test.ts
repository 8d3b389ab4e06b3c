import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NOBODY_LEFT_OUT, TopPlaces } from '../../src/store/top.ts'

const MAX = 8

/** Several changes for each save, among few amounts of XP, so that many people have the same. */
const moves = fc.array(
  fc.array(
    fc.record({
      key: fc.nat({ max: 40 }),
      experience: fc.option(fc.nat({ max: 30 }), { nil: undefined, freq: 4 }),
    }),
    { maxLength: 12 },
  ),
  { maxLength: 30 },
)

/** A board, a table that gets only the board's changes, and everybody's experience. */
function kept() {
  const all = new Map<number, number>()
  const table = new Map<number, number>()
  let board = new TopPlaces<number>({ max: MAX, places: [], above: NOBODY_LEFT_OUT })
  const place = (key: number, experience: number | undefined) => {
    if (experience === undefined) all.delete(key)
    else all.set(key, experience)
    board.place(key, experience)
  }
  const save = () => {
    for (const [key, experience] of board.takeChanges()) {
      if (experience === undefined) table.delete(key)
      else table.set(key, experience)
    }
  }
  const top = () => [...all].sort(([, a], [, b]) => b - a).slice(0, MAX / 2)
  return {
    table,
    place,
    save,
    refill: () => board.refill(top()),
    isShort: () => board.isShort,
    above: () => board.above,
    reopen: () => {
      board = new TopPlaces({ max: MAX, places: table, above: board.above })
    },
    check: () => {
      for (const [key, experience] of all) {
        if (experience > board.above) assert.equal(table.get(key), experience, `${key} belongs on the board`)
      }
      for (const [key, experience] of table) {
        assert.equal(experience, all.get(key))
        assert.ok(experience >= board.above)
      }
      assert.ok(table.size <= MAX)
    },
  }
}

test('everybody above the end of the board is on it, whatever happens, and also after a restart', () => {
  fc.assert(
    fc.property(moves, fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), (batches, restarts) => {
      const here = kept()
      for (const [index, batch] of batches.entries()) {
        for (const { key, experience } of batch) here.place(key, experience)
        here.save()
        here.check()
        if (restarts[index]) here.reopen()
      }
      here.refill()
      here.save()
      here.check()
      assert.equal(here.isShort(), false)
    }),
  )
})

test('of many who come at once only some have to be written', () => {
  const board = new TopPlaces<number>({ max: MAX, places: [], above: NOBODY_LEFT_OUT })
  for (let key = 0; key < 1_000; key++) board.place(key, 1_000 - key)
  const changes = board.takeChanges()
  assert.ok(changes.length <= MAX * 2 + 1, `${changes.length} were written`)
  const kept = changes.flatMap(([key, amount]) => (amount === undefined ? [] : [key]))
  assert.deepEqual(kept.sort(), [0, 1, 2, 3])
})

test('a board of equals keeps half of its places rather than none', () => {
  const here = kept()
  for (let key = 0; key <= MAX; key++) here.place(key, 10)
  here.save()
  assert.equal(here.table.size, MAX / 2)
  here.check()
  // Who is not on it needs more than they have, who is on it stays.
  here.place(MAX, 10)
  here.place(0, 10)
  here.save()
  assert.deepEqual([...here.table.keys()].sort(), [0, 1, 2, 3])
})

test('a board that everybody has left is short until it is filled from all', () => {
  const here = kept()
  for (let key = 0; key < 20; key++) here.place(key, key)
  here.save()
  assert.equal(here.isShort(), false)
  for (let key = 19; key > 4; key--) here.place(key, undefined)
  here.save()
  assert.equal(here.isShort(), true)
  here.refill()
  here.save()
  assert.deepEqual([...here.table.keys()].sort(), [1, 2, 3, 4])
  here.check()
})

test('a board that holds everybody is never short', () => {
  const here = kept()
  here.place(1, 10)
  here.save()
  assert.equal(here.isShort(), false)
  here.refill()
  assert.equal(here.above(), NOBODY_LEFT_OUT)
})
