import assert from 'node:assert/strict'
import type { Did } from '../../src/atproto/event.ts'
import { BOARD_KINDS, type BoardKind, periodOf } from '../../src/game/boards.ts'
import type { Reader } from '../../src/store/store.ts'
import { game, person, START } from '../game/arbitrary.ts'
import { type Check, check, KEEP } from './check.ts'
import { fold, like, named, post, removalOf, status } from './operations.ts'

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
  check('boards of the running week and month go by what was earned in them', async (store, writer, open) => {
    const { reader, auditor } = store
    const [first, second, third] = [person(0), person(1), person(2)]
    const places = async (from: Reader, kind: BoardKind, day: number) => {
      const page = await from.periodBoard({ kind, period: periodOf(kind, day) }, ALL)
      return page?.items.map(({ rank, earned, character }) => [rank, earned, character.did])
    }
    assert.equal(await places(reader, 'week', TODAY), undefined)
    await fold(writer, [post(first, 1), like(second, 2), post(third, 3), like(third, 4)])
    await fold(writer, [like(second, 5), like(first, 6)])
    const all = [
      [1, 60, first],
      [1, 60, third],
      [3, 20, second],
    ]
    for (const kind of BOARD_KINDS) {
      assert.deepEqual((await places(reader, kind, TODAY))?.toSorted(byPlace), all, kind)
      assert.equal(await places(reader, kind, TODAY - 100), undefined)
      assert.equal(await places(reader, kind, TODAY + 100), undefined)
    }
    // Who leaves is on no board, and back with everything when they come back.
    await fold(writer, [status(first, 'deactivated', 7), like(first, 8), removalOf(third, 4)])
    assert.deepEqual(await places(reader, 'week', TODAY), [
      [1, 50, third],
      [2, 20, second],
    ])
    await fold(writer, [status(first, 'active', 9)])
    await writer[Symbol.asyncDispose]()
    await using again = await open()
    await using next = await again.write(KEEP)
    await fold(next, [like(third, 10)])
    for (const kind of BOARD_KINDS) {
      assert.deepEqual(await places(again.reader, kind, TODAY), [
        [1, 70, first],
        [2, 60, third],
        [3, 20, second],
      ])
    }
    // Who is deleted begins anew.
    await fold(next, [status(first, 'deleted', 11), status(first, 'active', 12), named(first, 'first.test')])
    assert.equal((await places(again.reader, 'month', TODAY))?.length, 2)
    await fold(next, [like(first, 13)])
    assert.deepEqual((await places(again.reader, 'week', TODAY))?.at(-1), [3, 10, first])
    // A later period begins without anybody.
    await fold(next, [like(second, 14 + 40 * 86_400)])
    for (const kind of BOARD_KINDS)
      assert.deepEqual(await places(again.reader, kind, TODAY + 40), [[1, 10, second]])
    assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
  }),
]

const TODAY = Math.floor(START / 86_400_000_000)
const ALL = { cursor: undefined, around: undefined, limit: 100 }

/** Equals are in an order of the store's own. */
function byPlace(a: (string | number)[], b: (string | number)[]): number {
  return Number(a[0]) - Number(b[0]) || (String(a[2]) < String(b[2]) ? -1 : 1)
}
