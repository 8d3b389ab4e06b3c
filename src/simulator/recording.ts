import { readFileSync } from 'node:fs'
import { isDid, isHandle, isNsid, isRecordKey, isTid } from '@atcute/lexicons/syntax'
import type { AccountStatus, StreamEvent } from '../atproto/event.ts'
import { isObject, type JsonObject } from '../atproto/json.ts'
import { microsOf } from '../atproto/micros.ts'

/**
 * Reads a file of v1 messages, one a line.
 * @throws {Error} naming the first line that is no such message
 */
export function readRecording(path: string): StreamEvent[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const event = readMessage(line)
    if (event !== undefined) return [event]
    throw new Error(`${path}:${index + 1} is not a message of Jetstream's /subscribe`)
  })
}

/** Stricter than clients: a recording should hold only what was really sent. */
function readMessage(line: string): StreamEvent | undefined {
  let message: unknown
  try {
    message = JSON.parse(line)
  } catch {
    return undefined
  }
  if (!isObject(message)) return undefined
  const { did, time_us: at, kind } = message
  if (!isDid(did) || typeof at !== 'number' || !Number.isSafeInteger(at)) return undefined
  const fields: JsonObject = isObject(message[String(kind)]) ? (message[String(kind)] as JsonObject) : {}
  switch (kind) {
    case 'commit': {
      const { rev, operation: op, collection, rkey, record } = fields
      if (!isTid(rev) || !isNsid(collection) || !isRecordKey(rkey)) return undefined
      if (op === 'delete') return { kind, did, at, rev, op, collection, rkey, record: undefined }
      if ((op !== 'create' && op !== 'update') || !isObject(record)) return undefined
      return { kind, did, at, rev, op, collection, rkey, record }
    }
    case 'identity':
      return { kind, did, at, handle: isHandle(fields.handle) ? fields.handle : undefined }
    case 'account': {
      const time = microsOf(fields.time)
      if (typeof fields.active !== 'boolean' || time === undefined) return undefined
      const status = fields.active ? 'active' : ((fields.status ?? 'inactive') as AccountStatus)
      return { kind, did, at, time, status }
    }
    default:
      return undefined
  }
}
