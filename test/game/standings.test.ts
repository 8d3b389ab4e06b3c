import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Did } from '../../src/atproto/event.ts'
import { BOARD_KINDS, type PeriodBoard, periodOf, type Standing } from '../../src/game/boards.ts'
import type { Game } from '../../src/game/game.ts'
import type { Operation } from '../../src/game/operation.ts'
import { rulebook } from '../../src/game/rulebook.ts'
import { type Changes, isHidden } from '../../src/game/state.ts'
import { dayOf } from '../../src/game/time.ts'
import { PeriodBoardAudit } from '../../src/store/period-board-audit.ts'
import { PeriodBoards, type StoredBoard } from '../../src/store/period-boards.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { cut, game, longStream, POST, START } from './arbitrary.ts'
import { alice, bob, bring, commit, DESCRIBED, like, removal, status } from './operations.ts'

const DAY_MICROS = 86_400_000_000

/** Rules by which posts with described media are worth nothing, and which count as before. */
const others: Game = {
  ...game,
  rules: rulebook({ points: { 'post.alt': 0, like: 25 }, caps: { [POST]: 60 }, titles: undefined }),
}

/** What counts for a person on each board, added up from their records. */
function naiveStandings(ledger: MemoryLedger, did: Did): Standing[] {
  const actor = ledger.actor(did)
  if (!actor?.born || isHidden(actor)) return []
  const sums = new Map<string, Standing>()
  for (const [{ collection }, { live, xp, facts, at }] of ledger.records(did)) {
    for (const kind of BOARD_KINDS) {
      const isDescribed = live && collection === POST && facts?.media === 'alt'
      const amount = kind === 'described' ? Number(isDescribed) : xp
      const period = periodOf(kind, dayOf(at))
      const sum = sums.getOrInsertComputed(`${kind} ${period}`, () => ({ kind, period, earned: 0 }))
      sum.earned += amount
    }
  }
  return [...sums.values()]
}

/** Boards that hold as few people as can be, as a store keeps them, and the rows that they wrote. */
class Kept {
  readonly #boards = new PeriodBoards<Did>({ max: 4, boards: [], running: 'members' })
  readonly #rows = new Map<string, PeriodBoard & { above: number; places: Map<Did, number> }>()

  apply({ actors }: Changes): void {
    for (const [did, { actor, purge, standings }] of actors) {
      if (purge || isHidden(actor)) this.#boards.leave(did)
      this.#boards.place(did, standings)
    }
  }

  clear(): void {
    this.#boards.clear()
  }

  /** Where a running board keeps its members alone, what they have comes from their own rows: `ledger` has them. */
  stored(ledger: MemoryLedger): StoredBoard<Did>[] {
    const { changed, dropped } = this.#boards.takeChanges()
    for (const { kind, period } of dropped) this.#rows.delete(`${kind} ${period}`)
    for (const { kind, period, above, places } of changed) {
      const row = this.#rows.getOrInsertComputed(`${kind} ${period}`, () => ({
        kind,
        period,
        above: -1,
        places: new Map(),
      }))
      row.above = above ?? row.above
      for (const [did, earned] of places) {
        if (earned === undefined) row.places.delete(did)
        else row.places.set(did, earned)
      }
    }
    const rows = [...this.#rows.values()]
    // As a store does, which knows the running period by its rows alone.
    const isNewest = ({ kind, period }: PeriodBoard): boolean =>
      rows.every((other) => other.kind !== kind || other.period <= period)
    return rows.map((row) => ({ ...row, places: isNewest(row) ? running(ledger, row) : row.places }))
  }
}

function running(
  ledger: MemoryLedger,
  { kind, places }: { kind: Standing['kind']; places: Map<Did, number> },
) {
  return [...places.keys()].map((did): [Did, number] => {
    const actor = ledger.actor(did)
    const earned = kind === 'described' ? actor?.described : actor?.periods[kind]
    return [did, earned ?? 0]
  })
}

function assertSame(ledger: MemoryLedger, kept: Kept): void {
  const audit = new PeriodBoardAudit(kept.stored(ledger))
  for (const did of ledger.actors.keys())
    assert.deepEqual(audit.differences(did, naiveStandings(ledger, did)), [], did)
  assert.equal(audit.strays, 0)
}

