/** How often progress is printed, in milliseconds. */
const EVERY_MS = 2_000

/** Prints how far a command is, every two seconds at most, to standard error: the output may be a pipe. */
export function progressLine(what: string): (how: string) => void {
  let dueMs = performance.now() + EVERY_MS
  return (how) => {
    const nowMs = performance.now()
    if (nowMs < dueMs) return
    dueMs = nowMs + EVERY_MS
    console.error(`${what} ${how}`)
  }
}
