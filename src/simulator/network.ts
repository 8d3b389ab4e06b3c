// A simulated network: people who post, like, repost, change their minds and leave, the same for the same seed. It has
// no clock and does no I/O; the files beside it serve it. It advances by happenings: what one person does at a moment,
// as one event or several.

import type { Did, Nsid } from '@atcute/lexicons/syntax'
import { createRaw } from '@atcute/tid'
import type { CommitEvent, Micros, StreamEvent } from '../atproto/event.ts'
import type { JsonObject } from '../atproto/json.ts'
import { parseUri, type RecordId, uriOf } from '../atproto/uri.ts'
import { type Media, mediaOf } from '../game/media.ts'
import { pathOf, type RecordPath } from '../game/state.ts'
import { DAY_MICROS } from '../game/time.ts'
import { Commits, RECENT, split } from './commits.ts'
import { Elsewhere } from './elsewhere.ts'
import { cid, described, embedOf, sentence } from './embeds.ts'
import type { Person } from './people.ts'
import { Population } from './population.ts'
import { freeze, mayChange, POST, type PooledPost, PostPool } from './post-pool.ts'
import { Random } from './random.ts'
import { RareEvents } from './rare-events.ts'

export type NetworkOptions = {
  seed: number
  /** How many people there are. */
  actors: number
  /** When the first thing happens. */
  start: Micros
  /** Time from one happening to the next. */
  step: Micros
  /** `everything` adds rare events to `feed`: renames, profiles, blocks, replaced repositories, departures. */
  mix: 'feed' | 'everything'
  /**
   * Reposted posts are not edited, and the AppView shows them even after they are deleted, so that a repost's XP does not
   * depend on when the AppView is asked. @default false
   */
  lasting?: boolean
  /** People with more records delete their oldest, so that a network can run for long. @default no limit */
  recordsPerPerson?: number
  /** The last so many people do nothing but what `act` has them do. @default 0 */
  quiet?: number
  /** Above this many records, each person who acts deletes their oldest. @default no limit */
  records?: number
}

const LIKE: Nsid = 'app.bsky.feed.like'
const REPOST: Nsid = 'app.bsky.feed.repost'

/** The state of the network, and the source of its events. */
export class Network {
  readonly #options: NetworkOptions
  readonly #random: Random
  readonly #population: Population
  readonly #commits = new Commits()
  readonly #elsewhere: Elsewhere
  readonly #pool: PostPool
  readonly #rare: RareEvents
  /** Reposted posts by their URI, with the option `lasting`. */
  readonly #lasting = new Map<string, JsonObject>()
  #happened = 0

