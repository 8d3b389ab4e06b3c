import assert from 'node:assert/strict'
import type { Did, StreamEvent } from '../../src/atproto/event.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import type { Simulator } from '../../src/simulator/simulator.ts'
import type { Finding, Store } from '../../src/store/store.ts'
import { experienceOf, model } from '../model.ts'

/**
 * The ledger is what a naive reading of everything that `simulator` has shown makes of it, and its books balance but for
 * what `excused` takes.
 */
export async function assertLedgerIsRight(
  store: Store,
  simulator: Simulator,
  excused: (finding: Finding) => boolean = () => false,
): Promise<void> {
  const { network, archive } = simulator
  const events = archive.entries.map(({ event }): StreamEvent => event)
  const expected = model(events, {
    subjectMedia: (uri) => network.subjectMedia(uri),
    repository: (did) => {
      const person = network.person(did as Did)
      return person === undefined || person.status === 'deleted' ? undefined : new Set(person.records.keys())
    },
  })
  const { findings } = await store.auditor.audit(() => {})
  assert.deepEqual(
    findings.filter((finding) => !excused(finding)),
    [],
  )
  await using writer = await store.write({ fingerprint: rulebook(NO_CHANGES).fingerprint, purpose: 'keep' })
  const dids = new Set([...expected.keys()] as Did[])
  const known = await writer.load({ actors: dids, records: [], whole: dids, grants: new Map() })
  const differences: string[] = []
  for (const [did, person] of expected) {
    const actor = known.actor(did as Did)
    const want = person.acted ? experienceOf(person) : 0
    const have = actor?.experience ?? 0
    if (want !== have)
      differences.push(`${did}: expected ${want} XP, found ${have}: ${recordsThatDiffer(did as Did)}`)
    if ((actor?.status ?? 'active') !== person.status) {
      differences.push(`${did}: expected to be ${person.status}, found ${actor?.status}`)
    }
  }
  assert.deepEqual(differences.slice(0, 5), [], `${differences.length} of ${expected.size} people differ`)
  assert.ok(expected.size > 50, 'enough people took part for the comparison to mean something')

  function recordsThatDiffer(did: Did): string {
    const held = new Map(
      [...known.records(did)].map(([id, state]) => [`${id.collection}/${id.rkey}`, state.xp]),
    )
    const wanted = expected.get(did)?.records ?? new Map()
    return [...new Set([...held.keys(), ...wanted.keys()])]
      .filter((path) => (held.get(path) ?? 0) !== (wanted.get(path)?.xp ?? 0))
      .map((path) => `${path} expected ${wanted.get(path)?.xp} found ${held.get(path)}`)
      .slice(0, 4)
      .join('; ')
  }
}
