import assert from 'node:assert/strict'
import type { Did } from '../../src/atproto/event.ts'
import { NO_PERIODS } from '../../src/game/periods.ts'
import type { LedgerEvent } from '../../src/game/state.ts'
import { nothingTouched } from '../../src/game/touched.ts'
import type { Reader, Store, Writer } from '../../src/store/store.ts'
import { rules } from '../game/arbitrary.ts'
import { naiveCounts } from '../naive-days.ts'
import { comparePeriodBoards } from './boards.ts'
import { isShown, type Model } from './model.ts'
import { countsOf, daysOf, experienceOf, type ModelPerson, periodsOf } from './person.ts'
import { readBoard, readTimeline } from './reading.ts'
import { compareTimeline } from './timeline.ts'

/** Asserts that everything that readers can see of the ledger equals the model, and that its sums agree. */
export async function assertSame(store: Store, model: Model): Promise<void> {
  const { findings } = await store.auditor.audit(rules, () => {})
  assert.deepEqual(findings, [], 'the books balance')
  const { reader } = store
  for (const person of model.people.values()) {
    const seen = await readTimeline(reader, person.did)
    if (isShown(person)) {
      await compareShown(reader, person, seen)
      continue
    }
    assert.equal(await reader.character(person.did), undefined, `${person.did} is hidden`)
    assert.equal(seen, undefined, `the timeline of ${person.did} is hidden`)
    assert.equal(await reader.days(person.did), undefined, `the days of ${person.did} are hidden`)
    const { handle } = person.profile ?? {}
    if (handle !== undefined) assert.equal(await reader.didOf(handle), undefined, `${handle} is hidden`)
  }
  await compareBoard(reader, model)
  await comparePeriodBoards(reader, model)
  await compareStatus(reader, model)
}

async function compareShown(
  reader: Reader,
  person: ModelPerson,
  seen: LedgerEvent[] | undefined,
): Promise<void> {
  const { did, profile, entries } = person
  const character = await reader.character(did)
  assert.ok(character !== undefined && seen !== undefined, `${did} is shown`)
  assert.equal(character.experience, experienceOf(person), `experience of ${did}`)
  assert.deepEqual(sorted(character.counts), sorted(countsOf(person)), `counts of ${did}`)
  assert.deepEqual(character.profile, profile, `profile of ${did}`)
  const days = daysOf(person)
  assert.deepEqual(await reader.days(did), days, `days of ${did}`)
  assert.deepEqual(sorted(character.tally), sorted(naiveCounts(days)), `records of ${did} by reason`)
  const latest = Math.max(...entries.map(({ at }) => at))
  assert.equal(character.updatedAt, latest, `when ${did} was last updated`)
  compareTimeline(seen, person)
  const [newest] = seen
  if (newest !== undefined) assert.equal(character.lastDelta, newest.delta, `last change of ${did}`)
  for (const type of new Set(entries.map(({ collection }) => collection))) {
    const some = await readTimeline(reader, did, type)
    assert.deepEqual(
      some,
      seen.filter(({ collection }) => collection === type),
      `${type} of ${did}`,
    )
  }
  if (profile?.handle !== undefined) assert.equal(await reader.didOf(profile.handle), did)
}

async function compareBoard(reader: Reader, { people }: Model): Promise<void> {
  const shown = [...people.values()].filter(isShown)
  const expected = new Map(shown.map((person) => [person.did, experienceOf(person)]))
  const board = await readBoard(reader)
  const dids = board.map(({ character }) => character.did)
  assert.deepEqual(
    [...dids].sort(),
    [...expected.keys()].sort(),
    'everybody who is shown is on the board, once',
  )
  for (const { rank, character } of board) {
    const better = [...expected.values()].filter((experience) => experience > character.experience).length
    assert.equal(rank, 1 + better, `rank of ${character.did}`)
    assert.equal(
      character.experience,
      expected.get(character.did),
      `experience of ${character.did} on the board`,
    )
  }
  assert.deepEqual(
    board.map(({ character }) => character.experience),
    [...expected.values()].sort((a, b) => b - a),
    'most first',
  )
  await compareAround(reader, dids)
  const many = await reader.characters([...people.keys()])
  assert.deepEqual(
    many.map(({ did }) => did),
    shown.map(({ did }) => did),
    'several at once',
  )
  const numbers = Map.groupBy(expected.values(), (experience) => experience)
  assert.deepEqual(
    (await reader.xpHistogram()).filter(({ characters }) => characters > 0),
    [...numbers]
      .map(([experience, { length }]) => ({ experience, characters: length }))
      .sort((a, b) => b.experience - a.experience),
    'how many hold how much',
  )
}

/** Asserts that a board around a person has them in the middle, or as near to it as the board's ends allow. */
async function compareAround(reader: Reader, board: readonly Did[]): Promise<void> {
  const limit = 3
  for (const [index, did] of board.entries()) {
    const { items } = await reader.board({ cursor: undefined, around: did, limit })
    const begin = Math.max(0, index - 1)
    assert.deepEqual(
      items.map(({ character }) => character.did),
      board.slice(begin, begin + limit),
      `around ${did}`,
    )
  }
}

async function compareStatus(reader: Reader, model: Model): Promise<void> {
  const people = [...model.people.values()]
  const status = await reader.status()
  const sum = (of: (person: ModelPerson) => number) => people.reduce((total, person) => total + of(person), 0)
  assert.deepEqual(
    { characters: status.characters, records: status.records, experience: status.experience },
    {
      characters: people.filter(isShown).length,
      records: sum(({ records }) => records.size),
      experience: sum(experienceOf),
    },
    'sums of the whole ledger',
  )
  const latest = people.flatMap(daysOf).filter(({ day }) => day === status.today.day)
  assert.deepEqual(sorted(status.today.counts), sorted(naiveCounts(latest)), 'the latest day of all')
  const most = sum(({ entries }) => entries.length)
  const [old, future] = (['old', 'future'] as const).map((why) =>
    sum(({ entries }) => entries.filter(({ expired }) => expired === why).length),
  ) as [number, number]
  // Each time, more that were old are pruned than from a time to come.
  const outnumbered = Math.min(future, Math.max(0, model.everOld - 1))
  assert.ok(
    status.events <= most && status.events >= most - old - outnumbered,
    `${status.events} of ${most} events are kept`,
  )
}

/** Compares everybody's XP of the current week and month, which the store has and no board shows yet. */
export async function comparePeriods(writer: Writer, { people }: Model): Promise<void> {
  const known = await writer.load({ ...nothingTouched(), actors: new Set(people.keys()) })
  for (const person of people.values()) {
    const { periods } = known.actor(person.did) ?? { periods: NO_PERIODS }
    assert.deepEqual(periods, periodsOf(person), `what ${person.did} has earned of late`)
  }
}

/** Earlier states by a character's version: the version must change whenever anything about the character does. */
export class Versions {
  readonly #seen = new Map<string, string>()

  async check(reader: Reader, dids: readonly Did[]): Promise<void> {
    for (const character of await reader.characters(dids)) {
      const { version, ...rest } = character
      const { counts, tally } = character
      const text = JSON.stringify({ ...rest, counts: sorted(counts), tally: sorted(tally) })
      const key = `${character.did} ${version}`
      assert.equal(
        this.#seen.get(key) ?? text,
        text,
        `version ${version} of ${character.did} means one thing`,
      )
      this.#seen.set(key, text)
    }
  }
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].filter(([, n]) => n > 0).sort(([a], [b]) => (a < b ? -1 : 1))
}
