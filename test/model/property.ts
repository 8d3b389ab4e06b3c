import fc from 'fast-check'
import { type Place, Play } from './play.ts'
import { type Course, courses } from './steps.ts'

/** Whatever happens, in whatever order, a store shows what the naive model has; each run has a place of its own. */
export function showsWhatTheModelHas(place: () => Promise<Place & AsyncDisposable>) {
  return fc.asyncProperty(courses, async ({ steps, batch, baseline, rules }: Course) => {
    await using here = await place()
    await using play = await Play.begin(here, { baseline, rules })
    await play.play(steps, batch)
  })
}
