// The characters of this worker's shards, cached while they are in use, since no other worker changes them.
import { isTid } from '@atcute/lexicons/syntax'
import type { Did, Handle, Nsid } from '../../../atproto/event.ts'
import { type RecordId, uriOf } from '../../../atproto/uri.ts'
import type { RecordsPart } from '../../../game/operation.ts'
import { type Granted, type Known, pathOf, type RecordPath, type RecordsPage } from '../../../game/state.ts'
import { type Day, type DaySpan, dayOf } from '../../../game/time.ts'
import type { Touched } from '../../../game/touched.ts'
import { type DayPage, dayCounted, isWithin } from '../../day-index.ts'
import { GenerationalCache } from '../../generational-cache.ts'
import type { Row } from '../driver/paging.ts'
import type { Session } from '../driver/session.ts'
import { numberOf } from '../driver/values.ts'
import { allRecordBuckets, recordBuckets } from '../rows/buckets.ts'
import { readStoredCharacter, type StoredCharacter } from '../rows/character-row.ts'
import { readRecord, type StoredRecord } from '../rows/record-row.ts'
import { readDays } from './days.ts'
import { readPart, readPaths } from './records-part.ts'

/** Maximum rows cached; one takes about a kilobyte. */
const MAX_CACHED = 200_000
/** Rows asked for at once: more in one request would make one server wait for the others. */
const AT_ONCE = 40

const CHARACTERS = 'SELECT * FROM characters WHERE did IN ?'
const RECORD = 'SELECT * FROM records WHERE did = ? AND bucket = ? AND collection = ? AND rkey = ?'
const GRANTS = 'SELECT day, granted FROM grants WHERE did = ?'
const GRANTS_ON = 'SELECT day, granted FROM grants WHERE did = ? AND day IN ?'
const GRANTS_WITHIN = 'SELECT day, granted FROM grants WHERE did = ? AND day >= ? AND day <= ?'
const OWNER = 'SELECT did FROM handles WHERE handle = ?'
const RECORDS = 'SELECT * FROM records WHERE did = ? AND bucket = ?'

/** What `load` found: `known` for the game, the rest for the plan. */
export type Loaded = {
  known: Known
  character: (did: Did) => StoredCharacter | undefined
  records: Map<Did, Map<RecordPath, StoredRecord>>
}

export type PeopleOptions = {
  owns: (did: Did) => boolean
  /** Whether the newest rules award a person; see `Known.isMoved`. */
  isMoved: (did: Did, character: StoredCharacter | undefined) => boolean
  /** Finds the records of a part by day; `undefined` where their days have not been read. */
  findDays: (did: Did, part: RecordsPart) => DayPage | undefined
}

export class People {
  readonly #session: Session
  readonly #owns: PeopleOptions['owns']
  readonly #isMoved: PeopleOptions['isMoved']
  readonly #findDays: PeopleOptions['findDays']
  /** `null` for people who have no row. */
  readonly #cached = new GenerationalCache<Did, StoredCharacter | null>(MAX_CACHED)

  constructor(session: Session, { owns, isMoved, findDays }: PeopleOptions) {
    this.#session = session
    this.#owns = owns
    this.#isMoved = isMoved
    this.#findDays = findDays
  }

  /** Reads `touched`, as far as it is not cached. People of other workers are read every time: their owners change them. */
  async load(touched: Touched): Promise<Loaded> {
    const { actors, records: ids, whole, parts, grants, handles } = touched
    const owners = await this.#owners(handles)
    const people = await this.#people(new Set([...actors, ...whole, ...owners.values()]))
    const found = new Map<string, StoredRecord>()
    await Promise.all([
      ...dedupe(ids).map((id) => this.#record(id, people.get(id.did) ?? undefined, found)),
      ...[...whole].map((did) => this.#whole(did, people.get(did) ?? undefined, found)),
    ])
    const pages = new Map<Did, RecordsPage>()
    await Promise.all(
      [...parts].map(async ([did, part]) => {
        const { records, days, next } = await this.#part(did, people.get(did) ?? undefined, part)
        for (const record of records) found.set(uriOf(record.id), record)
        pages.set(did, { records: records.map(({ id, state }) => [id, state]), days, next })
      }),
    )
    const granted = await this.#granted({ whole, grants, pages }, found)
    const byDid = Map.groupBy(found.values(), ({ id }) => id.did)
    const records = new Map<Did, Map<RecordPath, StoredRecord>>()
    for (const [did, all] of byDid)
      records.set(did, new Map(all.map((record) => [pathOf(record.id), record])))
    const days = await readDays(this.#session, touched, {
      state: (did) => people.get(did)?.state,
      records: (did) => (byDid.get(did) ?? []).map(({ state }) => state),
    })
    return {
      known: {
        actor: (did) => people.get(did)?.state,
        record: (id) => found.get(uriOf(id))?.state,
        ownerOf: (handle) => {
          const owner = owners.get(handle)
          // The table names the person who had the handle last; their own row says whether they still have it.
          const character = owner === undefined ? undefined : people.get(owner)
          return character?.profile?.handle === handle ? owner : undefined
        },
        records: (did) =>
          (byDid.get(did) ?? []).map(({ id, state }): [RecordId, StoredRecord['state']] => [id, state]),
        part: (did) => pages.get(did) ?? { records: [], days: undefined, next: undefined },
        isMoved: (did) => this.#isMoved(did, people.get(did) ?? undefined),
        granted: (did) => granted.get(did) ?? new Map(),
        days: (did) => days.get(did) ?? new Map(),
      },
      character: (did) => people.get(did) ?? undefined,
      records,
    }
  }

  async one(did: Did): Promise<StoredCharacter | undefined> {
    return (await this.#people(new Set([did]))).get(did) ?? undefined
  }

  record(id: RecordId, character: StoredCharacter): Promise<StoredRecord | undefined> {
    return this.#lookUp(id, character)
  }

  /** Caches a character as it was just written. */
  cache(did: Did, character: StoredCharacter | null): void {
    this.#cached.set(did, character)
  }

  /** Empties the cache: another worker owns some of the people now, or a plan for them was refused. */
  forget(): void {
    this.#cached.clear()
  }

  async #owners(handles: ReadonlySet<Handle>): Promise<Map<Handle, Did>> {
    const owners = new Map<Handle, Did>()
    await Promise.all(
      [...handles].map(async (handle) => {
        const [row] = await this.#session.readForDecision(OWNER, [handle])
        if (row !== undefined) owners.set(handle, row.did as Did)
      }),
    )
    return owners
  }

  async #people(dids: ReadonlySet<Did>): Promise<Map<Did, StoredCharacter | null>> {
    const people = new Map<Did, StoredCharacter | null>()
    const missing: Did[] = []
    for (const did of dids) {
      const character = this.#cached.get(did)
      if (character === undefined) missing.push(did)
      else people.set(did, character)
    }
    const groups: Did[][] = []
    for (let at = 0; at < missing.length; at += AT_ONCE) groups.push(missing.slice(at, at + AT_ONCE))
    await Promise.all(
      groups.map(async (group) => {
        for (const did of group) people.set(did, null)
        for (const row of await this.#session.readForDecision(CHARACTERS, [group])) {
          people.set(row.did as Did, readStoredCharacter(row))
        }
        for (const did of group) if (this.#owns(did)) this.cache(did, people.get(did) ?? null)
      }),
    )
    return people
  }

  /** Skips a key that is a TID greater than all of the person's: the record is new. Most records need no request so. */
  async #record(
    id: RecordId,
    character: StoredCharacter | undefined,
    found: Map<string, StoredRecord>,
  ): Promise<void> {
    const kind = character?.kinds.get(id.collection)
    if (character === undefined || kind === undefined) return
    if (isTid(id.rkey) && (kind.greatest === undefined || id.rkey > kind.greatest)) return
    const record = await this.#lookUp(id, character)
    if (record !== undefined) found.set(uriOf(id), record)
  }

