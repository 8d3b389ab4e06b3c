import type { Micros } from '../../src/atproto/event.ts'
import type { LedgerEvent } from '../../src/game/state.ts'
import type { Store } from '../../src/store/store.ts'
import { isShown, type Model } from './model.ts'
import { countsOf, experienceOf, type ModelPerson } from './person.ts'
import { readTimeline } from './reading.ts'

/** A server whose clock is behind takes the time of an event for that of its neighbour; so far they may lie apart. */
const REDATED: Micros = 60_000_000

/** Of somebody who is nobody's business here: made up by the simulator to be a nuisance. */
export type IsStranger = (did: string) => boolean

/**
 * Where what is seen of a ledger that listened to a live network is not what the model has. When the network answered is
 * chance, and so is in which order; what came of it is not.
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
    if (have === want)
      found.push(...timelineDifferences((await readTimeline(store.reader, did)) ?? [], person, model))
  }
  if (found.length === 0) found.push(...(await boardDifferences(store, model, isStranger)))
  return found
}

/** Each record accounts for what it is worth, and everything that was made and is not too old is there. */
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
  const held = [...people.values()].filter(isShown).map((person) => experienceOf(person))
  held.sort((a, b) => b - a)
  const { items } = await reader.board({ cursor: undefined, around: undefined, limit: 100 })
  const board = items
    .filter(({ character }) => !isStranger(character.did))
    .map(({ character }) => character.experience)
  const same = board.every((experience, index) => experience === held[index])
  return same ? [] : [`the board begins ${board.slice(0, 5)}, not ${held.slice(0, 5)}`]
}