  constructor(options: NetworkOptions) {
    const random = new Random(options.seed)
    const population = new Population(options.actors, options.seed, random, options.quiet)
    this.#options = options
    this.#random = random
    this.#population = population
    this.#elsewhere = new Elsewhere(options.start, random)
    this.#pool = new PostPool(random)
    this.#rare = new RareEvents({
      random,
      population,
      commits: this.#commits,
      like: (person, at) => this.#like(person, at),
    })
  }

  get people(): readonly Person[] {
    return this.#population.all
  }

  /** The time of the next happening. */
  get now(): Micros {
    return this.#options.start + this.#happened * this.#options.step
  }

  /** Number of records of all people. */
  get records(): number {
    return this.#commits.records
  }

  /** Number of happenings so far. */
  get happened(): number {
    return this.#happened
  }

  /** The next happening is at `now`, and those after it are `step` apart. */
  moveTo(now: Micros, step: Micros): void {
    this.#options.step = step
    this.#options.start = now - this.#happened * step
  }

  /** Makes one thing happen and returns its events: mostly one, sometimes several of one commit. */
  next(): StreamEvent[] {
    const at = this.now
    this.#happened += 1
    const person = this.#population.pickActive()
    return [...this.#happen(person, at), ...this.#tidyUp(person, at)]
  }

  /** Has `person` do one thing, nothing rare. */
  act(person: Person): StreamEvent[] {
    const at = this.now
    this.#happened += 1
    return this.#happen(person, at, 'feed')
  }

  #happen(person: Person, at: Micros, mix = this.#options.mix): StreamEvent[] {
    const what = this.#random.next()
    if (what < 0.7) return [this.#like(person, at)]
    if (what < 0.85) return this.#post(person, at)
    if (what < 0.95) return [this.#repost(person, at)]
    if (what < 0.98) return this.#remove(person, at)
    if (what < 0.985) return this.#edit(person, at)
    if (what < 0.992) {
      const subject = this.#population.pickActive().did
      return [this.#commits.create(person, 'app.bsky.graph.follow', { subject }, { at })]
    }
    const rare = mix === 'feed' ? undefined : this.#rare.next(person, at, this.#happened)
    return rare ?? [this.#like(person, at)]
  }

  /** Has `person` like and post, for callers that need everybody to have acted. */
  first(person: Person): StreamEvent[] {
    const at = this.now
    this.#happened += 1
    return [this.#like(person, at), ...this.#post(person, at)]
  }

  person(did: Did): Person | undefined {
    return this.#population.byDid(did)
  }

  byHandle(handle: string): Person | undefined {
    return this.#population.byHandle(handle)
  }

  /** Anybody's record as it stands; undefined where there is none. */
  record(id: RecordId): JsonObject | undefined {
    const uri = uriOf(id)
    const lasting = this.#elsewhere.post(uri) ?? this.#lasting.get(uri)
    return lasting ?? this.#population.byDid(id.did)?.records.get(pathOf(id))
  }

  /** The media of a post; undefined where there is no such post. */
  subjectMedia(uri: string): Media | undefined {
    const id = parseUri(uri)
    const record = id && this.record(id)
    return record && mediaOf(record.embed)
  }

  #like(person: Person, at: Micros): CommitEvent {
    const target = this.#random.chance(0.05)
      ? `at://${this.#population.pickActive().did}/app.bsky.feed.generator/what-is-new`
      : this.#random.chance(0.5)
        ? uriOf(this.#pooled()?.id ?? this.#elsewhere.absent)
        : this.#random.pick(this.#elsewhere.uris)
    return this.#commits.create(person, LIKE, { subject: { uri: target, cid: cid(this.#random) } }, { at })
  }

  #post(person: Person, at: Micros): StreamEvent[] {
    const count = this.#random.chance(0.05) ? 2 + this.#random.below(3) : 1
    const events: CommitEvent[] = []
    for (let i = 0; i < count; i++) {
      const embed = embedOf(this.#random)
      const record: Record<string, unknown> = { text: sentence(this.#random), langs: ['en'] }
      if (embed !== undefined) record.embed = embed
      const rev = events[0]?.rev
      const nth = rev === undefined ? { at } : { at, rev, nth: i }
      const event = this.#commits.create(person, POST, record, nth)
      events.push(event)
      this.#pool.add({ id: idOf(event), author: person, changed: this.#happened })
    }
    return events
  }

  #repost(person: Person, at: Micros): CommitEvent {
    const pooled = this.#random.chance(0.7) ? this.#pooled() : undefined
    if (pooled !== undefined) freeze(pooled.author, this.#happened)
    const uri = pooled === undefined ? this.#random.pick(this.#elsewhere.uris) : uriOf(pooled.id)
    const post = pooled && this.#options.lasting && this.record(pooled.id)
    if (post) this.#lasting.set(uri, post)
    return this.#commits.create(person, REPOST, { subject: { uri, cid: cid(this.#random) } }, { at })
  }

  /** A random post of the pool; undefined unless it is settled and still there. */
  #pooled(): PooledPost | undefined {
    const post = this.#pool.pick(this.#happened)
    return post && this.record(post.id) !== undefined ? post : undefined
  }

  #remove(person: Person, at: Micros): StreamEvent[] {
    const path = person.recent.at(-1 - this.#random.below(RECENT))
    const rev = this.#commits.nextRev(person, at)
    // Some deletes name a record that the stream has never shown.
    if (path === undefined || !person.records.has(path) || this.#random.chance(0.1)) {
      const unseen: RecordPath = `${LIKE}/${createRaw(at - DAY_MICROS, person.index % 1024)}`
      return [this.#commits.delete(person, unseen, at, rev)]
    }
    if (!this.#mayChange(person, path)) return [this.#like(person, at)]
    return [this.#commits.delete(person, path, at, rev)]
  }

  /** Deletes a person's oldest records while they, or all people together, have too many. */
  #tidyUp(person: Person, at: Micros): StreamEvent[] {
    const { recordsPerPerson = Number.POSITIVE_INFINITY, records = Number.POSITIVE_INFINITY } = this.#options
    const events: StreamEvent[] = []
    for (const path of person.records.keys()) {
      if (person.records.size <= recordsPerPerson && this.records <= records) break
      if (this.#mayChange(person, path)) events.push(this.#commits.delete(person, path, at))
    }
    return events
  }

  /** Adds the descriptions missing from one of a person's posts. */
  #edit(person: Person, at: Micros): StreamEvent[] {
    const found = [...person.records].findLast(
      ([path, record]) => path.startsWith(POST) && record.embed !== undefined,
    )
    if (found === undefined || !this.#mayChange(person, found[0])) return [this.#like(person, at)]
    const [path, old] = found
    const [collection, rkey] = split(path)
    const id = { did: person.did, collection, rkey }
    if (this.#lasting.has(uriOf(id))) return [this.#like(person, at)]
    this.#pool.noteEdit(id, this.#happened)
    const record = { ...old, embed: described(old.embed as JsonObject, this.#random) }
    return [this.#commits.update(person, path, record, at)]
  }

  #mayChange(person: Person, path: RecordPath): boolean {
    return mayChange(person, split(path)[0], this.#happened)
  }
}

function idOf({ did, collection, rkey }: CommitEvent): RecordId {
  return { did, collection, rkey }
}
