import { type Did, isDid, isHandle } from '@atcute/lexicons/syntax'
import type { Micros } from '../atproto/event.ts'
import type { HandleResolver } from '../bluesky/handles.ts'
import type { Character, Inbox, Reader } from '../store/store.ts'
import { ProblemError, unknownActor } from './problem.ts'

export type ActorsOptions = {
  reader: Reader
  inbox: Inbox
  handles: HandleResolver
  clock: () => Micros
  /** Microseconds that have passed since some moment. */
  monotonic: () => Micros
}

/** A profile that was asked for longer ago than this is asked for again when somebody looks. */
const STALE: Micros = 24 * 3_600_000_000
/** People whose look-up was wished for lately; one wish is enough. */
const MOST_WISHED = 10_000

/** Finds out whom a request means, and has missing profiles looked up. */
export class Actors {
  readonly #reader: Reader
  readonly #inbox: Inbox
  readonly #handles: HandleResolver
  readonly #clock: () => Micros
  readonly #monotonic: () => Micros
  readonly #wished = new Map<Did, Micros>()

  constructor({ reader, inbox, handles, clock, monotonic }: ActorsOptions) {
    this.#reader = reader
    this.#inbox = inbox
    this.#handles = handles
    this.#clock = clock
    this.#monotonic = monotonic
  }

  /** @throws {ProblemError} 400 where `actor` is neither a DID nor a handle, 404 where the handle is nobody's */
  async didOf(actor: string): Promise<Did> {
    if (isDid(actor)) return actor
    const name = actor.replace(/^@/, '').toLowerCase()
    if (actor.startsWith('did:') || !isHandle(name)) {
      throw new ProblemError(
        400,
        'InvalidActor',
        `${JSON.stringify(actor.slice(0, 100))} is neither a DID (did:plc:...) nor a handle (name.example).`,
      )
    }
    const did = (await this.#reader.didOf(name)) ?? (await this.#handles.resolve(name))
    if (did === undefined) throw unknownActor()
    return did
  }

  /** @throws {ProblemError} 404 */
  async character(did: Did): Promise<Character> {
    const character = await this.#reader.character(did)
    if (character === undefined) throw unknownActor()
    this.noteLook(character)
    return character
  }

  /** Somebody looks at this character: whatever its profile lacks is to be looked up, for the next one who does. */
  noteLook({ did, profile }: Character): void {
    const at = this.#clock()
    // One that was asked for by a clock that was ahead is stale, too.
    if (profile !== undefined && Math.abs(at - profile.asked) < STALE) return
    const now = this.#monotonic()
    const wished = this.#wished.get(did)
    if (wished !== undefined && now - wished < STALE) return
    if (this.#wished.size >= MOST_WISHED) this.#wished.clear()
    this.#wished.set(did, now)
    // Losing one is harmless: the next look wishes again.
    this.#inbox.leave({ kind: 'look-up', did, at }).catch(() => this.#wished.delete(did))
  }
}
