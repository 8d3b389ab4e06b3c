// Exports and restores as texts in memory.
import { readExport } from '../../src/store/export/read-export.ts'
import { type RestoreProgress, restore } from '../../src/store/export/restore.ts'
import { countsOf, type ExportCounts, exportLines } from '../../src/store/export/write-export.ts'
import type { Store } from '../../src/store/store.ts'

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

/** What the last line of an export says. */
export async function contentOf(store: Store): Promise<ExportCounts> {
  await using source = await store.source()
  return await countsOf(source)
}

/** Parts that end in the middle of lines and letters. */
export async function* partsOf(bytes: Uint8Array, size = 1_009): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
