import assert from 'node:assert/strict'
import type { RecordId } from '../../src/atproto/uri.ts'
import { totalOf } from '../../src/game/days.ts'
import { isHidden, pathOf, type RecordState } from '../../src/game/state.ts'
import { nothingTouched } from '../../src/game/touched.ts'
import type { Finding } from '../../src/store/auditor.ts'
import type { Store } from '../../src/store/store.ts'
import { game } from '../game/arbitrary.ts'
import type { MemoryLedger } from '../memory-ledger.ts'
import { naiveCounts, naiveDays, type ReasonOf, sorted } from '../naive-days.ts'
import { FIRST } from './operations.ts'

function records(those: Iterable<[RecordId, RecordState]>) {
  return new Map([...those].map(([id, state]) => [pathOf(id), state]))
}

/** Asserts that a store without a writer answers like the naive ledger. */
export async function compare(
  store: Store,
  expected: MemoryLedger,
  excused: (finding: Finding) => boolean = () => false,
  rules = game.rules,
): Promise<void> {
  const { reader, auditor } = store
  const reasonOf: ReasonOf = (collection, facts) => rules.award(collection, facts).reason
  expected.assertBalanced(reasonOf)
  const { findings } = await auditor.audit(rules, () => {})
  assert.deepEqual(
    findings.filter((finding) => !excused(finding)),
    [],
  )
  await using writer = await store.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
  const everybody = new Set(expected.actors.keys())
  const known = await writer.load({ ...nothingTouched(), actors: everybody, whole: everybody })
  for (const did of everybody) {
    assert.deepEqual(records(known.records(did)), records(expected.records(did)))
    assert.deepEqual(known.granted(did), expected.granted(did))
    assert.deepEqual(known.days(did), expected.days(did))
  }
  for (const [
    did,
    { periods, running, earlier, status, statusTime, purgedTime, rev, floor },
  ] of expected.actors) {
    const loaded = known.actor(did)
    assert.deepEqual([loaded?.rev, loaded?.floor], [rev, floor])
    assert.deepEqual(loaded?.periods, periods)
    assert.deepEqual([loaded?.running, loaded?.earlier], [running, earlier])
    assert.deepEqual([loaded?.status, loaded?.purgedTime], [status, purgedTime])
    // Of strangers no "active" is kept, and a store may know somebody whom others have only named.
    if (status !== 'active') assert.equal(loaded?.statusTime, statusTime)
  }
  let shown = 0
  for (const [did, actor] of expected.actors) {
    const character = await reader.character(did)
    const page = await reader.events(did, { ...FIRST, limit: 1_000 })
    if (!actor.born || isHidden(actor)) {
      assert.deepEqual([character, page, await reader.days(did)], [undefined, undefined, undefined])
      assert.deepEqual(await Array.fromAsync(reader.records(did, 3)), [])
      continue
    }
    shown += 1
    const { experience, lastDelta, updatedAt } = actor
    assert.deepEqual(
      [character?.experience, character?.lastDelta, character?.updatedAt],
      [experience, lastDelta, updatedAt],
    )
    const live = expected.records(did).filter(([, { live }]) => live)
    assert.deepEqual(records((await Array.fromAsync(reader.records(did, 3))).flat()), records(live))
    const counts = [...actor.counts].filter(([, n]) => n > 0)
    assert.deepEqual([...(character?.counts ?? [])].sort(), counts.sort())
    assert.deepEqual(await reader.days(did), expected.allDays(did))
    assert.deepEqual(character?.tally, totalOf(actor))
    assert.deepEqual(page?.items, expected.events.filter((event) => event.did === did).reverse())
  }
  const { records: stored, ...status } = await reader.status()
  const { characters, events, experience, today } = status
  const sum = [...expected.actors.values()].reduce((total, actor) => total + actor.experience, 0)
  assert.deepEqual(
    { characters, records: stored, events, experience },
    { characters: shown, records: expected.stored.size, events: expected.events.length, experience: sum },
  )
  const days = [...expected.actors.keys()].flatMap((did) => naiveDays(expected.records(did), reasonOf))
  assert.ok(days.every(({ day }) => day <= today.day))
  const latest = days.filter(({ day }) => day === today.day)
  assert.deepEqual(sorted(today.counts), sorted(naiveCounts(latest)))
}
