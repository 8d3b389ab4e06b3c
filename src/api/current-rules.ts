import { rulebookOf } from '../game/rule-versions.ts'
import type { Rulebook } from '../game/rulebook.ts'
import type { RulesState } from '../store/rules.ts'

/** A ledger of which nothing is known yet. */
const UNKNOWN: RulesState = { versions: [], isHalfRecomputed: false, move: undefined, wanted: undefined }

/**
 * The rules by which the ledger counts, as a rulebook that changes when they do. Before the ledger has any, and where this
 * program has no such rules, they are those of the settings.
 */
export class CurrentRules implements Rulebook {
  readonly #settings: Rulebook
  #rules: Rulebook
  #mark: string
  #state = UNKNOWN

  constructor(settings: Rulebook) {
    this.#settings = settings
    this.#rules = settings
    this.#mark = markOf(settings)
  }

  /** Takes over what the ledger says. @returns whether the rules or titles have changed */
  update(state: RulesState): boolean {
    const before = this.#mark
    this.#state = state
    this.#rules = this.#rulesOf(state)
    this.#mark = markOf(this.#rules)
    return this.#mark !== before
  }

  get state(): RulesState {
    return this.#state
  }

  /** Differs whenever the awards or the titles do. */
  get mark(): string {
    return this.#mark
  }

  get version(): number {
    return this.#rules.version
  }

  get collections() {
    return this.#rules.collections
  }

  get kinds() {
    return this.#rules.kinds
  }

  get points() {
    return this.#rules.points
  }

  get collectionOf() {
    return this.#rules.collectionOf
  }

  get words() {
    return this.#rules.words
  }

  get caps() {
    return this.#rules.caps
  }

  get titles() {
    return this.#rules.titles
  }

  get fingerprint(): string {
    return this.#rules.fingerprint
  }

  assess(...args: Parameters<Rulebook['assess']>): ReturnType<Rulebook['assess']> {
    return this.#rules.assess(...args)
  }

  award(...args: Parameters<Rulebook['award']>): ReturnType<Rulebook['award']> {
    return this.#rules.award(...args)
  }

  title(level: number): string {
    return this.#rules.title(level)
  }

  #rulesOf({ versions }: RulesState): Rulebook {
    const settings = this.#settings
    const newest = versions.at(-1)
    if (newest === undefined) return settings
    const titles = newest.titles ?? settings.titles
    return rulebookOf({ ...newest, titles }) ?? { ...settings, version: newest.version }
  }
}

/** A text that is another one for every other rulebook, titles included. */
function markOf({ version, fingerprint, titles }: Rulebook): string {
  return JSON.stringify([version, fingerprint, titles])
}
