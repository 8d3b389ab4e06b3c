import type { Did } from '@atcute/lexicons/syntax'
import type { Micros } from '../atproto/event.ts'
import { broughtBy, isQuiet } from '../game/imports.ts'
import { leveling } from '../game/levels.ts'
import type { LedgerEvent } from '../game/state.ts'
import { iso } from '../game/time.ts'
import type { Reader } from '../store/store.ts'
import type { Presenter } from './present.ts'

/** Somebody has reached a level. */
export type LevelUp = {
  character: ReturnType<Presenter['character']>
  level: number
  levelsGained: number
  at: string
}

export type LevelUpsOptions = {
  reader: Pick<Reader, 'latest' | 'characters'>
  presenter: Presenter
  /** Microseconds of a clock that never goes back. */
  monotonic: () => Micros
}

/** Level-ups listed at most. */
export const MAX_LEVEL_UPS = 10
/** Events among which they are looked for: some milliseconds to read. About every fifth is a level-up. */
const EVENTS = 250
const MAX_AGE_MICROS: Micros = 2_000_000

/** The latest level-ups, each person's newest only. */
export class LevelUps {
  readonly #options: LevelUpsOptions
  #cached: { since: Micros; levelUps: Promise<LevelUp[]> } | undefined

  constructor(options: LevelUpsOptions) {
    this.#options = options
  }

  /** Newest first. */
  latest(): Promise<LevelUp[]> {
    const now = this.#options.monotonic()
    if (this.#cached !== undefined && now - this.#cached.since < MAX_AGE_MICROS) return this.#cached.levelUps
    const read = { since: now, levelUps: this.#read() }
    this.#cached = read
    read.levelUps.catch(() => {
      if (this.#cached === read) this.#cached = undefined
    })
    return read.levelUps
  }

  /** While everybody is moved to other rules, what they earn is far between. */
  async #news(): Promise<LedgerEvent[]> {
    const { reader } = this.#options
    const events = await reader.latest(EVENTS)
    const isMoving = events.some(({ cause }) => cause === 'recompute')
    return isMoving ? reader.latest(EVENTS * 20) : events
  }

  async #read(): Promise<LevelUp[]> {
    const { reader, presenter } = this.#options
    const found = new Map<Did, { level: number; levelsGained: number; at: string }>()
    for (const event of await this.#news()) {
      // An import is one level-up, however many records it has brought.
      if (event.cause === 'recompute' || isQuiet(event)) continue
      const { did, experience, delta, at } = event
      const { level, levelsGained } = leveling(experience, broughtBy(event)?.experience ?? delta)
      if (levelsGained > 0 && !found.has(did)) found.set(did, { level, levelsGained, at: iso(at) })
      if (found.size === MAX_LEVEL_UPS) break
    }
    const characters = new Map(
      (await reader.characters([...found.keys()])).map((character) => [character.did, character]),
    )
    return [...found].flatMap(([did, levelUp]) => {
      const character = characters.get(did)
      return character === undefined ? [] : [{ character: presenter.character(character), ...levelUp }]
    })
  }
}
