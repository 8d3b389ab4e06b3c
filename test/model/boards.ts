import assert from 'node:assert/strict'
import { BOARD_KINDS, type BoardKind, type PeriodBoard, readPeriod } from '../../src/game/boards.ts'
import { KEPT_PERIODS } from '../../src/store/period-boards.ts'
import type { Placed, Reader } from '../../src/store/store.ts'
import { BASELINE, POST } from './judge.ts'
import { isShown, type Model } from './model.ts'
import { DAY, type ModelPerson, type ModelRecord } from './person.ts'
import { readPeriodBoard } from './reading.ts'

/** Asserts that each board of a period is the sum over the model's records, in order. */
export async function comparePeriodBoards(reader: Reader, { people }: Model): Promise<void> {
  const shown = [...people.values()].filter(isShown)
  for (const kind of BOARD_KINDS) {
    // Periods in which anybody ever did anything, also those of which nothing is left.
    const all = [...people.values()].flatMap((person) => [...person.records.values()])
    const periods = new Set(all.map((record) => periodOf(kind, record)))
    const newest = Math.max(...periods)
    for (const period of periods) {
      if (period < newest - KEPT_PERIODS[kind]) continue
      compare(await readPeriodBoard(reader, { kind, period }), shown, { kind, period })
    }
  }
}

function compare(places: Placed[], shown: readonly ModelPerson[], board: PeriodBoard): void {
  const name = `${board.kind} ${board.period}`
  const earned = new Map(shown.map((person) => [person.did, earnedIn(person, board)]))
  for (const [did, amount] of earned) if (amount === 0) earned.delete(did)
  assert.deepEqual(
    Object.fromEntries(places.map(({ character, earned }) => [character.did, earned])),
    Object.fromEntries(earned),
    `who is on the board of ${name}`,
  )
  assert.equal(places.length, earned.size, `everybody is on the board of ${name} once`)
  for (const { rank, earned: amount } of places) {
    const better = [...earned.values()].filter((other) => other > amount).length
    assert.equal(rank, 1 + better, `rank on the board of ${name}`)
  }
}

function earnedIn({ records }: ModelPerson, { kind, period }: PeriodBoard): number {
  let sum = 0
  for (const record of records.values()) {
    if (record.id.collection === BASELINE || record.claimed !== undefined) continue
    if (periodOf(kind, record) !== period) continue
    const isDescribed = record.live && record.id.collection === POST && record.facts?.media === 'alt'
    sum += kind === 'described' ? Number(isDescribed) : record.xp
  }
  return sum
}

/** By the calendar's own names, which the program's numbers are read from. */
function periodOf(kind: BoardKind, { at }: ModelRecord): number {
  const date = new Date(Math.floor(at / DAY) * (DAY / 1000))
  const name = kind === 'week' ? isoWeek(date) : date.toISOString().slice(0, 7)
  return readPeriod(kind, name) ?? Number.NaN
}

/** ISO 8601: a week has its Thursday's year, and the number of Thursdays in that year so far. */
function isoWeek(date: Date): string {
  const thursday = new Date(date)
  thursday.setUTCDate(date.getUTCDate() + 3 - ((date.getUTCDay() + 6) % 7))
  const year = thursday.getUTCFullYear()
  const dayOfYear = (thursday.getTime() - Date.UTC(year, 0, 1)) / (DAY / 1000)
  return `${year}-W${String(1 + Math.floor(dayOfYear / 7)).padStart(2, '0')}`
}
