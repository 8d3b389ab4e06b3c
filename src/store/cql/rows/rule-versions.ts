// The versions of a ledger's rules, in the table `meta`: a list that only grows, and what a process has left for the workers.
import type { Micros } from '../../../atproto/event.ts'
import type { Title } from '../../../game/titles.ts'
import { isSettled, RECOMPUTING } from '../../bound-rules.ts'
import type { RulesState, RulesVersion, WantedRules } from '../../rules.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'
import type { Meta } from './meta.ts'

/** By which rules all is awarded, as programs before the list stored it; `RECOMPUTING` while a recompute runs alone. */
const RULES = 'rules'
const VERSIONS = 'rule versions'
const WANTED = 'wanted rules'
const PLACES = 'SELECT shard, settled, moved, characters, introductions FROM books'

/** `at` of those to which people were moved, and not of those that a recompute bound while it ran alone. */
type Listed = { fingerprint: string; titles?: readonly Title[]; at?: Micros }

export class RuleVersions {
  readonly #meta: Meta
  readonly #session: Session

  constructor(meta: Meta, session: Session) {
    this.#meta = meta
    this.#session = session
  }

  async state(): Promise<RulesState> {
    const [bound, list, left] = await Promise.all([
      this.#meta.get(RULES),
      this.#meta.get(VERSIONS),
      this.#meta.get(WANTED),
    ])
    const versions = versionsOf(list, bound)
    const wanted = left ? (JSON.parse(left) as Listed) : undefined
    return {
      versions,
      isHalfRecomputed: bound === RECOMPUTING,
      move: await this.#move(versions.length),
      wanted: wanted && { fingerprint: wanted.fingerprint, titles: wanted.titles },
    }
  }

  /** Begins the list of a new ledger, or of one from before there was a list. */
  async begin({ fingerprint, titles }: WantedRules): Promise<void> {
    await this.#meta.setOnce(RULES, fingerprint)
    const bound = await this.#meta.get(RULES)
    if (bound === undefined || !isSettled(bound)) return
    const first: Listed = { fingerprint: bound, ...(titles && bound === fingerprint ? { titles } : {}) }
    await this.#meta.setOnce(VERSIONS, JSON.stringify([first]))
  }

  /** Marks that a recompute runs alone. */
  async markRecomputing(): Promise<void> {
    const bound = await this.#meta.get(RULES)
    if (bound !== undefined && isSettled(bound))
      await this.#meta.setOnce(VERSIONS, JSON.stringify([{ fingerprint: bound }]))
    await this.#meta.set(RULES, RECOMPUTING)
  }

  /** Ends such a recompute. @returns the new version */
  async bind(rules: WantedRules): Promise<number> {
    const version = await this.#append(await this.#meta.get(VERSIONS), rules, undefined)
    await this.#meta.set(RULES, rules.fingerprint)
    return version
  }

  /** Ends a restore: `versions` are those of the ledger from then on. May be repeated. */
  async restore(versions: readonly RulesVersion[]): Promise<void> {
    await this.#meta.set(VERSIONS, JSON.stringify(versions.map(listed)))
    await this.#meta.set(RULES, versions.at(-1)?.fingerprint ?? '')
  }

  async leave({ fingerprint, titles }: WantedRules): Promise<void> {
    await this.#meta.set(
      WANTED,
      JSON.stringify({ fingerprint, titles } satisfies { [Key in keyof Listed]: unknown }),
    )
  }

  /** Makes what was left the newest version, unless a move is under way. Of several workers that do so, one succeeds. */
  async takeUp(at: Micros): Promise<RulesState> {
    const before = await this.state()
    const { wanted, move, versions, isHalfRecomputed } = before
    if (wanted === undefined || move !== undefined || isHalfRecomputed) return before
    const newest = versions.at(-1)
    const isSame =
      newest?.fingerprint === wanted.fingerprint &&
      JSON.stringify(newest.titles) === JSON.stringify(wanted.titles)
    if (!isSame) await this.#append(await this.#meta.get(VERSIONS), wanted, at)
    await this.#meta.set(RULES, wanted.fingerprint)
    await this.#meta.set(WANTED, '')
    return this.state()
  }

  /** Replaces the titles of the newest version. */
  async retitle(titles: readonly Title[]): Promise<void> {
    const list = await this.#meta.get(VERSIONS)
    if (list === undefined) return
    const versions = JSON.parse(list) as Listed[]
    const newest = versions.at(-1)
    if (newest === undefined || JSON.stringify(newest.titles) === JSON.stringify(titles)) return
    await this.#meta.replace(
      VERSIONS,
      list,
      JSON.stringify([...versions.slice(0, -1), { ...newest, titles }]),
    )
  }

  async #append(list: string | undefined, rules: WantedRules, at: Micros | undefined) {
    const versions = list === undefined ? [] : (JSON.parse(list) as Listed[])
    const now = JSON.stringify([...versions, listed({ ...rules, at })])
    if (list === undefined) await this.#meta.setOnce(VERSIONS, now)
    else await this.#meta.replace(VERSIONS, list, now)
    return versions.length + 1
  }

  async #move(newest: number): Promise<RulesState['move']> {
    if (newest < 2) return undefined
    const rows = await this.#session.readForDecision(PLACES, [])
    const open = rows.filter(({ settled }) => settledOf(settled) < newest)
    if (open.length === 0) return undefined
    const done = open.map(({ moved, characters, introductions }) =>
      Math.min(0.99, numberOf(moved) / Math.max(1, numberOf(characters) + numberOf(introductions))),
    )
    const sum = done.reduce((total, part) => total + part, rows.length - open.length)
    return { from: newest - 1, done: sum / rows.length }
  }
}

/** The version that awards everybody in a shard that is not moving: the first where an older program wrote the row. */
export function settledOf(value: unknown): number {
  return value === null || value === undefined ? 1 : numberOf(value)
}

function listed({ fingerprint, titles, at }: Omit<RulesVersion, 'version'>): Listed {
  return { fingerprint, ...(titles && { titles }), ...(at !== undefined && { at }) }
}

function versionsOf(list: string | undefined, bound: string | undefined): RulesVersion[] {
  if (list === undefined)
    return bound === undefined || !isSettled(bound)
      ? []
      : [{ version: 1, fingerprint: bound, titles: undefined, at: undefined }]
  return (JSON.parse(list) as Listed[]).map(({ fingerprint, titles, at }, index) => ({
    version: index + 1,
    fingerprint,
    titles,
    at,
  }))
}
