import assert from 'node:assert/strict'
import type { LedgerEvent } from '../../src/game/state.ts'
import type { ModelEntry, ModelPerson } from './person.ts'

/**
 * Asserts that a timeline as it is `seen`, newest first, is the model's. The oldest entries may have been pruned, and
 * stores may differ in the order of entries that one operation made for several records.
 */
export function compareTimeline(seen: readonly LedgerEvent[], { did, entries }: ModelPerson): void {
  const oldestFirst = seen.toReversed()
  const missing = entries.length - seen.length
  assert.ok(missing >= 0, `${did} has ${seen.length} events where ${entries.length} happened`)
  for (const [index, group] of groups(entries)) {
    const left = oldestFirst.slice(Math.max(0, index - missing), Math.max(0, index - missing + group.length))
    const gone = Math.min(group.length, Math.max(0, missing - index))
    if (gone > 0) {
      assert.ok(
        group.every(({ expired }) => expired !== undefined),
        `an event of ${did} is gone that is young: ${JSON.stringify(group[0])}`,
      )
    }
    const kept = left.slice(0, group.length - gone)
    if (gone === 0) {
      assert.deepEqual(kept.map(plain).sort(byText), group.map(plain).sort(byText), `events of ${did}`)
    }
  }
  compareSums(oldestFirst, entries, did)
}

/** Asserts that every entry has the person's XP after it. */
function compareSums(oldestFirst: readonly LedgerEvent[], entries: readonly ModelEntry[], did: string): void {
  const [first] = oldestFirst
  let sum = first === undefined ? 0 : first.experience - first.delta
  if (oldestFirst.length === entries.length) assert.equal(sum, 0, `what ${did} began with`)
  for (const { experience, delta } of oldestFirst) {
    sum += delta
    assert.equal(experience, sum, `the sum beside an event of ${did}`)
  }
  if (first !== undefined) assert.equal(sum, entries.at(-1)?.experience, `the sum of ${did}`)
}

/** The entries, grouped by operation, each group with the place of its first. */
function* groups(entries: readonly ModelEntry[]): Generator<[number, ModelEntry[]]> {
  for (let from = 0; from < entries.length; ) {
    let to = from
    while (entries[to]?.group === entries[from]?.group && to < entries.length) to += 1
    yield [from, entries.slice(from, to)]
    from = to
  }
}

/** An entry without the parts that depend on the order within its group. */
function plain({ collection, rkey, at, cause, reason, delta, did, rules }: LedgerEvent) {
  return { did, collection, rkey, at, cause, reason, delta, rules }
}

function byText(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}
