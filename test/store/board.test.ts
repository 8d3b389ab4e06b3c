import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boardAfter, boardAround, ranked } from '../../src/store/board.ts'
import { InvalidCursorError } from '../../src/store/store.ts'

const readKey = (text: string) => (/^\d+$/.test(text) ? Number(text) : undefined)
const board = ranked([
  { key: 4, experience: 10 },
  { key: 1, experience: 30 },
  { key: 3, experience: 20 },
  { key: 2, experience: 20 },
  { key: 5, experience: 10 },
])
const keys = ({ places }: { places: readonly { key: number }[] }) => places.map(({ key }) => key)

test('equals share a rank and stand in the order of their keys', () => {
  assert.deepEqual(
    board.map(({ key, rank }) => [key, rank]),
    [
      [1, 1],
      [2, 2],
      [3, 2],
      [4, 4],
      [5, 4],
    ],
  )
})

test('pages follow each other to the end, also where somebody has moved since', () => {
  const first = boardAfter(board, { cursor: undefined, limit: 2 }, readKey)
  assert.deepEqual(keys(first), [1, 2])
  const second = boardAfter(board, { cursor: first.cursor, limit: 2 }, readKey)
  assert.deepEqual(keys(second), [3, 4])
  const without2 = board.filter(({ key }) => key !== 2)
  assert.deepEqual(keys(boardAfter(without2, { cursor: first.cursor, limit: 2 }, readKey)), [3, 4])
  const last = boardAfter(board, { cursor: second.cursor, limit: 2 }, readKey)
  assert.deepEqual([keys(last), last.cursor], [[5], undefined])
  assert.deepEqual(boardAfter(board, { cursor: '1-9', limit: 2 }, readKey), { places: [], cursor: undefined })
})

test('a page around somebody has them in its middle, and is empty for those below the end', () => {
  assert.deepEqual(keys(boardAround(board, 3, 3)), [2, 3, 4])
  assert.deepEqual(keys(boardAround(board, 1, 3)), [1, 2, 3])
  assert.deepEqual(boardAround(board, 9, 3), { places: [], cursor: undefined })
})

test('a cursor of something else is refused', () => {
  for (const cursor of ['', '5', 'A-1', '-1', '5-x', '5-', `5-${'1'.repeat(3_000)}`]) {
    assert.throws(() => boardAfter(board, { cursor, limit: 2 }, readKey), InvalidCursorError, cursor)
  }
})
