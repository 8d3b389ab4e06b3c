// New level-ups of people on screen, if the person wants to see them: the badge changes, and glows for a moment.
import { ask } from '../messages.ts'
import type { Badges } from './badges.ts'

const POLL_MS = 60_000
/** The first look waits until badges are there. */
const FIRST_MS = 3_000

/** Looks for level-ups while the page is visible. @returns ends it */
export function celebrate(badges: Badges): () => void {
  const look = async (): Promise<void> => {
    if (document.visibilityState !== 'visible') return
    const levelUps = await ask('levelUps', {})
    if (levelUps?.kind !== 'ok') return
    for (const { character } of levelUps.value) badges.celebrate(character)
  }
  const first = setTimeout(() => void look(), FIRST_MS)
  const timer = setInterval(() => void look(), POLL_MS)
  return () => {
    clearTimeout(first)
    clearInterval(timer)
  }
}
