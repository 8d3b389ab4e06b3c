import assert from 'node:assert/strict'
import type { Did } from '../../src/atproto/event.ts'
import { type BoardKind, periodOf } from '../../src/game/boards.ts'
import type { Game } from '../../src/game/game.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { KEPT_PERIODS } from '../../src/store/period-boards.ts'
import type { Reader } from '../../src/store/store.ts'
import { game, POST, person, START, tid } from '../game/arbitrary.ts'
import { recomputeAll } from '../recompute-all.ts'
import { type Check, check, KEEP } from './check.ts'
import { alice, bob, commitOf, fold, like, named, post, removalOf, status } from './operations.ts'

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
    assert.equal(await places(reader, 'week', TODAY), undefined)
    await fold(writer, [post(first, 1), like(second, 2), post(third, 3), like(third, 4)])
    await fold(writer, [like(second, 5), like(first, 6)])
    const all = [
      [1, 60, first],
      [1, 60, third],
      [3, 20, second],
    ]
    for (const kind of BY_XP) {
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
    for (const kind of BY_XP) {
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
    for (const kind of BY_XP)
      assert.deepEqual(await places(again.reader, kind, TODAY + 40), [[1, 10, second]])
    assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
  }),
  check('boards of past periods stay, and go by what is left of them', async (store, writer, open) => {
    const { reader, auditor } = store
    await fold(writer, [on(0, described(alice, 1)), on(0, post(alice, 2)), on(0, like(bob, 3))])
    await fold(writer, [on(40, like(alice, 4)), on(40, described(bob, 5))])
    const past = async (from: Reader) => [
      await places(from, 'week', TODAY),
      await places(from, 'month', TODAY),
      await places(from, 'described', TODAY),
    ]
    const before = [
      [
        [1, 120, alice],
        [2, 10, bob],
      ],
      [
        [1, 120, alice],
        [2, 10, bob],
      ],
      [[1, 1, alice]],
    ]
    assert.deepEqual(await past(reader), before)
    assert.deepEqual(await places(reader, 'described', TODAY + 40), [[1, 1, bob]])
    // An old record is deleted, another one arrives late.
    const late = ['a', 'b', 'c', 'd', 'e', 'f'].map((_, n) => on(0, like(bob, 10 + n)))
    await fold(writer, [on(41, { ...removalOf(alice, 1), collection: POST, rkey: tid(1) }), ...late])
    assert.deepEqual(await past(reader), [
      [
        [1, 70, bob],
        [2, 50, alice],
      ],
      [
        [1, 70, bob],
        [2, 50, alice],
      ],
      [],
    ])
    // Who leaves is on none, and on all of them again when they come back, also after a restart.
    await fold(writer, [status(bob, 'deactivated', 20), on(41, { ...removalOf(bob, 3) })])
    assert.deepEqual(await places(reader, 'week', TODAY), [[1, 50, alice]])
    await writer[Symbol.asyncDispose]()
    await using again = await open()
    {
      await using next = await again.write(KEEP)
      await fold(next, [status(bob, 'active', 21)])
      assert.deepEqual(await places(again.reader, 'month', TODAY), [
        [1, 60, bob],
        [2, 50, alice],
      ])
      // Who is deleted has nothing there any more, whatever they do now.
      await fold(next, [status(bob, 'deleted', 22), status(bob, 'active', 23), on(42, like(bob, 5_000))])
      assert.deepEqual(await places(again.reader, 'week', TODAY), [[1, 50, alice]])
      assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
    }
    const cheap: Game = { ...game, rules: rulebook({ ...NO_CHANGES, points: { 'post.text': 7 } }) }
    await recomputeAll(again, cheap.rules.fingerprint, cheap)
    assert.deepEqual(await places(again.reader, 'week', TODAY), [[1, 7, alice]])
    assert.deepEqual(await places(again.reader, 'week', TODAY + 40), [[1, 10, alice]])
    assert.deepEqual((await auditor.audit(cheap.rules, () => {})).findings, [])
  }),
  check('a recompute finishes no period for a later one in which nobody is shown', async (store, writer) => {
    await fold(writer, [on(0, post(alice, 1)), on(40, post(bob, 2))])
    await fold(writer, [status(bob, 'deactivated', 20)])
    await writer[Symbol.asyncDispose]()
    await recomputeAll(store, game.rules.fingerprint)
    assert.deepEqual(await places(store.reader, 'week', TODAY), [[1, 50, alice]])
    assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
    await using next = await store.write(KEEP)
    await fold(next, [on(41, post(alice, 3))])
    assert.deepEqual(await places(store.reader, 'week', TODAY), [[1, 50, alice]])
    assert.deepEqual(await places(store.reader, 'week', TODAY + 41), [[1, 50, alice]])
    assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
  }),
  check('boards of periods that are over for long are dropped', async ({ reader, auditor }, writer) => {
    await fold(writer, [on(0, post(alice, 1))])
    await fold(writer, [on(7 * KEPT_PERIODS.week, post(alice, 2))])
    assert.deepEqual(await places(reader, 'week', TODAY), [[1, 50, alice]])
    await fold(writer, [on(7 * (KEPT_PERIODS.week + 1), like(alice, 3))])
    assert.equal(await places(reader, 'week', TODAY), undefined)
    assert.deepEqual(await places(reader, 'month', TODAY), [[1, 50, alice]])
    // What happens to a record of then still counts where it is kept.
    await fold(writer, [on(7 * (KEPT_PERIODS.week + 1), { ...removalOf(alice, 1), collection: POST })])
    assert.equal(await places(reader, 'week', TODAY), undefined)
    assert.deepEqual(await places(reader, 'month', TODAY), [])
    assert.deepEqual((await auditor.audit(game.rules, () => {})).findings, [])
  }),
]

const TODAY = Math.floor(START / 86_400_000_000)
const ALL = { cursor: undefined, around: undefined, limit: 100 }

/** Equals are in an order of the store's own. */
function byPlace(a: (string | number)[], b: (string | number)[]): number {
  return Number(a[0]) - Number(b[0]) || (String(a[2]) < String(b[2]) ? -1 : 1)
}

const BY_XP: readonly BoardKind[] = ['week', 'month']

async function places(reader: Reader, kind: BoardKind, day: number) {
  const page = await reader.periodBoard({ kind, period: periodOf(kind, day) }, ALL)
  return page?.items.map(({ rank, earned, character }) => [rank, earned, character.did])
}

/** An operation of this day, counted from the first. */
function on<T extends { at: number }>(day: number, operation: T): T {
  return { ...operation, at: operation.at + day * 86_400_000_000 }
}

function described(did: Did, n: number) {
  const embed = { $type: 'app.bsky.embed.images', images: [{ alt: 'a cat' }] }
  return commitOf(did, n, POST, { embed })
}
