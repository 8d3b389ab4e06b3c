// What `verify` finds of versions of the rules that somebody has tampered with.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Did } from '../../../src/atproto/event.ts'
import {
  ENTRIES_AMISS,
  RECORDS_AMISS,
  VERSION_AHEAD,
  VERSION_UNKNOWN,
} from '../../../src/store/version-audit.ts'
import { generous, moveSteps } from '../../conformance/half-moved.ts'
import { game, POST, person } from '../../game/arbitrary.ts'
import { MemoryCluster } from './memory-cluster.ts'
import { openOn } from './memory-store.ts'

const ENTRY = 'UPDATE events SET rules = ? WHERE did = ? AND bucket = ? AND seq = ?'
const ENTRY_BY_TYPE =
  'UPDATE events_by_type SET rules = ? WHERE did = ? AND type = ? AND bucket = ? AND seq = ?'
const PERSON = 'UPDATE characters SET rules = ? WHERE did = ?'

type Tampering = (people: { moved: Did; unmoved: Did }) => [cql: string, params: unknown[]]

/** What the audit finds after `steps` of a move, and again once somebody has tampered with the tables. */
async function found(steps: number, tampering: Tampering): Promise<unknown[][]> {
  const cluster = new MemoryCluster()
  await using store = await openOn(cluster)
  const [moved = assert.fail('nobody was moved'), ...others] = await moveSteps(store, steps)
  const unmoved = [0, 1, 2, 3].map(person).find((did) => did !== moved && !others.includes(did)) ?? moved
  const findings = async () => {
    const { findings } = await store.auditor.audit(generous, () => {})
    return findings.map(({ did, what, actual }) => [did === moved ? 'moved' : 'unmoved', what, actual])
  }
  assert.deepEqual(await findings(), [])
  await cluster.execute(...tampering({ moved, unmoved }))
  return await findings()
}

test('an entry of a version that does not exist is found, in both tables', async () => {
  assert.deepEqual(await found(6, ({ moved }) => [ENTRY, [3, moved, 0, 1]]), [['moved', VERSION_UNKNOWN, 1]])
  assert.deepEqual(await found(6, ({ moved }) => [ENTRY_BY_TYPE, [3, moved, POST, 0, 1]]), [
    ['moved', VERSION_UNKNOWN, 1],
  ])
})

test('an entry of a later version than the person has been moved to is found', async () => {
  assert.deepEqual(await found(2, ({ unmoved }) => [ENTRY, [2, unmoved, 0, 1]]), [
    ['unmoved', VERSION_AHEAD, 1],
  ])
})

test('an entry of a version that awards something else is found', async () => {
  assert.deepEqual(await found(6, ({ moved }) => [ENTRY, [2, moved, 0, 1]]), [['moved', ENTRIES_AMISS, 1]])
})

test('a person who counts by another version than their row or shard says is found', async () => {
  assert.deepEqual(await found(2, ({ unmoved }) => [PERSON, [2, unmoved]]), [['unmoved', RECORDS_AMISS, 2]])
  // Nothing would move them again that is said to be of the newest version, so their entries are ahead of them, too.
  assert.deepEqual(await found(2, ({ moved }) => [PERSON, [1, moved]]), [
    ['moved', RECORDS_AMISS, 2],
    ['moved', VERSION_AHEAD, 4],
  ])
})

test('rules that are not those that awarded the people of a version are found', async () => {
  const fingerprint = generous.fingerprint.replace('"post.text",80', '"post.text",90')
  const versions = JSON.stringify([{ fingerprint: game.rules.fingerprint }, { fingerprint }])
  const all = await found(6, () => ["UPDATE meta SET value = ? WHERE name = 'rule versions'", [versions]])
  assert.deepEqual(
    all.filter(([who]) => who === 'moved'),
    [
      ['moved', RECORDS_AMISS, 2],
      ['moved', ENTRIES_AMISS, 2],
    ],
  )
  assert.equal(all.length, 8)
})
