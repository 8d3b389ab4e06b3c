// The parts on a page, as the settings have them.
import type { Settings } from '../settings.ts'
import { Badges } from './badges.ts'
import { celebrate } from './celebrations.ts'
import { Coach } from './coach.ts'
import { OwnAccount } from './own-account.ts'
import { Panels } from './panels.ts'
import { watch } from './watch.ts'

/** Starts the parts that are switched on. @returns ends them, and leaves the page as it was */
export function startParts(settings: Settings): () => void {
  if (settings.server === '') return () => {}
  const own = new OwnAccount()
  const badges = settings.badges ? new Badges() : undefined
  const onProfiles = settings.panel || settings.growth || settings.timeline
  const panels = onProfiles ? new Panels(settings, own) : undefined
  const coach = settings.coach ? new Coach(settings.server) : undefined
  const ends = [
    watch(document.body, {
      changed: (element) => badges?.scan(element),
      settled: () => {
        badges?.sweep()
        own.settled()
        panels?.settled()
        coach?.settled()
      },
    }),
    () => badges?.stop(),
    () => panels?.stop(),
    () => coach?.stop(),
  ]
  if (badges !== undefined && settings.celebrate) ends.push(celebrate(badges))
  return () => {
    for (const end of ends) end()
  }
}