test('whatever happens on whatever day, boards are what a naive sum over the records says', () => {
  fc.assert(
    fc.property(
      longStream,
      fc.array(fc.nat({ max: 75 }), { minLength: 60, maxLength: 60 }),
      fc.array(fc.nat({ max: 6 }), { minLength: 1, maxLength: 5 }),
      fc.nat({ max: 20 }),
      (stream, days, sizes, recomputeAfter) => {
        const ledger = new MemoryLedger()
        const kept = new Kept()
        let now = game
        const operations = stream.map(
          (operation, n): Operation => ({
            ...operation,
            at: START + (days[n] ?? 0) * DAY_MICROS + n * 1_000_000,
          }),
        )
        for (const [n, batch] of cut(operations, sizes).entries()) {
          if (n === recomputeAfter) {
            now = others
            kept.clear()
            const dids = [...ledger.actors.keys()]
            const all = dids.map((did): Operation => ({ kind: 'recompute', did, at: START }))
            kept.apply(ledger.fold(now, all))
            assertSame(ledger, kept)
          }
          kept.apply(ledger.fold(now, batch))
          assertSame(ledger, kept)
        }
      },
    ),
  )
})

const at = (day: number, n: number) => ({ at: START + day * DAY_MICROS + n * 1_000_000 })
const post = (day: number, n: number, record: object = {}) => ({ ...commit({ n, record }), ...at(day, n) })

test('an event of today changes the week and the month, and a described post one more board', () => {
  const ledger = new MemoryLedger()
  const standings = (operation: Operation) =>
    ledger
      .fold(game, [operation])
      .actors.get(alice)
      ?.standings.map(({ kind, earned }) => [kind, earned])
  assert.deepEqual(standings(post(0, 1)), [
    ['week', 50],
    ['month', 50],
    // Nobody has this place: it says that the month has begun.
    ['described', 0],
  ])
  assert.deepEqual(standings(post(0, 2, DESCRIBED)), [
    ['week', 120],
    ['month', 120],
    ['described', 1],
  ])
  // What changes no sum moves nobody: a repetition, and a look.
  assert.deepEqual(standings(post(0, 2, DESCRIBED)), undefined)
  assert.deepEqual(standings(status(3, 'active')), [])
})

test('what a fetched repository brought begins no week and no month', () => {
  const ledger = new MemoryLedger()
  const day = Math.floor(START / DAY_MICROS) - 9
  const standings = [1, 2].map((n) => bring(ledger, n, day).actors.get(alice)?.standings)
  // That nobody has a described post yet says which month runs.
  assert.deepEqual(standings, [[{ kind: 'described', period: periodOf('described', day), earned: 0 }], []])
})

test('a deletion of an old record changes the boards of its own week and month', () => {
  const ledger = new MemoryLedger()
  ledger.fold(game, [post(0, 1, DESCRIBED), post(0, 2), post(40, 3)])
  const { actors } = ledger.fold(game, [{ ...removal(4, post(0, 1)), ...at(41, 4) }])
  const day = Math.floor(START / DAY_MICROS)
  assert.deepEqual(
    actors.get(alice)?.standings.toSorted((a, b) => (a.kind < b.kind ? -1 : 1)),
    [
      { kind: 'described', period: periodOf('described', day), earned: 0 },
      { kind: 'month', period: periodOf('month', day), earned: 50 },
      { kind: 'week', period: periodOf('week', day), earned: 50 },
    ],
  )
})

test('who leaves has no standings, and who comes back has all of them again', () => {
  const ledger = new MemoryLedger()
  ledger.fold(game, [post(0, 1), post(40, 2, DESCRIBED)])
  const gone = ledger.fold(game, [status(3, 'deactivated'), { ...like(4), ...at(41, 4) }])
  assert.deepEqual(gone.actors.get(alice)?.standings, [])
  const back = ledger.fold(game, [status(5, 'active')])
  assert.deepEqual(
    back.actors
      .get(alice)
      ?.standings.map(({ kind, earned }) => `${kind} ${earned}`)
      .sort(),
    ['described 1', 'month 50', 'month 80', 'week 50', 'week 80'],
  )
})

test('a recompute says what everybody who is shown has, also where nothing has changed', () => {
  const ledger = new MemoryLedger()
  ledger.fold(game, [post(0, 1), { ...post(0, 2), did: bob }, { ...status(3, 'deactivated'), did: bob }])
  const { actors } = ledger.fold(game, [
    { kind: 'recompute', did: alice, at: START },
    { kind: 'recompute', did: bob, at: START },
  ])
  assert.deepEqual(
    [...actors].map(([did, { standings }]) => [did, standings.map(({ earned }) => earned)]),
    [[alice, [50, 50, 0]]],
  )
})
