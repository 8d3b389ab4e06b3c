import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Did, Nsid } from '@atcute/lexicons/syntax'
import type { LedgerEvent } from '../../game/state.ts'
import { type EventsPage, InvalidCursorError, type Page } from '../store.ts'
import type { Kind } from './actor-row.ts'
import type { EntryVersions } from './entry-versions.ts'
import type { Names } from './names.ts'
import { recordKey, type StoredKey } from './tid.ts'

/** The columns of `events` that `ledgerEvent` reads, in its order. All integers come as bigints. */
export const EVENT_COLUMNS = 'e.id, e.actor, e.back, e.at, e.entry, e.rkey, e.delta, e.experience'

type EventRow = readonly [bigint, bigint, bigint, bigint, bigint, StoredKey, bigint, bigint]

/** Reads a row of `EVENT_COLUMNS`. */
export function ledgerEvent(
  row: readonly unknown[],
  did: Did,
  { names, versions }: { names: Names; versions: EntryVersions },
): LedgerEvent {
  const [id, actor, , at, entryId, rkey, delta, experience] = row as EventRow
  const { collection, cause, reason } = names.entry(Number(entryId))
  return {
    did,
    collection,
    rkey: recordKey(rkey),
    at: Number(at) * 1000,
    cause,
    reason,
    delta: Number(delta),
    experience: Number(experience),
    rules: versions.of(Number(actor), Number(id)),
  }
}

/**
 * A person's events, newest first. The events of each collection form a chain, and a page merges the chains by id. A cursor
 * holds the next id of each chain, so a page costs the same however far down it is.
 */
export class Timeline {
  readonly #parts: { names: Names; versions: EntryVersions }
  readonly #select: StatementSync

  constructor(db: DatabaseSync, parts: { names: Names; versions: EntryVersions }) {
    this.#parts = parts
    this.#select = db.prepare(`SELECT ${EVENT_COLUMNS} FROM events e WHERE e.id = ?`)
    this.#select.setReadBigInts(true)
    this.#select.setReturnArrays(true)
  }

  /** @throws {InvalidCursorError} */
  page(
    person: { id: number; did: Did; kinds: ReadonlyMap<Nsid, Kind> },
    { type, cursor, limit }: EventsPage,
  ): Page<LedgerEvent> {
    const heads = cursor === undefined ? newest(person.kinds, type) : readCursor(cursor)
    const items: LedgerEvent[] = []
    this.#parts.versions.refresh()
    while (items.length < limit && heads.length > 0) {
      heads.sort((a, b) => a - b)
      const id = heads.pop() as number
      const row = this.#select.get(id) as unknown as EventRow | undefined
      // Pruned: the chain ends here.
      if (row === undefined) continue
      const event = ledgerEvent(row, person.did, this.#parts)
      if (Number(row[1]) !== person.id || (type !== undefined && event.collection !== type)) {
        throw new InvalidCursorError('the cursor belongs to another timeline')
      }
      items.push(event)
      const back = Number(row[2])
      if (back > 0) heads.push(id - back)
    }
    return { items, cursor: heads.length === 0 ? undefined : writeCursor(heads) }
  }
}

function newest(kinds: ReadonlyMap<Nsid, Kind>, type: Nsid | undefined): number[] {
  const heads: number[] = []
  for (const [collection, { lastEvent }] of kinds) {
    if (lastEvent > 0 && (type === undefined || collection === type)) heads.push(lastEvent)
  }
  return heads
}

function writeCursor(heads: readonly number[]): string {
  return heads.map((id) => id.toString(36)).join('-')
}

/** At most 128 chains, so a forged cursor costs no more than a real one. */
const CURSOR = /^[0-9a-z]{1,10}(-[0-9a-z]{1,10}){0,127}$/

function readCursor(cursor: string): number[] {
  if (!CURSOR.test(cursor)) throw new InvalidCursorError('the cursor is not one of a timeline')
  return cursor.split('-').map((id) => Number.parseInt(id, 36))
}
