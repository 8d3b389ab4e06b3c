import { type Did, isHandle } from '@atcute/lexicons/syntax'
import type { Micros } from '../atproto/event.ts'
import type { PeopleSearch } from '../bluesky/people-search.ts'
import type { Character, Reader } from '../store/store.ts'
import type { HeavyReads } from './heavy-reads.ts'
import type { KnownNames } from './known-names.ts'

export type SuggestionsOptions = {
  reader: Reader
  names: KnownNames
  search: PeopleSearch
  heavy: HeavyReads
  /** Microseconds of a clock that never goes back. */
  monotonic: () => Micros
}

/** Somebody who may be meant: a character here, or a person on the network who is none. */
export type Suggestion =
  | { character: Character }
  | { character: undefined; did: Did; handle: string | undefined; displayName: string | undefined }

export const MAX_SUGGESTIONS = 8
/** The names of the board's people are read again after this long. */
const REFRESH_MICROS: Micros = 60_000_000
/** People of the board whose names are known from the start, and how many are read at a time. */
const FROM_BOARD = 1_000
const AT_ONCE = 100

/** Suggests people for what somebody has typed: characters first, then others on the network. */
export class Suggestions {
  readonly #options: SuggestionsOptions
  #refreshed = Number.NEGATIVE_INFINITY

  constructor(options: SuggestionsOptions) {
    this.#options = options
  }

  async for(text: string): Promise<Suggestion[]> {
    await this.#refresh()
    const [ours, elsewhere] = await Promise.all([this.#ours(text), this.#options.search(text)])
    const shown = new Set(ours.map(({ did }) => did))
    // Of those who ask not to be shown nothing is said, whatever the AppView says of them.
    const strangers = elsewhere.filter(({ did, optedOut }) => !optedOut && !shown.has(did))
    const characters = new Map(
      (await this.#options.reader.characters(strangers.map(({ did }) => did))).map((one) => [one.did, one]),
    )
    return [
      ...ours.map((character) => ({ character })),
      ...strangers.map(({ did, profile: { handle, displayName } }): Suggestion => {
        const character = characters.get(did)
        return character === undefined ? { character, did, handle, displayName } : { character }
      }),
    ].slice(0, MAX_SUGGESTIONS)
  }

  /** Characters whose name begins with `text`, and the one who has it as a handle. */
  async #ours(text: string): Promise<Character[]> {
    const { reader, names } = this.#options
    const named = names.beginningWith(text, MAX_SUGGESTIONS)
    const exact = isHandle(text) ? await reader.didOf(text) : undefined
    return reader.characters([...new Set(exact === undefined ? named : [exact, ...named])])
  }

  async #refresh(): Promise<void> {
    const { reader, names, heavy, monotonic } = this.#options
    if (monotonic() - this.#refreshed < REFRESH_MICROS) return
    this.#refreshed = monotonic()
    let cursor: string | undefined
    for (let read = 0; read < FROM_BOARD; read += AT_ONCE) {
      const at = cursor
      const page = await heavy.run(() => reader.board({ cursor: at, around: undefined, limit: AT_ONCE }))
      for (const { character } of page.items) names.note(character)
      cursor = page.cursor
      if (cursor === undefined) return
    }
  }
}
