import type { Did, Handle } from '@atcute/lexicons/syntax'
import type { RecordId } from '../../atproto/uri.ts'
import type { Tally } from '../../game/days.ts'
import type { RecordsPart } from '../../game/operation.ts'
import {
  type Granted,
  type Known,
  pathOf,
  pathParts,
  type RecordPath,
  type RecordState,
  type RecordsPage,
} from '../../game/state.ts'
import type { Day } from '../../game/time.ts'
import type { Touched } from '../../game/touched.ts'
import { type DayPage, dayCounted, isWithin } from '../day-index.ts'
import type { ActorRow } from './actor-row.ts'
import type { Tables } from './tables.ts'

const NOTHING_GRANTED: ReadonlyMap<Day, Granted> = new Map()
const NO_RECORDS: RecordsPage = { records: [], days: undefined, next: undefined }
const NO_DAYS: ReadonlyMap<Day, Tally> = new Map()

/** Finds the records of a part by day; `undefined` where their days have not been read. */
export type FindDays = (did: Did, part: RecordsPart) => DayPage | undefined

/** Reads the state that the game needs to decide on a batch, before anything of it is applied. */
export function load(tables: Tables, touched: Touched, findDays: FindDays): Known {
  const { people, records, grants, days, profiles, moves } = tables
  const found = new Map<Did, Map<RecordPath, RecordState>>()
  const keep = (id: RecordId, state: RecordState) =>
    found.getOrInsertComputed(id.did, () => new Map()).set(pathOf(id), state)
  for (const id of touched.records) {
    const row = people.find(id.did)
    const state = row && records.find(row, id.collection, id.rkey)
    if (state !== undefined) keep(id, state)
  }
  const all = new Map<Did, [RecordId, RecordState][]>()
  for (const did of touched.whole) {
    const row = people.find(did)
    all.set(did, row === undefined ? [] : records.of(row))
  }
  const parts = new Map<Did, RecordsPage>()
  for (const [did, part] of touched.parts) {
    const row = people.find(did)
    const page = row === undefined ? NO_RECORDS : partOf(tables, row, { part, findDays })
    parts.set(did, page)
    for (const [id, state] of page.records) keep(id, state)
  }
  const granted = new Map<Did, ReadonlyMap<Day, Granted>>()
  for (const [did, days] of touched.grants) {
    const row = people.find(did)
    if (row !== undefined) granted.set(did, grants.on(row, days, found.get(did)?.values() ?? []))
  }
  for (const did of touched.whole) {
    const row = people.find(did)
    if (row !== undefined) granted.set(did, grants.of(row))
  }
  for (const [did, { days: span }] of parts) {
    const row = people.find(did)
    if (row !== undefined && span !== undefined) granted.set(did, grants.within(row, span))
  }
  const counted = days.load(touched, people, (did) => found.get(did)?.values() ?? [])
  // Made for those of whom a record changes: of most people a recompute changes none.
  const byPath = new Map<Did, Map<RecordPath, RecordState>>()
  const ofWhole = (id: RecordId): RecordState | undefined => {
    const those = all.get(id.did)
    if (those === undefined) return undefined
    const own = byPath.getOrInsertComputed(
      id.did,
      () => new Map(those.map(([other, state]) => [pathOf(other), state])),
    )
    return own.get(pathOf(id))
  }
  const owners = new Map<Handle, Did>()
  for (const handle of touched.handles) {
    const owner = profiles.ownerOf(handle)
    if (owner !== undefined) owners.set(handle, owner)
  }
  return {
    actor: (did) => people.find(did)?.state,
    record: (id) => found.get(id.did)?.get(pathOf(id)) ?? ofWhole(id),
    ownerOf: (handle) => owners.get(handle),
    records: (did) => all.get(did) ?? [],
    part: (did) => parts.get(did) ?? NO_RECORDS,
    isMoved: (did) => {
      const row = people.find(did)
      return row === undefined || moves.isMoved(row.id)
    },
    granted: (did) => granted.get(did) ?? NOTHING_GRANTED,
    days: (did) => counted.get(did) ?? NO_DAYS,
  }
}

function partOf(
  { records }: Pick<Tables, 'records'>,
  row: ActorRow,
  { part, findDays }: { part: RecordsPart; findDays: FindDays },
): RecordsPage {
  if (part.by === 'key') return { ...records.part(row, part), days: undefined }
  const { did } = row.state
  const found = findDays(did, part)
  if (found === undefined) return { ...NO_RECORDS, next: part.from }
  const { paths, days, next } = found
  const those = [...paths].flatMap((path): [RecordId, RecordState][] => {
    const id = { did, ...pathParts(path) }
    const state = records.find(row, id.collection, id.rkey)
    return state !== undefined && isWithin(days, dayCounted(state)) ? [[id, state]] : []
  })
  return { records: those, days, next }
}
