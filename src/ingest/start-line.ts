import type { Game } from '../game/game.ts'
import type { StoreStatus } from '../store/status.ts'

/**
 * The log line at the start: the ledger's size, and the load on disk and network to expect.
 * @param status `undefined` where it could not be read
 */
export function describeStart(status: StoreStatus | undefined, { followed }: Game): string {
  if (status === undefined)
    return `following ${[...followed].join(', ')}; the ledger's size could not be read.`
  const { perDay, characters, events } = status
  const size = `${characters} characters and ${events} events so far; following ${[...followed].join(', ')}`
  if (perDay === undefined) {
    return `${size}. The whole network brings 40 to 80 million events a day: some 5 to 8 GB on disk and 25 to 50 GB over the network, uncompressed. After a few minutes GET /v1/stats gives the rates of this ledger.`
  }
  const disk = perDay.diskBytes === undefined ? '' : `, ${sizeOf(perDay.diskBytes)} on disk`
  return `${size}. At the latest rate a day brings ${perDay.events} events${disk} and ${sizeOf(perDay.networkBytes)} over the network.`
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB']

/** `bytes` in words, with two or three significant digits: `1.5 GB`. */
export function sizeOf(bytes: number): string {
  let size = bytes
  let unit = 0
  while (size >= 1_000 && unit + 1 < UNITS.length) {
    size /= 1_000
    unit += 1
  }
  return `${unit > 0 && size < 10 ? size.toFixed(1) : Math.round(size)} ${UNITS[unit]}`
}
