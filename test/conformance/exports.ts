// Exports and restores as texts in memory.
import { readExport } from '../../src/store/export/read-export.ts'
import { type RestoreProgress, restore } from '../../src/store/export/restore.ts'
import { countsOf, type ExportCounts, exportLines } from '../../src/store/export/write-export.ts'
import type { Store } from '../../src/store/store.ts'
import type { Place } from './check.ts'

/** Few, so that people are divided among blocks. */
const LINES_PER_BLOCK = 7

export async function exported(store: Store, id = 'an-export'): Promise<string> {
  await using source = await store.source()
  let text = ''
  for await (const block of exportLines(source, { id, program: 'test', at: 0 }, LINES_PER_BLOCK))
    text += block
  return text
}

export function restored(
  store: Store,
  text: string,
  progress: (done: RestoreProgress) => void = () => {},
): Promise<ExportCounts> {
  return restore(readExport(partsOf(Buffer.from(text))), ({ id }) => store.restore(id), progress)
}

/** What the last line of an export in this version of the format says. */
export async function contentOf(store: Store, version?: number): Promise<ExportCounts> {
  await using source = await store.source()
  return await countsOf(source, version)
}

/**
 * A check of exports out of one place and restores into another, which may be of another store.
 */
export type CopyCheck = {
  title: string
  run(from: () => Promise<Place>, to: () => Promise<Place>): Promise<void>
}

export async function opening<T>(place: Place, work: (store: Store) => Promise<T>): Promise<T> {
  await using store = await place.open()
  return await work(store)
}

/** Parts that end in the middle of lines and letters. */
export async function* partsOf(bytes: Uint8Array, size = 1_009): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
