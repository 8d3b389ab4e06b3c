import type { Did } from '@atcute/lexicons/syntax'
import { GenerationalCache } from '../store/generational-cache.ts'
import type { Character } from '../store/store.ts'

/** People whose names are remembered; some 5 MB. */
const MAX_KNOWN = 20_000

type Names = {
  handle: string | undefined
  displayName: string | undefined
  experience: number
  /** What they may be found by, in small letters. */
  texts: readonly string[]
}

/** The names of people who were shown lately, to be found by how they begin. No store has an index for that. */
export class KnownNames {
  readonly #known: GenerationalCache<Did, Names>

  constructor(max: number = MAX_KNOWN) {
    this.#known = new GenerationalCache(max)
  }

  note({ did, profile, experience }: Pick<Character, 'did' | 'profile' | 'experience'>): void {
    const known = this.#known.get(did)
    const [handle, displayName] = [profile?.handle, profile?.displayName]
    if (known?.handle === handle && known?.displayName === displayName) {
      if (known !== undefined) known.experience = experience
      return
    }
    const texts = [handle, ...wordsOf(displayName)].filter((text) => text !== undefined)
    this.#known.set(did, { handle, displayName, experience, texts })
  }

  /** At most `limit` people with a name that begins with `text`, most experienced first. They may have been hidden since. */
  beginningWith(text: string, limit: number): Did[] {
    const begin = text.toLowerCase()
    const found: { did: Did; experience: number }[] = []
    for (const [did, { experience, texts }] of this.#known) {
      if (texts.some((one) => one.startsWith(begin))) found.push({ did, experience })
    }
    return found
      .sort((a, b) => b.experience - a.experience)
      .slice(0, limit)
      .map(({ did }) => did)
  }
}

/** A display name, and the same from its second word on, and so forth: people are found by any of their names. */
function wordsOf(name: string | undefined): string[] {
  if (name === undefined) return []
  const words = name.toLowerCase().split(/\s+/).slice(0, 5)
  return words.map((_, index) => words.slice(index).join(' '))
}
