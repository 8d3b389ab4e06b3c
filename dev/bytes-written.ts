import { readFileSync } from 'node:fs'

/** What a process has written so far, in bytes. */
export type BytesWritten = {
  /** Handed to the system, for files and sockets alike. */
  byCalls: number
  /** Pages that were clean in the system's cache and have to go to the disk now. */
  toDisk: number
}

/** Reads what a process has written so far; zeros where the system does not tell (it is Linux that does). */
export function bytesWritten(pid: number | undefined): BytesWritten {
  try {
    const io = readFileSync(`/proc/${pid}/io`, 'utf8')
    const field = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(io)?.[1] ?? 0)
    return { byCalls: field('wchar'), toDisk: field('write_bytes') }
  } catch {
    return { byCalls: 0, toDisk: 0 }
  }
}
