import assert from 'node:assert/strict'
import type { Did } from '../../src/atproto/event.ts'
import { type Check, check } from './check.ts'
import { fold, like } from './operations.ts'

/** Checks the leaderboard and its ranks. */
export const boardChecks: readonly Check[] = [
  check('the board goes by experience, equals share a rank, and has a middle', async ({ reader }, writer) => {
    const dids = Array.from({ length: 12 }, (_, n): Did => `did:web:p${n}.example`)
    await fold(
      writer,
      dids.flatMap((did, n) => Array.from({ length: 1 + (n >> 1) }, (_, i) => like(did, i + 1))),
    )
    const seen: Did[] = []
    const ranks: number[] = []
    let cursor: string | undefined
    do {
      const page = await reader.board({ cursor, around: undefined, limit: 5 })
      seen.push(...page.items.map(({ character }) => character.did))
      ranks.push(...page.items.map(({ rank }) => rank))
      cursor = page.cursor
    } while (cursor !== undefined)
    assert.equal(new Set(seen).size, 12)
    assert.deepEqual(ranks, [1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11])
    const around = await reader.board({ cursor: undefined, around: seen[5], limit: 5 })
    assert.deepEqual(
      around.items.map(({ character }) => character.did),
      seen.slice(3, 8),
    )
    const atTop = await reader.board({ cursor: undefined, around: seen[0], limit: 5 })
    assert.deepEqual(
      atTop.items.map(({ character }) => character.did),
      seen.slice(0, 5),
    )
    const standings = [60, 50, 40, 30, 20, 10].map((experience) => ({ experience, characters: 2 }))
    assert.deepEqual(await reader.xpHistogram(), standings)
  }),
]
