import { isObject, type JsonObject } from '../atproto/json.ts'
import { NO_CHANGES, type RuleChanges, rulebook } from '../game/rulebook.ts'
import type { Title } from '../game/titles.ts'
import { readText } from './values.ts'

const KEYS = ['points', 'caps', 'titles']

/** Reads the JSON file that `RULES` names: `{"points": {...}, "caps": {...}, "titles": [{"level", "title"}]}`. */
export function rulesFile(path: string): RuleChanges {
  const parsed = parse(readText(path))
  const unknown = Object.keys(parsed).find((part) => !KEYS.includes(part))
  if (unknown !== undefined) throw new Error(`a JSON object with only ${KEYS.join(', ')}; it has ${unknown}`)
  const changes: RuleChanges = {
    points: table('points', parsed.points),
    caps: table('caps', parsed.caps),
    titles: parsed.titles === undefined ? NO_CHANGES.titles : titles(parsed.titles),
  }
  try {
    rulebook(changes)
  } catch (error) {
    throw new Error(`consistent rules: ${error instanceof Error ? error.message : error}`)
  }
  return changes
}

function parse(text: string): JsonObject {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new Error(`a JSON file (${error instanceof Error ? error.message : error})`)
  }
  if (!isObject(parsed)) throw new Error('a file with a JSON object')
  return parsed
}

function table(part: string, value: unknown): Record<string, number> {
  if (value === undefined) return {}
  const entries = isObject(value) ? Object.entries(value) : undefined
  if (!entries?.every((entry): entry is [string, number] => typeof entry[1] === 'number')) {
    throw new Error(`a file whose ${part} are an object of whole numbers`)
  }
  return Object.fromEntries(entries)
}

function titles(value: unknown): Title[] {
  const expected = 'a file whose titles are a list of {"level": number, "title": text}'
  if (!Array.isArray(value)) throw new Error(expected)
  return value.map((entry: unknown) => {
    if (!isObject(entry) || typeof entry.level !== 'number' || typeof entry.title !== 'string') {
      throw new Error(expected)
    }
    return { level: entry.level, title: entry.title }
  })
}
