// Events that are few on the network: renames, profiles, blocks, replaced repositories, departures.
import type { AccountStatus, CommitEvent, Micros, StreamEvent } from '../atproto/event.ts'
import { PROFILE } from '../atproto/profile.ts'
import { type Commits, split } from './commits.ts'
import { sentence } from './embeds.ts'
import type { Person } from './people.ts'
import type { Population } from './population.ts'
import { mayChange, POST } from './post-pool.ts'
import type { Random } from './random.ts'

export type RareEventsOptions = {
  random: Random
  population: Population
  commits: Commits
  /** Has a person like something. */
  like: (person: Person, at: Micros) => CommitEvent
}

export class RareEvents {
  readonly #options: RareEventsOptions

  constructor(options: RareEventsOptions) {
    this.#options = options
  }

  /** What `person` does at happening number `happened`; undefined where that cannot be at the moment. */
  next(person: Person, at: Micros, happened: number): StreamEvent[] | undefined {
    const { random, population, commits } = this.#options
    const what = random.next()
    if (what < 0.25)
      return [{ kind: 'identity', did: person.did, at, handle: this.#rename(person, happened) }]
    if (what < 0.4) return [this.#changeProfile(person, at, happened)]
    if (what < 0.5)
      return [
        commits.create(person, 'app.bsky.graph.block', { subject: population.pickActive().did }, { at }),
      ]
    if (what < 0.6)
      return [commits.create(person, POST, { text: sentence(random) }, { at, rkey: `note-${at}` })]
    if (what < 0.75) return this.#replace(person, at, happened)
    return this.#leaveOrReturn(person, at, happened)
  }

  #rename(person: Person, happened: number) {
    const { random, population } = this.#options
    // Sometimes the old handle moves to somebody else.
    const other = random.chance(0.3) ? population.pickActive() : undefined
    const { handle, shy } = person
    person.former = { handle, shy, until: happened }
    person.handle = `${person.handle.split('.')[0]}x.test` as Person['handle']
    if (other !== undefined && other !== person) other.handle = handle
    return person.handle
  }

  #changeProfile(person: Person, at: Micros, happened: number): CommitEvent {
    const { handle, shy } = person
    person.former = { handle, shy, until: happened }
    person.shy = this.#options.random.chance(0.2)
    const labels = { $type: 'com.atproto.label.defs#selfLabels', values: [{ val: '!no-unauthenticated' }] }
    const record = {
      $type: PROFILE,
      displayName: person.displayName,
      ...(person.shy ? { labels } : {}),
    }
    return this.#options.commits.update(person, `${PROFILE}/self`, record, at)
  }

  /** Replaces a repository by part of itself, which comes again as creates of one revision. */
  #replace(person: Person, at: Micros, happened: number): StreamEvent[] | undefined {
    const { random, commits } = this.#options
    if (!mayChange(person, POST, happened)) return undefined
    const rev = commits.nextRev(person, at)
    for (const path of person.records.keys()) if (random.chance(0.2)) commits.drop(person, path)
    const creates = [...person.records].map(([path, record]): StreamEvent => {
      const [collection, rkey] = split(path)
      return { kind: 'commit', did: person.did, at, rev, op: 'create', collection, rkey, record }
    })
    return [{ kind: 'sync', did: person.did, at, rev }, ...creates]
  }

  #leaveOrReturn(person: Person, at: Micros, happened: number): StreamEvent[] | undefined {
    const { random, population, commits, like } = this.#options
    const away = population.away()
    if (away.length > 3 && random.chance(0.6)) {
      const back = random.pick(away)
      back.status = 'active'
      return [{ kind: 'account', did: back.did, at, time: at, status: 'active' }, like(back, at)]
    }
    if (!population.canSpareOne || !mayChange(person, POST, happened)) return undefined
    const status: AccountStatus = random.pick(['deactivated', 'deleted', 'takendown', 'deactivated'])
    person.status = status
    if (status === 'deleted') for (const path of person.records.keys()) commits.drop(person, path)
    return [{ kind: 'account', did: person.did, at, time: at, status }]
  }
}
