import { readFileSync } from 'node:fs'
import type { StreamEvent } from '../atproto/event.ts'
import { readV1 } from '../jetstream/wire-v1.ts'

/**
 * Reads a file of v1 messages, one a line.
 * @throws {Error} naming the first line that is none
 */
export function readRecording(path: string): StreamEvent[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const frame = readV1(line)
    if (frame.type === 'event') return [frame.event]
    throw new Error(`${path}:${index + 1} is not a message of Jetstream's /subscribe`)
  })
}
