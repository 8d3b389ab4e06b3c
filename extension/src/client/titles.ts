/** Colours that titles have. */
const COLOURS = 10

export type Title = { level: number; title: string }

/** Which of the ten colours a level's title has, from 0, however many titles there are: as on the server's own pages. */
export function tierOf(level: number, titles: readonly Title[]): number {
  const index = Math.max(
    0,
    titles.findLastIndex((entry) => entry.level <= level),
  )
  return titles.length <= COLOURS ? index : Math.floor((index * (COLOURS - 1)) / (titles.length - 1))
}
