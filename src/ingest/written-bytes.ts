import { readFileSync } from 'node:fs'

/**
 * Bytes that this thread has caused to be written to disks so far: SQLite writes on the thread that calls it. `undefined` on
 * systems other than Linux, and where /proc is not there.
 */
export function writtenBytes(): number | undefined {
  try {
    const counted = /^write_bytes: (\d+)/m.exec(readFileSync('/proc/thread-self/io', 'utf8'))
    return counted === null ? undefined : Number(counted[1])
  } catch {
    return undefined
  }
}
