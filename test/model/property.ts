import fc from 'fast-check'
import { type Place, Play } from './play.ts'
import { type Course, courses } from './steps.ts'

/** Cases that failed once. */
export const KEPT_COURSES: [Course][] = [
  // An event whose neighbours are old is pruned with them though it is from a time to come.
  [
    {
      steps: [
        { kind: 'write', who: 0, collection: 0, key: 0, shows: 0, op: 'create', rev: 'own' },
        { kind: 'wait', minutes: -1 },
        { kind: 'write', who: 0, collection: 0, key: 1, shows: 0, op: 'create', rev: 'own' },
        { kind: 'sync', who: 0 },
        { kind: 'repositories', limit: 1, says: 3 },
        { kind: 'prune', hours: 0 },
      ],
      batch: 1,
      baseline: false,
      rules: 0,
    },
  ],
]

/** The property that a store equals the naive model after any steps in any order; each run has a place of its own. */
export function showsWhatTheModelHas(place: () => Promise<Place & AsyncDisposable>) {
  return fc.asyncProperty(courses, async ({ steps, batch, baseline, rules }: Course) => {
    await using here = await place()
    await using play = await Play.begin(here, { baseline, rules })
    await play.play(steps, batch)
  })
}
