// Answers of the tests' own about everybody who is asked for at once; other questions pass.
import { answered } from '../client/sample.ts'
import type { Answer } from './relay.ts'

/** Everybody is a character like this. */
export function lying(path: string, overrides: object, leveling: object = {}): Answer | 'pass' {
  const names = namesIn(path)
  const didOf = (n: number): string => `did:plc:liar${n}`
  const items = names?.map((handle, n) => answered({ did: didOf(n), handle, ...overrides }, leveling))
  const asked = names?.map((name, n) => ({ name, outcome: 'known', did: didOf(n) }))
  return items === undefined ? 'pass' : { status: 200, body: JSON.stringify({ items, cursor: null, asked }) }
}

/** Nobody is a character. */
export function hiding(path: string): Answer | 'pass' {
  const asked = namesIn(path)?.map((name) => ({ name, outcome: 'unknown', did: null }))
  return asked === undefined
    ? 'pass'
    : { status: 200, body: JSON.stringify({ items: [], cursor: null, asked }) }
}

function namesIn(path: string): string[] | undefined {
  if (!path.startsWith('/v1/characters?')) return undefined
  return decodeURIComponent(path.split('=')[1] ?? '').split(',')
}
