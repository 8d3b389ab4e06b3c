import assert from 'node:assert/strict'
import type { Did, Nsid } from '../../src/atproto/event.ts'
import type { PeriodBoard } from '../../src/game/boards.ts'
import type { LedgerEvent } from '../../src/game/state.ts'
import type { Page, Placed, Ranked, Reader } from '../../src/store/store.ts'

/** A page size that divides few numbers, so pages end anywhere. */
const PAGE = 7

/** A whole timeline, newest first; `undefined` if the person is not shown. */
export async function readTimeline(
  reader: Reader,
  did: Did,
  type: Nsid | undefined = undefined,
): Promise<LedgerEvent[] | undefined> {
  return readPages((cursor) => reader.events(did, { type, cursor, limit: PAGE }))
}

/** The whole board, most first. */
export async function readBoard(reader: Reader): Promise<Ranked[]> {
  const all = await readPages((cursor) => reader.board({ cursor, around: undefined, limit: PAGE }))
  return all ?? []
}

/** The whole board of a period; empty where there is none. */
export async function readPeriodBoard(reader: Reader, board: PeriodBoard): Promise<Placed[]> {
  const read = (cursor: string | undefined) =>
    reader.periodBoard(board, { cursor, around: undefined, limit: PAGE })
  return (await readPages(read)) ?? []
}

async function readPages<T>(
  read: (cursor: string | undefined) => Promise<Page<T> | undefined>,
): Promise<T[] | undefined> {
  const all: T[] = []
  let cursor: string | undefined
  do {
    const page = await read(cursor)
    if (page === undefined) return undefined
    assert.ok(page.items.length <= PAGE, 'a page is no longer than asked for')
    all.push(...page.items)
    cursor = page.cursor
  } while (cursor !== undefined)
  return all
}
