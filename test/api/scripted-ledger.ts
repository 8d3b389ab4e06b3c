// A ledger in memory for tests of the API without a store: it returns what a test puts in, and decides nothing.
import type { Did, Handle, Nsid, RecordKey } from '@atcute/lexicons/syntax'
import type { Micros } from '../../src/atproto/event.ts'
import type { Profile } from '../../src/atproto/profile.ts'
import type { RecordId } from '../../src/atproto/uri.ts'
import type { PeriodBoard } from '../../src/game/boards.ts'
import { type DayTally, NO_COUNTS, sumOf } from '../../src/game/days.ts'
import type { LedgerEvent, RecordState } from '../../src/game/state.ts'
import { secondsOf } from '../../src/game/time.ts'
import type { StoreStatus } from '../../src/store/status.ts'
import {
  type BoardPage,
  type Character,
  type EventsPage,
  type ImportStatus,
  type Inbox,
  InvalidCursorError,
  type OwnCharacter,
  type Page,
  type Placed,
  type Ranked,
  type Reader,
  type Recent,
  type WishToLeave,
  type XpCount,
} from '../../src/store/store.ts'

type Person = {
  profile: Profile | undefined
  experience: number
  lastDelta: number
  counts: Map<Nsid, number>
  updatedAt: Micros
  events: LedgerEvent[]
  /** What `Reader.days` tells. */
  days: DayTally[]
  hidden: boolean
}

/** The event that `earn` enters, unless a test gives other fields. */
export type Entry = Partial<Omit<LedgerEvent, 'did' | 'experience'>> & { delta: number }

const NOT_AWAY = { forgotten: false, left: false, unfollowed: false }

/** A reader and inbox for the API, in the state that a test sets. */
export class ScriptedLedger implements Reader, Inbox {
  readonly people = new Map<Did, Person>()
  readonly log: LedgerEvent[] = []
  readonly wishes: WishToLeave[] = []
  /** The place in `log` before which followers can no longer read events. */
  kept = 0
  /** How far the imports of people are. */
  readonly imports = new Map<Did, ImportStatus>()
  /** How often each method was called. */
  readonly reads: Record<string, number> = {}
  /** While set, every read throws it. */
  failure: Error | undefined
  /** How many characters the board holds. */
  places = Number.POSITIVE_INFINITY
  /** What people have on the boards of periods, by `week 2957` and so on. */
  readonly standings = new Map<string, ReadonlyMap<Did, number>>()
  heartbeat: StoreStatus['heartbeat']
  cursor: StoreStatus['cursor']
  gaps: StoreStatus['gaps'] = []
  reconciliation: StoreStatus['reconciliation']
  perDay: StoreStatus['perDay']
  bytes: StoreStatus['bytes']
  today: StoreStatus['today'] = { day: 0, counts: NO_COUNTS }

  join(did: Did, profile?: Profile): this {
    this.people.set(did, {
      profile,
      experience: 0,
      lastDelta: 0,
      counts: new Map(),
      updatedAt: 0,
      events: [],
      days: [],
      hidden: false,
    })
    return this
  }

  earn(did: Did, entry: Entry): this {
    const person = this.#person(did)
    const event: LedgerEvent = {
      did,
      collection: 'app.bsky.feed.post' as Nsid,
      rkey: `record-${this.log.length}` as RecordKey,
      at: 1_700_000_000_000_000 + this.log.length * 1_000_000,
      cause: 'create',
      reason: 'post.text',
      rules: 1,
      ...entry,
      experience: person.experience + entry.delta,
    }
    person.experience = event.experience
    person.lastDelta = event.delta
    person.updatedAt = event.at
    const step = event.cause === 'create' ? 1 : event.cause === 'delete' ? -1 : 0
    const count = (person.counts.get(event.collection) ?? 0) + step
    if (count > 0) person.counts.set(event.collection, count)
    else person.counts.delete(event.collection)
    person.events.push(event)
    this.log.push(event)
    return this
  }

  /** Tells these days of a person. */
  tell(did: Did, ...days: DayTally[]): this {
    this.#person(did).days = days
    return this
  }

  async importStatus(did: Did): Promise<ImportStatus | undefined> {
    this.#read('importStatus')
    return this.imports.get(did)
  }

  hide(did: Did): this {
    this.#person(did).hidden = true
    return this
  }

  async character(did: Did): Promise<Character | undefined> {
    this.#read('character')
    return this.#shown(did)
  }

