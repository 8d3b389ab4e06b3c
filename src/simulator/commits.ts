import type { Nsid } from '@atcute/lexicons/syntax'
import { createRaw } from '@atcute/tid'
import type { CommitEvent, Micros } from '../atproto/event.ts'
import type { JsonObject } from '../atproto/json.ts'
import type { RecordPath } from '../game/state.ts'
import { iso } from '../game/time.ts'
import type { Person } from './people.ts'

/** How many of their latest records people choose from when they delete one. */
export const RECENT = 8

type Created = {
  at: Micros
  /** @default the repository's next revision */
  rev?: string
  /** Which record of the revision it is, from 0. */
  nth?: number
  /** @default a TID */
  rkey?: string
}

/** Changes people's repositories, and makes the event that shows each change. */
export class Commits {
  #records = 0

  /** Number of records of all people. */
  get records(): number {
    return this.#records
  }

  create(person: Person, collection: Nsid, fields: JsonObject, created: Created): CommitEvent {
    const { at, rev = this.nextRev(person, at), nth = 0 } = created
    const { rkey = createRaw(person.revMicros - 500 + nth, person.index % 1024) } = created
    const record = { $type: collection, createdAt: iso(at), ...fields }
    const path: RecordPath = `${collection}/${rkey}`
    this.#put(person, path, record)
    person.recent.push(path)
    if (person.recent.length > RECENT) person.recent.shift()
    return { kind: 'commit', did: person.did, at, rev, op: 'create', collection, rkey, record }
  }

  update(person: Person, path: RecordPath, record: JsonObject, at: Micros): CommitEvent {
    const [collection, rkey] = split(path)
    const rev = this.nextRev(person, at)
    this.#put(person, path, record)
    return { kind: 'commit', did: person.did, at, rev, op: 'update', collection, rkey, record }
  }

  /** Deletes a record, or shows the deletion of one that there is not. */
  delete(person: Person, path: RecordPath, at: Micros, rev = this.nextRev(person, at)): CommitEvent {
    const [collection, rkey] = split(path)
    this.drop(person, path)
    return { kind: 'commit', did: person.did, at, rev, op: 'delete', collection, rkey, record: undefined }
  }

  /** Deletes a record without an event of its own. */
  drop({ records }: Person, path: RecordPath): void {
    if (records.delete(path)) this.#records -= 1
  }

  /** Record keys lie up to half a millisecond before their revision; a millisecond between revisions keeps them unique. */
  nextRev(person: Person, at: Micros): string {
    person.revMicros = Math.max(at, person.revMicros + 1_000)
    return createRaw(person.revMicros, person.index % 1024)
  }

  #put({ records }: Person, path: RecordPath, record: JsonObject): void {
    if (!records.has(path)) this.#records += 1
    records.set(path, record)
  }
}

/** The collection and the record key of a path. */
export function split(path: string): [Nsid, string] {
  const slash = path.indexOf('/')
  return [path.slice(0, slash) as Nsid, path.slice(slash + 1)]
}
