import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unknownActor } from '../../../src/game/state.ts'
import { characterMutation, nobody, readStoredCharacter } from '../../../src/store/cql/rows/character-row.ts'
import { completed } from '../../../src/store/cql/rows/mutations.ts'
import { visibilityOf } from '../../../src/store/visibility.ts'
import { person } from '../../game/arbitrary.ts'

test('a batch that an older program kept in the journal is written with the columns that came later', () => {
  const now = characterMutation(nobody(person(0)), 7)
  const then = now.slice(0, -1) as typeof now
  assert.deepEqual(completed(then), [...then, null])
  assert.deepEqual(completed(now), now)
  assert.deepEqual(completed(['dropBoard', 1, 'x']), ['dropBoard', 1, 'x'])
})

test('who was deleted before that time was kept has been purged by that deletion', () => {
  const did = person(0)
  const row = (status: 'deleted' | 'active') => ({
    did,
    standing: visibilityOf({ ...unknownActor(did), status }),
    status_time: 5,
  })
  assert.equal(readStoredCharacter(row('deleted')).state.purgedTime, 5)
  assert.equal(readStoredCharacter(row('active')).state.purgedTime, undefined)
  assert.equal(readStoredCharacter({ ...row('active'), purged_time: 3 }).state.purgedTime, 3)
})
