import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BOARD_KINDS, type BoardKind, type Standing } from '../../src/game/boards.ts'
import { PeriodBoardAudit } from '../../src/store/period-board-audit.ts'
import { KEPT_PERIODS, PeriodBoards, type StoredBoard } from '../../src/store/period-boards.ts'

const MAX = 8

/** More periods than are kept of any kind, so that the oldest are dropped. */
const PERIODS = Math.max(...Object.values(KEPT_PERIODS)) + 6

type Move = { key: number; kind: BoardKind; period: number; earned: number; leaves: boolean }

const move = fc.record<Move>({
  key: fc.nat({ max: 20 }),
  kind: fc.constantFrom(...BOARD_KINDS),
  // Mostly the latest periods, and now and then any.
  period: fc.oneof(
    { weight: 4, arbitrary: fc.nat({ max: 2 }) },
    { weight: 1, arbitrary: fc.nat({ max: PERIODS }) },
  ),
  earned: fc.nat({ max: 12 }),
  leaves: fc.boolean(),
})

/** Batches with the period that has begun before them, counted from 1. */
const batches = fc.array(
  fc.record({ begins: fc.nat({ max: 2 }), moves: fc.array(move, { maxLength: 15 }), reopens: fc.boolean() }),
  { maxLength: 30 },
)

/** The boards as a store has them: it sees only the changes. */
class Table {
  readonly boards = new Map<
    string,
    { kind: BoardKind; period: number; above: number; rows: Map<number, number> }
  >()

  save(changes: ReturnType<PeriodBoards<number>['takeChanges']>): void {
    for (const { kind, period } of changes.dropped) this.boards.delete(`${kind} ${period}`)
    for (const { kind, period, above, places } of changes.changed) {
      const name = `${kind} ${period}`
      const board = this.boards.getOrInsertComputed(name, () => ({
        kind,
        period,
        above: -1,
        rows: new Map(),
      }))
      if (above !== undefined) board.above = above
      for (const [key, earned] of places) {
        if (earned === undefined) board.rows.delete(key)
        else board.rows.set(key, earned)
      }
    }
  }

  stored(): StoredBoard<number>[] {
    return [...this.boards.values()].map(({ kind, period, above, rows }) => ({
      kind,
      period,
      above,
      places: [...rows],
    }))
  }
}

test('whatever happens in whatever period, the stored boards have who belongs on them, also after a restart', () => {
  fc.assert(
    fc.property(batches, (all) => {
      const earned = new Map<number, Map<string, Standing>>()
      const newest: Record<BoardKind, number> = { week: 0, month: 0, described: 0 }
      const table = new Table()
      let latest = 100
      let boards = new PeriodBoards<number>({ max: MAX, boards: [], running: 'amounts' })
      for (const { begins, moves, reopens } of all) {
        latest += begins
        for (const { key, kind, period: ago, earned: amount, leaves } of moves) {
          if (leaves && amount === 0) {
            earned.delete(key)
            boards.leave(key)
            continue
          }
          const standing = { kind, period: latest - ago, earned: amount }
          newest[kind] = Math.max(newest[kind], standing.period)
          earned.getOrInsertComputed(key, () => new Map()).set(`${kind} ${standing.period}`, standing)
          boards.place(key, [standing])
        }
        table.save(boards.takeChanges())
        const audit = new PeriodBoardAudit(table.stored())
        const findings = Array.from({ length: 21 }, (_, key) =>
          audit.differences(key, earned.get(key)?.values() ?? []),
        )
        assert.deepEqual(findings.flat(), [])
        assert.equal(audit.strays, 0)
        for (const { kind, period, rows } of table.boards.values()) {
          assert.ok(period >= newest[kind] - KEPT_PERIODS[kind], 'only so many periods are kept')
          assert.ok(rows.size <= MAX)
        }
        if (reopens) boards = new PeriodBoards({ max: MAX, boards: table.stored(), running: 'amounts' })
      }
    }),
  )
})

test('a period that is over keeps half as many as one that runs, with their amounts', () => {
  const boards = new PeriodBoards<number>({ max: MAX, boards: [], running: 'members' })
  for (let key = 1; key <= MAX; key++) boards.place(key, [{ kind: 'week', period: 10, earned: key }])
  const [running] = boards.takeChanges().changed
  assert.deepEqual([running?.kept, running?.places.length], ['members', MAX])
  // What somebody on it earns is not written with the board while it runs.
  boards.place(1, [{ kind: 'week', period: 10, earned: 100 }])
  assert.deepEqual(boards.takeChanges().changed, [])
  boards.place(1, [{ kind: 'week', period: 11, earned: 5 }])
  const { changed, dropped } = boards.takeChanges()
  assert.deepEqual(dropped, [])
  const finished = changed.find(({ period }) => period === 10)
  assert.deepEqual(
    [finished?.above, finished?.kept, finished?.places.toSorted(([a], [b]) => a - b)],
    [
      6,
      'amounts',
      [
        [1, 100],
        [2, undefined],
        [3, undefined],
        [4, undefined],
        [5, undefined],
        [6, 6],
        [7, 7],
        [8, 8],
      ],
    ],
  )
})
