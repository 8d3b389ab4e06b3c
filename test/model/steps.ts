import fc from 'fast-check'

/** The numbers of people and of records' keys in steps. */
export const PEOPLE = 6
export const KEYS = 6
/** The number of rulebooks by which a ledger is judged in turn. */
export const RULEBOOKS = 3

/** One thing that happens to a ledger; the numbers are given a meaning by `Play`. */
export type Step =
  | {
      kind: 'write'
      who: number
      collection: number
      key: number
      shows: number
      op: 'create' | 'update'
      rev: Rev
    }
  | { kind: 'remove'; who: number; collection: number; key: number; rev: Rev }
  | { kind: 'profile'; who: number; optsOut: boolean; rev: Rev }
  | { kind: 'identity'; who: number }
  | { kind: 'account'; who: number; status: number; sameTime: boolean }
  | { kind: 'sync'; who: number }
  | { kind: 'subjects' | 'profiles' | 'repositories'; limit: number; says: number }
  | { kind: 'forget' | 'unforget' | 'hide' | 'leave' | 'return' | 'look-up'; who: number }
  | { kind: 'import'; who: number; says: number; size: number; rev: Rev; since: number | undefined }
  | { kind: 'cancel-import'; who: number }
  | { kind: 'prune'; hours: number }
  | { kind: 'restart' }
  | { kind: 'recompute' }
  | { kind: 'change-rules'; by: number }
  | { kind: 'move-on'; steps: number; people: number; records: number }
  | { kind: 'follow'; who: number; followed: boolean }
  | { kind: 'replay'; from: number; pieces: number }
  | { kind: 'wait'; minutes: number }
  | { kind: 'compare' }

/** Whether a change is a commit of its own, belongs to the commit before, or comes late. */
export type Rev = 'own' | 'shared' | 'late'

const who = fc.nat({ max: PEOPLE - 1 })
const key = fc.nat({ max: KEYS - 1 })
const collection = fc.nat({ max: 3 })
const rev = fc.constantFrom<Rev>('own', 'own', 'own', 'own', 'shared', 'late')
const step = <K extends Step['kind']>(kind: K) => fc.constant(kind)

/** One step; the steps that are frequent on the network are frequent here. */
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      kind: step('write'),
      who,
      collection,
      key,
      shows: fc.nat({ max: 9 }),
      op: fc.constantFrom('create', 'create', 'create', 'update'),
      rev,
    }),
  },
  { weight: 10, arbitrary: fc.record({ kind: step('remove'), who, collection, key, rev }) },
  { weight: 5, arbitrary: fc.record({ kind: step('profile'), who, optsOut: fc.boolean(), rev }) },
  { weight: 2, arbitrary: fc.record({ kind: step('identity'), who }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: step('account'), who, status: fc.nat({ max: 5 }), sameTime: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: step('sync'), who }) },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom('subjects', 'profiles', 'profiles', 'repositories'),
      limit: fc.integer({ min: 1, max: 8 }),
      says: fc.nat({ max: 99 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('forget', 'unforget', 'unforget', 'look-up'), who }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('hide', 'leave', 'return', 'return'), who }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: step('import'),
      who,
      says: fc.nat({ max: 99 }),
      size: fc.nat({ max: 12 }),
      rev,
      /** Since how many minutes ago their repository is reconciled; `undefined`: all of it is imported. */
      since: fc.option(fc.nat({ max: 3_000 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: step('cancel-import'), who }) },
  { weight: 2, arbitrary: fc.record({ kind: step('prune'), hours: fc.nat({ max: 96 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: step('restart') }) },
  { weight: 1, arbitrary: fc.record({ kind: step('recompute') }) },
  { weight: 3, arbitrary: fc.record({ kind: step('change-rules'), by: fc.integer({ min: 1, max: 2 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: step('move-on'),
      steps: fc.integer({ min: 1, max: 6 }),
      people: fc.integer({ min: 1, max: 4 }),
      records: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: step('follow'), who, followed: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: step('replay'), from: fc.nat({ max: 99 }), pieces: fc.nat({ max: 9 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: step('wait'), minutes: fc.integer({ min: -3, max: 60 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: step('wait'), minutes: fc.integer({ min: 60, max: 6_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: step('compare') }) },
)

/** The history of one ledger: its steps, its first rules, and the size of its batches. */
export type Course = { steps: Step[]; batch: number; baseline: boolean; rules: number }

/** Anything that may happen, in any order. */
export const courses: fc.Arbitrary<Course> = fc.record({
  // Without `size`, lists stay far below their greatest length.
  steps: fc.array(anyStep, { maxLength: 120, size: 'max' }),
  batch: fc.integer({ min: 1, max: 12 }),
  baseline: fc.boolean(),
  rules: fc.nat({ max: RULEBOOKS - 1 }),
})