  async characters(dids: readonly Did[]): Promise<Character[]> {
    this.#read('characters')
    return dids.map((did) => this.#shown(did)).filter((character) => character !== undefined)
  }

  async own(did: Did): Promise<OwnCharacter | undefined> {
    this.#read('own')
    const person = this.people.get(did)
    if (person === undefined) return undefined
    const { profile, experience, counts, hidden } = person
    const visibility = { born: true, status: 'active', optedOut: false, introduced: true } as const
    return { did, profile, experience, counts, ...visibility, ...NOT_AWAY, hidden }
  }

  async didOf(handle: Handle): Promise<Did | undefined> {
    this.#read('didOf')
    for (const [did, { profile, hidden }] of this.people)
      if (!hidden && profile?.handle === handle) return did
    return undefined
  }

  async *records(did: Did, pageSize: number): AsyncGenerator<[RecordId, RecordState][]> {
    this.#read('records')
    const all = this.#shown(did) === undefined ? [] : this.#person(did).events
    for (let from = 0; from < all.length && this.#shown(did) !== undefined; from += pageSize) {
      yield all.slice(from, from + pageSize).map(({ collection, rkey, delta, at, reason }) => {
        const media = (['text', 'media', 'alt'] as const).find((one) => reason.endsWith(one))
        const facts = { media, subject: undefined, own: undefined }
        const seconds = secondsOf(at)
        const state = { rev: '3lrnqk7qs2227', live: true, xp: delta, facts, at: seconds, capped: false }
        return [
          { did, collection, rkey },
          { ...state, claimed: undefined },
        ]
      })
    }
  }

  async events(did: Did, { type, cursor, limit }: EventsPage): Promise<Page<LedgerEvent> | undefined> {
    this.#read('events')
    if (this.#shown(did) === undefined) return undefined
    const all = this.#person(did)
      .events.filter(({ collection }) => type === undefined || collection === type)
      .reverse()
    return slice(all, cursor, limit)
  }

  async days(did: Did): Promise<DayTally[] | undefined> {
    this.#read('days')
    return this.#shown(did) && this.#person(did).days
  }

  async board({ cursor, around, limit }: BoardPage): Promise<Page<Ranked>> {
    this.#read('board')
    const shown = [...this.people.keys()].map((did) => this.#shown(did)).filter((one) => one !== undefined)
    shown.sort((a, b) => b.experience - a.experience)
    const ranked = shown.slice(0, this.places).map((character) => ({
      rank: 1 + shown.filter(({ experience }) => experience > character.experience).length,
      character,
    }))
    return partOf(ranked, { cursor, around, limit })
  }

  async periodBoard({ kind, period }: PeriodBoard, page: BoardPage): Promise<Page<Placed> | undefined> {
    this.#read('periodBoard')
    const earned = this.standings.get(`${kind} ${period}`)
    if (earned === undefined) return undefined
    const placed = [...earned]
      .flatMap(([did, amount]) => {
        const character = this.#shown(did)
        return character === undefined ? [] : [{ earned: amount, character }]
      })
      .sort((a, b) => b.earned - a.earned)
    const ranked = placed.map((each) => ({
      rank: 1 + placed.filter((other) => other.earned > each.earned).length,
      ...each,
    }))
    return partOf(ranked, page)
  }

  async xpHistogram(): Promise<XpCount[]> {
    this.#read('xpHistogram')
    const characters = new Map<number, number>()
    for (const { experience, hidden } of this.people.values()) {
      if (!hidden) characters.set(experience, (characters.get(experience) ?? 0) + 1)
    }
    return [...characters]
      .map(([experience, n]) => ({ experience, characters: n }))
      .sort((a, b) => b.experience - a.experience)
  }

  async recent(after: string | undefined, limit: number): Promise<Recent> {
    this.#read('recent')
    const from = after === undefined ? this.log.length : position(after)
    if (from > this.log.length) throw new InvalidCursorError('the position lies ahead of the ledger')
    if (from < this.kept) return { events: [], position: String(this.log.length), missed: true, more: false }
    const events = this.log
      .slice(from, from + limit)
      .map((event, n) => ({ ...event, position: String(from + n + 1) }))
    return {
      events: events.filter(({ did }) => !this.people.get(did)?.hidden),
      position: String(from + events.length),
      missed: false,
      more: from + limit < this.log.length,
    }
  }

  async latest(limit: number): Promise<LedgerEvent[]> {
    this.#read('latest')
    return this.log
      .filter(({ did }) => this.#shown(did) !== undefined)
      .toReversed()
      .slice(0, limit)
  }

  async status(): Promise<StoreStatus> {
    this.#read('status')
    let experience = 0
    for (const person of this.people.values()) experience += person.experience
    return {
      cursor: this.cursor,
      heartbeat: this.heartbeat,
      characters: this.people.size,
      introductions: 0,
      records: this.log.length,
      events: this.log.length,
      experience,
      today: this.today,
      waiting: { subject: 0, profile: 0, repository: 0, import: 0 },
      postponed: { subject: 0, profile: 0, repository: 0, import: 0 },
      gaps: this.gaps,
      reconciliation: this.reconciliation,
      bytes: this.bytes,
      perDay: this.perDay,
    }
  }

  async leave(wish: WishToLeave): Promise<void> {
    this.wishes.push(wish)
  }

  #shown(did: Did): Character | undefined {
    const person = this.people.get(did)
    if (person === undefined || person.hidden || person.events.length === 0) return undefined
    const { profile, experience, lastDelta, counts, updatedAt, events, days } = person
    const tally = days.reduce((sum, day) => sumOf(sum, day.counts), NO_COUNTS)
    const version = `${events.length}.${profile?.asked ?? 0}`
    return { did, profile, experience, lastDelta, counts, tally, updatedAt, version }
  }

  #person(did: Did): Person {
    const person = this.people.get(did)
    if (person === undefined) throw new Error(`${did} has not joined`)
    return person
  }

  #read(method: string): void {
    this.reads[method] = (this.reads[method] ?? 0) + 1
    if (this.failure !== undefined) throw this.failure
  }
}

function slice<T>(all: readonly T[], cursor: string | undefined, limit: number): Page<T> {
  const from = cursor === undefined ? 0 : position(cursor)
  const next = from + limit
  return { items: all.slice(from, next), cursor: next < all.length ? String(next) : undefined }
}

function position(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidCursorError('the cursor is not one of this ledger')
  return Number(text)
}

/** The page of a board after a cursor, or with somebody in its middle. */
function partOf<T extends Ranked>(board: readonly T[], { cursor, around, limit }: BoardPage): Page<T> {
  if (around === undefined) return slice(board, cursor, limit)
  const middle = board.findIndex(({ character }) => character.did === around)
  if (middle < 0) return { items: [], cursor: undefined }
  return slice(board, String(Math.max(0, middle - Math.floor((limit - 1) / 2))), limit)
}
