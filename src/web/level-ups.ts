// A level-up as a line. `assets/live.js` makes the same lines of events as they happen.
import type { Rulebook } from '../game/rulebook.ts'
import { ago, count, isolated } from './format.ts'
import { type Html, html } from './html.ts'
import { face, nameOf, sheetAddress, tierOf } from './person.ts'
import type { ShownCharacter } from './shown.ts'

/** Somebody has reached `level` at an ISO time. */
export type LevelUp = { character: ShownCharacter; level: number; levelsGained: number; at: string }

export function levelUpItem(
  { character, level, levelsGained, at }: LevelUp,
  { rules, now }: { rules: Rulebook; now: string },
): Html {
  return html`<li>${face(character, tierOf(level, rules.titles))}<span><a href="${sheetAddress(character)}">${isolated(nameOf(character))}</a>
reached level ${count(level)}${newTitle(level, levelsGained, rules)}</span>
<small class="soft num nowrap"><time datetime="${at}">${ago(Date.parse(now) - Date.parse(at))}</time></small></li>`
}

function newTitle(level: number, gained: number, rules: Rulebook): string {
  const title = rules.title(level)
  return title === rules.title(Math.max(1, level - gained)) ? '' : ` and is a ${title} now`
}
