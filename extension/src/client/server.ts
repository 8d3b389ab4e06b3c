// What the extension asks of a server.
import type * as v from 'valibot'
import { type Character, readCharacter } from './character.ts'
import type { Batch } from './lookups.ts'
import { type Outcome, type RequestOptions, requestJson } from './request.ts'
import * as schemas from './schemas.ts'
import type { Title } from './titles.ts'

export type Rules = v.InferOutput<typeof schemas.Rules>
export type Insights = v.InferOutput<typeof schemas.Insights>
export type LedgerEvent = v.InferOutput<typeof schemas.LedgerEvent>
export type EventList = v.InferOutput<typeof schemas.EventList>
export type LevelUp = { character: Character; level: number; at: string }
/** What a test of the server found. */
export type Finding = {
  title: string
  version: string
  characters: number
  lagSeconds: number | null
  connected: boolean
  rules: Rules
}
export type EventQuery = { type: string | undefined; cursor: string | undefined }

/** Rules change when an operator restarts the server. */
const RULES_MS = 10 * 60_000
/** Entries of a ledger on one page. */
const EVENTS_PAGE = 20

export class Server {
  readonly address: string
  readonly #options: RequestOptions
  readonly #now: () => number
  #rules: { at: number; outcome: Promise<Outcome<Rules>> } | undefined

  /** @param address an origin, as `serverAddress` returns it */
  constructor(address: string, options: RequestOptions) {
    this.address = address
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** The rules in force; remembered for some minutes, unless they could not be read. */
  async rules(): Promise<Outcome<Rules>> {
    const known = this.#rules
    if (known !== undefined && this.#now() - known.at < RULES_MS) return known.outcome
    const entry = { at: this.#now(), outcome: this.#get('/v1/rules', schemas.Rules) }
    this.#rules = entry
    const outcome = await entry.outcome
    if (outcome.kind !== 'ok' && this.#rules === entry) this.#rules = undefined
    return outcome
  }

  /**
   * Many characters at once, by handles and DIDs.
   * @param sending called when their own request goes, which the one for the rules may come before
   */
  async characters(names: readonly string[], sending: () => void): Promise<Outcome<Batch>> {
    const titles = await this.#titles()
    if (titles.kind !== 'ok') return titles
    const query = names.map(encodeURIComponent).join(',')
    sending()
    const list = await this.#get(`/v1/characters?actors=${query}`, schemas.CharacterList)
    if (list.kind !== 'ok') return list
    const byDid = new Map<string, Character>()
    for (const item of list.value.items) {
      const character = readCharacter(item, titles.value)
      if (character !== undefined) byDid.set(character.did, character)
    }
    const batch = new Map<string, Character | null>()
    for (const { name, outcome, did } of list.value.asked) {
      if (outcome === 'unavailable') continue
      batch.set(name, (outcome === 'known' && did !== null && byDid.get(did)) || null)
    }
    return { kind: 'ok', value: batch }
  }

  async insights(actor: string): Promise<Outcome<Insights>> {
    return this.#get(`/v1/characters/${encodeURIComponent(actor)}/insights`, schemas.Insights)
  }

  /** A page of somebody's ledger, newest first. */
  async events(actor: string, { type, cursor }: EventQuery): Promise<Outcome<EventList>> {
    const query = new URLSearchParams({
      limit: String(EVENTS_PAGE),
      ...(type !== undefined && { type }),
      ...(cursor !== undefined && { cursor }),
    })
    return this.#get(`/v1/characters/${encodeURIComponent(actor)}/events?${query}`, schemas.EventList)
  }

  /** The latest level-ups of all, newest first. */
  async levelUps(): Promise<Outcome<LevelUp[]>> {
    const titles = await this.#titles()
    if (titles.kind !== 'ok') return titles
    const list = await this.#get('/v1/level-ups', schemas.LevelUpList)
    if (list.kind !== 'ok') return list
    const value = list.value.items.flatMap(({ character, level, at }) => {
      const read = readCharacter(character, titles.value)
      return read === undefined ? [] : [{ character: read, level, at }]
    })
    return { kind: 'ok', value }
  }

  /** Looks at the server as a whole: what it is, how far behind, and its rules. */
  async test(): Promise<Outcome<Finding>> {
    const rules = await this.#get('/v1/rules', schemas.Rules)
    if (rules.kind !== 'ok') return rules
    const stats = await this.#get('/v1/stats', schemas.Stats)
    if (stats.kind !== 'ok') return stats
    const document = await this.#get('/openapi.json', schemas.ApiDocument)
    if (document.kind !== 'ok') return document
    const { characters, stream } = stats.value
    return { kind: 'ok', value: { ...document.value.info, characters, ...stream, rules: rules.value } }
  }

  async #titles(): Promise<Outcome<readonly Title[]>> {
    const rules = await this.rules()
    return rules.kind === 'ok' ? { kind: 'ok', value: rules.value.titles } : rules
  }

  #get<T>(path: string, schema: v.GenericSchema<unknown, T>): Promise<Outcome<T>> {
    return requestJson(this.address + path, schema, this.#options)
  }
}
