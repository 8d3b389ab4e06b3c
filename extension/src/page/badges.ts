// Badges beside names: looked up when a name comes on screen, placed when it is known, removed with the name.
import type { Character } from '../client/character.ts'
import type { Found } from '../client/lookups.ts'
import { ask } from '../messages.ts'
import { badge, update } from './badge.ts'
import { namesIn } from './names.ts'
import { Tooltip } from './tooltip.ts'

/** A name on the page. */
type Place = {
  element: Element
  actor: string
  /** `undefined` as long as no character is known. */
  character: Character | undefined
  leaf: HTMLElement | undefined
}

/** Names that come on screen together are asked for together. */
const GATHER_MS = 40
/** After so long a name that is on screen is looked up again: levels rise, and somebody who hides has to be gone. */
const REFRESH_MS = 120_000
/** After so long a name about which the background gave no answer is looked up again. */
const NO_ANSWER_MS = 5_000
/** Names in one message. */
const MAX_NAMES = 100

export class Badges {
  readonly #places = new Map<Element, Place>()
  readonly #seen = new Set<Place>()
  readonly #later = new Map<Place, number>()
  readonly #tooltip = new Tooltip((leaf) => this.#characterOf(leaf))
  readonly #screen: IntersectionObserver
  readonly #again: ReturnType<typeof setInterval>
  #gathering: ReturnType<typeof setTimeout> | undefined
  #over = false

  constructor() {
    this.#screen = new IntersectionObserver((entries) => this.#noteSeen(entries))
    this.#again = setInterval(() => this.#watchAgain(), 1_000)
  }

  /** Finds the names in `root`. */
  scan(root: Element): void {
    for (const { element, actor } of namesIn(root)) {
      const place = this.#places.get(element)
      if (place?.actor === actor) this.#restore(place)
      else {
        if (place !== undefined) this.#forget(place)
        const added: Place = { element, actor, character: undefined, leaf: undefined }
        this.#places.set(element, added)
        this.#screen.observe(element)
      }
    }
  }

  /** Drops the names that have left the page. */
  sweep(): void {
    for (const place of this.#places.values()) {
      if (!place.element.isConnected) this.#forget(place)
      else this.#restore(place)
    }
  }

  /** Shows a new level of somebody who is on the page. */
  celebrate(character: Character): void {
    for (const place of this.#places.values()) {
      if (place.character?.did !== character.did || place.leaf === undefined) continue
      if (place.character.level >= character.level) continue
      place.character = character
      update(place.leaf, character)
      place.leaf.classList.add('bsky-rpg-raised')
    }
  }

  stop(): void {
    this.#over = true
    this.#screen.disconnect()
    clearInterval(this.#again)
    clearTimeout(this.#gathering)
    this.#tooltip.stop()
    for (const place of this.#places.values()) place.leaf?.remove()
    this.#places.clear()
  }

  #characterOf(leaf: Element): Character | undefined {
    for (const place of this.#places.values()) if (place.leaf === leaf) return place.character
    return undefined
  }

  /** The app may have moved the name, or put something between. */
  #restore({ element, leaf }: Place): void {
    if (leaf !== undefined && leaf.previousElementSibling !== element) element.after(leaf)
  }

  #forget(place: Place): void {
    this.#screen.unobserve(place.element)
    place.leaf?.remove()
    this.#places.delete(place.element)
    this.#seen.delete(place)
    this.#later.delete(place)
  }

  #noteSeen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const place = isIntersecting ? this.#places.get(target) : undefined
      if (place === undefined) continue
      this.#screen.unobserve(target)
      this.#seen.add(place)
    }
    if (this.#seen.size > 0) this.#gathering ??= setTimeout(() => void this.#askForSeen(), GATHER_MS)
  }

  async #askForSeen(): Promise<void> {
    this.#gathering = undefined
    const byActor = Map.groupBy(this.#seen, ({ actor }) => actor)
    this.#seen.clear()
    const actors = [...byActor.keys()]
    for (let from = 0; from < actors.length; from += MAX_NAMES) {
      await this.#askFor(actors.slice(from, from + MAX_NAMES), byActor)
    }
  }

  async #askFor(actors: string[], byActor: ReadonlyMap<string, readonly Place[]>): Promise<void> {
    const answers = await ask('characters', { actors })
    if (this.#over) return
    for (const [n, actor] of actors.entries()) {
      const found = answers?.[n]
      for (const place of byActor.get(actor) ?? []) {
        // It may have become another's name meanwhile, or have gone.
        if (this.#places.get(place.element) !== place) continue
        if (found?.kind === 'known') this.#show(place, found.character)
        else if (found?.kind === 'unknown') this.#hide(place)
        this.#later.set(place, performance.now() + againMsOf(found))
      }
    }
  }

  #show(place: Place, character: Character): void {
    if (!place.element.isConnected) return
    place.character = character
    if (place.leaf === undefined) place.leaf = badge(character)
    else update(place.leaf, character)
    this.#restore(place)
  }

  #hide(place: Place): void {
    place.leaf?.remove()
    place.leaf = undefined
    place.character = undefined
  }

  /** Watches names again whose time has come. */
  #watchAgain(): void {
    const now = performance.now()
    for (const [place, at] of this.#later) {
      if (at > now) continue
      this.#later.delete(place)
      // It reports at once whether the name is on screen now.
      this.#screen.observe(place.element)
    }
  }
}

function againMsOf(found: Found | undefined): number {
  return found === undefined ? NO_ANSWER_MS : (found.retryMs ?? REFRESH_MS)
}
