/** The title of characters from `level` up to the next title's level. */
export type Title = { level: number; title: string }

export const builtInTitles: readonly Title[] = [
  { level: 1, title: 'Wanderer' },
  { level: 5, title: 'Apprentice' },
  { level: 10, title: 'Scribe' },
  { level: 25, title: 'Herald' },
  { level: 50, title: 'Bard' },
  { level: 100, title: 'Loremaster' },
  { level: 250, title: 'Sage' },
  { level: 500, title: 'Luminary' },
  { level: 1000, title: 'Legend' },
  { level: 5000, title: 'Myth' },
]

/** The title at `level`, from the highest entry not above it. `titles` must ascend and begin at level 1. */
export function titleAt(titles: readonly Title[], level: number): string {
  const found = titles.findLast((entry) => entry.level <= level)
  if (found === undefined)
    throw new RangeError(`no title for level ${level}: titles have to begin at level 1`)
  return found.title
}
