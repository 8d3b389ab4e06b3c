import { levelOf } from '../game/levels.ts'
import type { Mover, Preview } from '../ingest/preview.ts'
import type { Reader } from '../store/store.ts'

const NUMBER = new Intl.NumberFormat('en-US')
const WIDTH = 24

/** The lines that `recompute --dry-run` prints. */
export async function rulesReport(found: Preview, reader: Pick<Reader, 'characters'>): Promise<string[]> {
  const { people, classes, levels, titles, experience, up, down, read } = found
  const same = classes.find(({ from }) => from === 0)?.people ?? 0
  const names = await namesOf([...up, ...down], reader)
  return [
    `${n(people)} people, ${n(people - same)} of whom would have other XP${read === 0 ? '' : ` (for caps the records of ${n(read)} were read)`}`,
    `all XP together: ${n(experience.before)}, then ${n(experience.after)}`,
    'XP gained or lost, and by how many people:',
    ...classes.map(({ from, people }) => `  ${className(from).padEnd(WIDTH)}${n(people)}`),
    `levels: ${n(levels.up)} up, by ${levels.most} at most; ${n(levels.down)} down, by ${0 - levels.least} at most`,
    titles.size === 0
      ? 'titles: nobody would have another one'
      : 'titles: how many would have another one, by that title',
    ...[...titles].map(([title, people]) => `  ${title.padEnd(WIDTH)}${n(people)}`),
    ...movers('up most:', up, names),
    ...movers('down most:', down, names),
  ]
}

function movers(heading: string, list: readonly Mover[], names: ReadonlyMap<string, string>): string[] {
  if (list.length === 0) return []
  const lines = list.map(({ did, before, after }) => {
    const levels = [before, after].map((xp) => levelOf(xp))
    return `  ${names.get(did) ?? did}: ${n(before)}, then ${n(after)} (${signed(after - before)}), level ${levels[0]}, then ${levels[1]}`
  })
  return [heading, ...lines]
}

async function namesOf(
  list: readonly Mover[],
  reader: Pick<Reader, 'characters'>,
): Promise<Map<string, string>> {
  const characters = await reader.characters(list.map(({ did }) => did))
  return new Map(
    characters.map(({ did, profile }) => [
      did,
      profile?.handle === undefined ? did : `@${profile.handle} (${did})`,
    ]),
  )
}

function className(from: number): string {
  if (from === 0) return 'as before'
  const most = Math.abs(from) * 10 - 1
  const isLast = Math.abs(from) === 10_000
  const range = isLast ? `${n(Math.abs(from))} or more` : `${n(Math.abs(from))} to ${n(most)}`
  return `${from < 0 ? 'loses' : 'gains'} ${range}`
}

function n(count: number): string {
  return NUMBER.format(count)
}

function signed(gain: number): string {
  return `${gain > 0 ? '+' : ''}${n(gain)}`
}
