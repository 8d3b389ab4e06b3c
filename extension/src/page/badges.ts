// Badges beside names: looked up when a name comes on screen, placed when it is known, removed with the name.
import type { Character } from '../client/character.ts'
import type { Found } from '../client/lookups.ts'
import { ask } from '../messages.ts'
import { badge, update } from './badge.ts'
import { type Name, namesIn } from './names.ts'
import { growing } from './running-text.ts'
import { Tooltip } from './tooltip.ts'

/** A name on the page. */
type Place = Name & {
  /** `undefined` as long as no character is known. */
  character: Character | undefined
  /** `undefined` also where running text has no room for it. */
  leaf: HTMLElement | undefined
}

/** What a place is to show. */
type Showing = { place: Place; character: Character }

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
    for (const name of namesIn(root)) {
      const { element, actor } = name
      const place = this.#places.get(element)
      if (place?.actor === actor) {
        place.text = name.text
        this.#restore(place)
      } else {
        if (place !== undefined) this.#forget(place)
        this.#places.set(element, { ...name, character: undefined, leaf: undefined })
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
      this.#showAll([{ place, character }])
      place.leaf?.classList.add('bsky-rpg-raised')
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
    const known: Showing[] = []
    for (const [n, actor] of actors.entries()) {
      const found = answers?.[n]
      for (const place of byActor.get(actor) ?? []) {
        // It may have become another's name meanwhile, or have gone.
        if (this.#places.get(place.element) !== place) continue
        if (found?.kind === 'known') known.push({ place, character: found.character })
        else if (found?.kind === 'unknown') this.#hide(place)
        this.#later.set(place, performance.now() + againMsOf(found))
      }
    }
    this.#showAll(known)
  }

  /** Shows them, but leaves badges out of running text that would need one more line for them: nothing on the page may move. */
  #showAll(all: readonly Showing[]): void {
    const connected = all.filter(({ place }) => place.element.isConnected)
    const inText = Map.groupBy(connected, ({ place }) => place.text)
    const texts = [...inText.keys()].filter((text) => text !== undefined)
    const grown = growing(texts, () => {
      for (const showing of connected) this.#show(showing)
    })
    for (const [text, isStillGrown] of grown) {
      for (const { place } of inText.get(text)?.toReversed() ?? []) if (isStillGrown()) this.#leaveOut(place)
    }
  }

  #show({ place, character }: Showing): void {
    place.character = character
    if (place.leaf === undefined) place.leaf = badge(character)
    else update(place.leaf, character)
    this.#restore(place)
  }

  #hide(place: Place): void {
    this.#leaveOut(place)
    place.character = undefined
  }

  #leaveOut(place: Place): void {
    place.leaf?.remove()
    place.leaf = undefined
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
