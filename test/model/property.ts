import fc from 'fast-check'
import { type Place, Play } from './play.ts'
import { type Course, courses } from './steps.ts'

/** The property that a store equals the naive model after any steps in any order; each run has a place of its own. */
export function showsWhatTheModelHas(place: () => Promise<Place & AsyncDisposable>) {
  return fc.asyncProperty(courses, async ({ steps, batch, baseline, rules }: Course) => {
    await using here = await place()
    await using play = await Play.begin(here, { baseline, rules })
    await play.play(steps, batch)
  })
}
