import type { Course, Step } from './steps.ts'

/** Courses that failed once, to be tried first each time. */
export const KEPT_COURSES: [Course][] = [
  // An event whose neighbours are old is pruned with them though it is from a time to come.
  course(
    { kind: 'write', who: 0, collection: 0, key: 0, shows: 0, op: 'create', rev: 'own' },
    { kind: 'wait', minutes: -1 },
    { kind: 'write', who: 0, collection: 0, key: 1, shows: 0, op: 'create', rev: 'own' },
    { kind: 'sync', who: 0 },
    { kind: 'repositories', limit: 1, says: 3 },
    { kind: 'prune', hours: 0 },
  ),
  // Somebody whom others name, and who has done nothing, is active, and was away by an older event that comes later.
  course(
    { kind: 'write', who: 1, collection: 2, key: 5, shows: 7, op: 'create', rev: 'own' },
    { kind: 'account', who: 0, status: 0, sameTime: false },
    { kind: 'wait', minutes: -1 },
    { kind: 'account', who: 0, status: 3, sameTime: false },
    { kind: 'import', who: 0, says: 0, size: 0, rev: 'own', since: undefined },
  ),
  // A fetched repository has brought what the stream brings later; the account is deleted, and all of it is sent again.
  course(
    { kind: 'write', who: 4, collection: 0, key: 0, shows: 0, op: 'create', rev: 'own' },
    { kind: 'import', who: 4, says: 0, size: 0, rev: 'own', since: 1 },
    { kind: 'write', who: 4, collection: 0, key: 1, shows: 0, op: 'create', rev: 'late' },
    { kind: 'account', who: 4, status: 5, sameTime: false },
    { kind: 'replay', from: 0, pieces: 0 },
  ),
  // Somebody gives a handle up, and another is said to have it by a clock that was set back.
  course(
    { kind: 'write', who: 0, collection: 0, key: 0, shows: 0, op: 'create', rev: 'own' },
    { kind: 'profiles', limit: 1, says: 29 },
    { kind: 'look-up', who: 0 },
    { kind: 'profiles', limit: 1, says: 96 },
    { kind: 'wait', minutes: -1 },
    { kind: 'write', who: 4, collection: 0, key: 4, shows: 3, op: 'create', rev: 'own' },
    { kind: 'profiles', limit: 5, says: 29 },
  ),
  // A step of a move changes as many records as it may, all of its day, and an update follows before the next step.
  course(
    { kind: 'write', who: 4, collection: 1, key: 0, shows: 0, op: 'create', rev: 'own' },
    { kind: 'write', who: 4, collection: 0, key: 0, shows: 0, op: 'create', rev: 'own' },
    { kind: 'write', who: 4, collection: 0, key: 1, shows: 0, op: 'create', rev: 'own' },
    { kind: 'write', who: 4, collection: 0, key: 2, shows: 0, op: 'create', rev: 'own' },
    { kind: 'change-rules', by: 1 },
    { kind: 'move-on', steps: 2, people: 1, records: 3 },
    { kind: 'write', who: 4, collection: 0, key: 1, shows: 0, op: 'create', rev: 'own' },
  ),
]

/** `steps` by the first rules, each folded by itself. */
function course(...steps: Step[]): [Course] {
  return [{ steps, batch: 1, baseline: false, rules: 0 }]
}
