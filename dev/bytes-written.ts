import { readFileSync } from 'node:fs'

/** What a process has written so far, in bytes. */
export type BytesWritten = {
  /** Passed to write calls, for files and sockets alike. */
  byCalls: number
  /** Pages made dirty in the page cache, which go to the disk. */
  toDisk: number
}

/** Reads what a process has written so far; zeros on systems other than Linux. */
export function bytesWritten(pid: number | undefined): BytesWritten {
  try {
    const io = readFileSync(`/proc/${pid}/io`, 'utf8')
    const field = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(io)?.[1] ?? 0)
    return { byCalls: field('wchar'), toDisk: field('write_bytes') }
  } catch {
    return { byCalls: 0, toDisk: 0 }
  }
}