  async #lookUp(
    { did, collection, rkey }: RecordId,
    character: StoredCharacter,
  ): Promise<StoredRecord | undefined> {
    const rows = await Promise.all(
      recordBuckets(rkey, character.records).map((bucket) =>
        this.#session.readForDecision(RECORD, [did, bucket, collection, rkey]),
      ),
    )
    const [row] = rows.flat()
    return row && readRecord(row)
  }

  async #granted(
    { whole, grants, pages }: Pick<Touched, 'whole' | 'grants'> & { pages: ReadonlyMap<Did, RecordsPage> },
    found: ReadonlyMap<string, StoredRecord>,
  ): Promise<Map<Did, ReadonlyMap<Day, Granted>>> {
    const granted = new Map<Did, ReadonlyMap<Day, Granted>>()
    const onDays = [...grants].filter(([did]) => !whole.has(did))
    await Promise.all([
      ...onDays.map(async ([did, days]) => {
        const witnessed = found.values().filter(({ id }) => id.did === did)
        const all = new Set([...days, ...witnessed.map(({ state }) => dayOf(state.at))])
        // An import may bring new records only. A server refuses a list of no days.
        if (all.size === 0) return
        granted.set(did, readGrants(await this.#session.readForDecision(GRANTS_ON, [did, [...all]])))
      }),
      ...[...pages].map(async ([did, { days }]) => {
        if (days === undefined) return
        const params = [did, days.first, days.last]
        granted.set(did, readGrants(await this.#session.readForDecision(GRANTS_WITHIN, params)))
      }),
      ...[...whole].map(async (did) => {
        granted.set(did, readGrants(await this.#session.readForDecision(GRANTS, [did])))
      }),
    ])
    return granted
  }

  async #part(
    did: Did,
    character: StoredCharacter | undefined,
    part: RecordsPart,
  ): Promise<{ records: StoredRecord[]; days: DaySpan | undefined; next: string | undefined }> {
    if (part.by === 'key') return { ...(await readPart(this.#session, character, part)), days: undefined }
    const page = this.#findDays(did, part)
    if (character === undefined || page === undefined)
      return { records: [], days: undefined, next: part.from }
    const { paths, days, next } = page
    const records = await readPaths(this.#session, character, paths)
    return { records: records.filter(({ state }) => isWithin(days, dayCounted(state))), days, next }
  }

  async #whole(
    did: Did,
    character: StoredCharacter | undefined,
    found: Map<string, StoredRecord>,
  ): Promise<void> {
    if (character === undefined) return
    await Promise.all(
      allRecordBuckets(character.records).map(async (bucket) => {
        for await (const rows of this.#session.pagesForDecision(RECORDS, [did, bucket])) {
          for (const row of rows) {
            const record = readRecord(row)
            found.set(uriOf(record.id), record)
          }
        }
      }),
    )
  }
}

export function readGrants(rows: readonly Row[]): Map<Day, Granted> {
  return new Map(
    rows.map(({ day, granted }) => {
      const byCollection = Object.entries(granted as Record<Nsid, unknown>)
      return [numberOf(day), new Map(byCollection.map(([nsid, xp]) => [nsid as Nsid, numberOf(xp)]))]
    }),
  )
}

function dedupe(ids: readonly RecordId[]): RecordId[] {
  return [...new Map(ids.map((id) => [uriOf(id), id])).values()]
}
