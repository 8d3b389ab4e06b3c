import type { Game } from '../game/game.ts'
import type { StoreStatus } from '../store/store.ts'

/** What there is, and what the disk and the network will see, as far as can be told. */
export function describeStart({ perDay, characters, events }: StoreStatus, { followed }: Game): string {
  const held = `${characters} characters and ${events} events so far; following ${[...followed].join(', ')}`
  if (perDay === undefined) {
    return `${held}. The whole network brings 40 to 80 million events a day: some 5 to 8 GB on disk and 25 to 50 GB over the network, uncompressed. How much it is here is known after a few minutes: GET /v1/stats.`
  }
  const disk = perDay.diskBytes === undefined ? '' : `, ${sizeOf(perDay.diskBytes)} on disk`
  return `${held}. At the latest rate a day brings ${perDay.events} events${disk} and ${sizeOf(perDay.networkBytes)} over the network.`
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB']

/** With two or three digits that mean something. */
export function sizeOf(bytes: number): string {
  let size = bytes
  let unit = 0
  while (size >= 1_000 && unit + 1 < UNITS.length) {
    size /= 1_000
    unit += 1
  }
  return `${unit > 0 && size < 10 ? size.toFixed(1) : Math.round(size)} ${UNITS[unit]}`
}
