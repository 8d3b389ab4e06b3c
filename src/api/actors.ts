import { type Did, isDid } from '@atcute/lexicons/syntax'
import { readActorName } from '../atproto/actor-name.ts'
import type { Micros } from '../atproto/event.ts'
import { type HandleResolver, LookUpUnavailableError } from '../bluesky/handles.ts'
import type { Rulebook } from '../game/rulebook.ts'
import { DAY_MICROS } from '../game/time.ts'
import type { Character, Inbox, Reader } from '../store/store.ts'
import type { KnownNames } from './known-names.ts'
import { ProblemError, tooDear, unknownActor } from './problem.ts'
import { RateLimit } from './rate-limit.ts'

export type ActorsOptions = {
  reader: Reader
  inbox: Inbox
  handles: HandleResolver
  rules: Rulebook
  /** Learns the names of those who are looked at. */
  names: KnownNames
  clock: () => Micros
  /** Microseconds of a clock that never goes back. */
  monotonic: () => Micros
}

/** The client that asks: it pays for look-ups, and its leaving aborts them. */
export type Client = {
  /** Charges `cost` requests to the client's rate limit; false, and charges nothing, if fewer are left. */
  charge(cost: number): boolean
  /** Aborts when the client disconnects. */
  signal: AbortSignal
}

/** The result of looking up one name of a list. */
export type NamedActor =
  | { name: string; outcome: 'found'; did: Did }
  /** Nobody of that name is known here or on the network. */
  | { name: string; outcome: 'unknown' }
  /** Neither a DID nor a handle. */
  | { name: string; outcome: 'not a name' }
  /** The network did not answer in time. */
  | { name: string; outcome: 'unavailable' }
  /** The look-up costs more than the client's rate limit has left. */
  | { name: string; outcome: 'refused' }

/** The look-up of one unknown handle counts as this many requests: the AppView limits ours. */
const LOOK_UP_COST = 10

/** A view of a character refreshes a profile that is older than this. */
const STALE_AFTER_MICROS: Micros = DAY_MICROS
/**
 * Look-ups that all clients together may cause, a tenth of what ingest can ask the AppView for: a client that crawls all
 * characters must neither delay the look-ups of new ones nor fill the inbox while ingest is down.
 */
const MAX_WISHES_A_MINUTE = 1_200
/** A signal that does not abort. */
const NEVER = new AbortController().signal
/** People whose look-up was requested lately, so that it is not requested twice. */
const MAX_WISHED = 10_000

/** Resolves the names in requests to people, and asks ingest to look up their missing profiles. */
export class Actors {
  readonly #reader: Reader
  readonly #inbox: Inbox
  readonly #handles: HandleResolver
  readonly #rules: Rulebook
  readonly #names: KnownNames
  readonly #clock: () => Micros
  readonly #monotonic: () => Micros
  readonly #wished = new Map<Did, Micros>()
  readonly #wishes: RateLimit

  constructor({ reader, inbox, handles, rules, names, clock, monotonic }: ActorsOptions) {
    this.#reader = reader
    this.#inbox = inbox
    this.#handles = handles
    this.#rules = rules
    this.#names = names
    this.#clock = clock
    this.#monotonic = monotonic
    this.#wishes = new RateLimit(MAX_WISHES_A_MINUTE, () => monotonic() / 1_000)
  }

  /**
   * @throws {ProblemError} 400 if `name` is neither a DID nor a handle, 404 if the handle is unknown, 429 if the client's
   *   rate limit is used up, 503 if the network does not answer in time
   */
  async didOf(name: string, client: Client): Promise<Did> {
    const found = await this.#find(name, client)
    switch (found.outcome) {
      case 'found':
        return found.did
      case 'unknown':
        throw unknownActor(this.#rules)
      case 'not a name':
        throw notAName(name)
      case 'unavailable':
        throw lookUpUnavailable()
      case 'refused':
        throw tooDear('Looking up a handle that this server does not know', LOOK_UP_COST)
    }
  }

  /**
   * The same without asking the network: a handle that neither the ledger knows nor a look-up has found lately is unknown.
   * @throws {ProblemError} 400 or 404
   */
  async knownDidOf(name: string): Promise<Did> {
    const actor = readActorName(name)
    if (actor === undefined) throw notAName(name)
    if (isDid(actor)) return actor
    const known = await this.#reader.didOf(actor)
    if (known !== undefined) return known
    const found = this.#handles.isCached(actor) ? await this.#handles.resolve(actor, NEVER) : undefined
    if (found === undefined) throw unknownActor(this.#rules)
    return found
  }

  /** The result for each of `names`, in their order. */
  find(names: readonly string[], client: Client): Promise<NamedActor[]> {
    return Promise.all(names.map((name) => this.#find(name, client)))
  }

  async #find(name: string, client: Client): Promise<NamedActor> {
    const actor = readActorName(name)
    if (actor === undefined) return { name, outcome: 'not a name' }
    if (isDid(actor)) return { name, outcome: 'found', did: actor }
    const known = await this.#reader.didOf(actor)
    if (known !== undefined) return { name, outcome: 'found', did: known }
    if (!this.#handles.isCached(actor) && !client.charge(LOOK_UP_COST)) return { name, outcome: 'refused' }
    try {
      const did = await this.#handles.resolve(actor, client.signal)
      return did === undefined ? { name, outcome: 'unknown' } : { name, outcome: 'found', did }
    } catch (error) {
      if (error instanceof LookUpUnavailableError) return { name, outcome: 'unavailable' }
      throw error
    }
  }

  /** @throws {ProblemError} 404 */
  async character(did: Did): Promise<Character> {
    const character = await this.#reader.character(did)
    if (character === undefined) throw unknownActor(this.#rules)
    this.noteLook(character)
    return character
  }

  /** Call it when a client views this character: a missing or stale profile is looked up for the next view. */
  noteLook(character: Character): void {
    this.#names.note(character)
    const { did, profile } = character
    const at = this.#clock()
    // By amount: a time in the future, written by a clock that was ahead, is stale too.
    if (profile !== undefined && Math.abs(at - profile.asked) < STALE_AFTER_MICROS) return
    const now = this.#monotonic()
    const wished = this.#wished.get(did)
    if (wished !== undefined && now - wished < STALE_AFTER_MICROS) return
    // Over the limit: the next view tries again.
    if (!this.#wishes.take('look-ups').allowed) return
    if (this.#wished.size >= MAX_WISHED) this.#wished.clear()
    this.#wished.set(did, now)
    // A lost wish is harmless: the next view leaves another.
    this.#inbox.leave({ kind: 'look-up', did, at }).catch(() => this.#wished.delete(did))
  }
}

export function notAName(name: string): ProblemError {
  return new ProblemError(
    400,
    'InvalidActor',
    `${JSON.stringify(name.slice(0, 100))} is neither a handle (name.example), a DID (did:plc:...) nor a link to a profile.`,
  )
}

function lookUpUnavailable(): ProblemError {
  return new ProblemError(
    503,
    'LookUpUnavailable',
    'The network cannot resolve this handle right now; try again soon, or use the DID.',
  )
}
