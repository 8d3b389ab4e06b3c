import { inspect, isDeepStrictEqual } from 'node:util'
import type { Micros } from '../../src/atproto/event.ts'
import type { LedgerEvent } from '../../src/game/state.ts'
import type { Store } from '../../src/store/store.ts'
import { isShown, type Model } from './model.ts'
import { countsOf, DAY, daysOf, experienceOf, type ModelPerson } from './person.ts'
import { readTimeline } from './reading.ts'

/** How far an event's time may be from the model's: a server whose clock is behind gives an event its neighbour's time. */
const REDATED: Micros = 60_000_000

/** Whether to ignore this person, whom the simulator made up for hostile frames. */
export type IsStranger = (did: string) => boolean

/**
 * The differences between a ledger that followed a live network, as readers see it, and the model. It does not compare when
 * and in which order the network answered, which is chance; it compares the results.
 */
export async function differences(store: Store, model: Model, isStranger: IsStranger): Promise<string[]> {
  const found: string[] = []
  for (const person of model.people.values()) {
    const { did } = person
    const character = await store.reader.character(did)
    const shown = isShown(person)
    if ((character !== undefined) !== shown) {
      found.push(`${did} is ${shown ? 'hidden' : 'shown'}`)
      continue
    }
    if (character === undefined) continue
    const [have, want] = [character.experience, experienceOf(person)]
    if (have !== want) found.push(`${did} has ${have} XP where the model has ${want}`)
    const counts = [...countsOf(person)].filter(([name, n]) => (character.counts.get(name) ?? 0) !== n)
    for (const [name, n] of counts) found.push(`${did} has ${character.counts.get(name)} ${name}, not ${n}`)
    const [days, expected] = [await store.reader.days(did), daysOf(person)]
    // A record whose event was dated anew may count on the day beside.
    const isNearMidnight = person.records.values().some(({ at }) => (at + REDATED) % DAY < 2 * REDATED)
    if (!isNearMidnight && !isDeepStrictEqual(days, expected))
      found.push(`${did} has days ${inspect(days)} where the model has ${inspect(expected)}`)
    if (have === want)
      found.push(...timelineDifferences((await readTimeline(store.reader, did)) ?? [], person, model))
  }
  if (found.length === 0) found.push(...(await boardDifferences(store, model, isStranger)))
  return found
}

/** Checks that the events of each record add up to its XP, and that no creation is missing that is young enough to be kept. */
function timelineDifferences(
  timeline: readonly LedgerEvent[],
  { did, entries, records }: ModelPerson,
  { prunedBefore }: Model,
): string[] {
  const sums = new Map<string, number>()
  const made = new Map<string, Micros>()
  for (const { collection, rkey, delta, cause, at } of timeline) {
    const path = `${collection}/${rkey}`
    sums.set(path, (sums.get(path) ?? 0) + delta)
    if (cause === 'create') made.set(path, at)
  }
  const found: string[] = []
  for (const { collection, rkey, cause, at } of entries) {
    const path = `${collection}/${rkey}`
    if (cause !== 'create' || at < prunedBefore) continue
    const seen = made.get(path)
    if (seen === undefined) found.push(`${did} is missing that ${path} was made`)
    else if (Math.abs(seen - at) > REDATED) found.push(`${path} of ${did} was made at ${seen}, not ${at}`)
    const xp = records.get(path)?.xp ?? 0
    if (sums.get(path) !== xp) found.push(`${path} of ${did} accounts for ${sums.get(path)} XP, not ${xp}`)
  }
  const known = new Set(entries.map(({ collection, rkey }) => `${collection}/${rkey}`))
  for (const path of made.keys()) if (!known.has(path)) found.push(`${did} has an event too many: ${path}`)
  return found
}

async function boardDifferences(
  { reader }: Store,
  { people }: Model,
  isStranger: IsStranger,
): Promise<string[]> {
  const expected = [...people.values()].filter(isShown).map((person) => experienceOf(person))
  expected.sort((a, b) => b - a)
  const { items } = await reader.board({ cursor: undefined, around: undefined, limit: 100 })
  const board = items
    .filter(({ character }) => !isStranger(character.did))
    .map(({ character }) => character.experience)
  const same = board.every((experience, index) => experience === expected[index])
  return same ? [] : [`the board begins ${board.slice(0, 5)}, not ${expected.slice(0, 5)}`]
}
