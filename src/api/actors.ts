import { type Did, isDid } from '@atcute/lexicons/syntax'
import { readActorName } from '../atproto/actor-name.ts'
import type { Micros } from '../atproto/event.ts'
import { type HandleResolver, LookUpUnavailableError } from '../bluesky/handles.ts'
import type { Rulebook } from '../game/rulebook.ts'
import type { Character, Inbox, Reader } from '../store/store.ts'
import { ProblemError, tooDear, unknownActor } from './problem.ts'
import { RateLimit } from './rate-limit.ts'

export type ActorsOptions = {
  reader: Reader
  inbox: Inbox
  handles: HandleResolver
  rules: Rulebook
  clock: () => Micros
  /** Microseconds that have passed since some moment. */
  monotonic: () => Micros
}

/** Who asks: look-ups are charged to them, and given up when they leave. */
export type Client = {
  /** Takes `cost` requests of what the client may ask for; false where there are not so many left. */
  charge(cost: number): boolean
  /** Aborts when the client has left. */
  signal: AbortSignal
}

/** What became of one name in a list. */
export type NamedActor =
  | { name: string; outcome: 'found'; did: Did }
  /** Nobody of that name is known here or on the network. */
  | { name: string; outcome: 'unknown' }
  /** Neither a DID nor a handle. */
  | { name: string; outcome: 'not a name' }
  /** Nobody could say in time. */
  | { name: string; outcome: 'unavailable' }
  /** The client has used up what it may ask for. */
  | { name: string; outcome: 'refused' }

/** Requests that the look-up of one unknown handle counts for: the AppView's are scarce. */
const LOOK_UP_COST = 10

/** A profile that was asked for longer ago than this is asked for again when somebody looks. */
const STALE: Micros = 24 * 3_600_000_000
/**
 * Wishes left in a minute, by all clients together: a tenth of the profiles that ingest can ask the AppView for, so that
 * nobody who goes through all characters keeps it from asking about new ones, or fills the inbox of an ingest that is away.
 */
const MAX_WISHES_A_MINUTE = 1_200
/** People whose look-up was wished for lately; one wish is enough. */
const MAX_WISHED = 10_000

/** Finds out whom a request means, and has missing profiles looked up. */
export class Actors {
  readonly #reader: Reader
  readonly #inbox: Inbox
  readonly #handles: HandleResolver
  readonly #rules: Rulebook
  readonly #clock: () => Micros
  readonly #monotonic: () => Micros
  readonly #wished = new Map<Did, Micros>()
  readonly #wishes: RateLimit

  constructor({ reader, inbox, handles, rules, clock, monotonic }: ActorsOptions) {
    this.#reader = reader
    this.#inbox = inbox
    this.#handles = handles
    this.#rules = rules
    this.#clock = clock
    this.#monotonic = monotonic
    this.#wishes = new RateLimit(MAX_WISHES_A_MINUTE, () => monotonic() / 1_000)
  }

  /**
   * @throws {ProblemError} 400 where `name` is neither a DID nor a handle, 404 where the handle is nobody's, 429 where the
   *   client asks for too many, 503 where nobody can say in time
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
        throw tooDear('The look-up of a handle that is not known here', LOOK_UP_COST)
    }
  }

  /** What became of each of `names`, in their order. */
  find(names: readonly string[], client: Client): Promise<NamedActor[]> {
    return Promise.all(names.map((name) => this.#find(name, client)))
  }

  async #find(name: string, client: Client): Promise<NamedActor> {
    const actor = readActorName(name)
    if (actor === undefined) return { name, outcome: 'not a name' }
    if (isDid(actor)) return { name, outcome: 'found', did: actor }
    const known = await this.#reader.didOf(actor)
    if (known !== undefined) return { name, outcome: 'found', did: known }
    if (!this.#handles.isHeld(actor) && !client.charge(LOOK_UP_COST)) return { name, outcome: 'refused' }
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

  /** Somebody looks at this character: a profile that is missing or old is looked up, for the next one who does. */
  noteLook({ did, profile }: Character): void {
    const at = this.#clock()
    // One that was asked for by a clock that was ahead is stale, too.
    if (profile !== undefined && Math.abs(at - profile.asked) < STALE) return
    const now = this.#monotonic()
    const wished = this.#wished.get(did)
    if (wished !== undefined && now - wished < STALE) return
    // The next look wishes again.
    if (!this.#wishes.take('look-ups').allowed) return
    if (this.#wished.size >= MAX_WISHED) this.#wished.clear()
    this.#wished.set(did, now)
    // Losing one is harmless: the next look wishes again.
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
    'The network cannot say right now whose handle this is; try again soon, or ask by DID.',
  )
}
