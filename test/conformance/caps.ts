import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Did, StreamEvent } from '../../src/atproto/event.ts'
import type { Game } from '../../src/game/game.ts'
import type { Operation } from '../../src/game/operation.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { NO_FACTS } from '../../src/game/rules/rule.ts'
import { nothingTouched } from '../../src/game/touched.ts'
import { cut, game, LIKE, POST, person, REPOST, START, stream, tid } from '../game/arbitrary.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { type Check, check, onPlace } from './check.ts'
import { compare } from './compare.ts'
import { alice, bob, fold, like, post, status } from './operations.ts'

/** Checks the XP that caps have granted. */
export const capsChecks: readonly Check[] = [
  check('what caps have granted is kept by day, until it goes with its person', async (_store, writer) => {
    const rules = rulebook({ ...NO_CHANGES, caps: { [POST]: 120, [LIKE]: 15 } })
    const capped: Game = { ...game, rules }
    const late = 90_000
    const granted = async (did: Did) => {
      const whole = new Set([did])
      return (await writer.load({ ...nothingTouched(), actors: whole, whole })).granted(did)
    }
    const first = Math.floor(START / 86_400_000_000)
    const then = Math.floor((START + late * 1_000_000) / 86_400_000_000)
    const old = post(alice, 1)
    await fold(writer, [old, like(alice, 2), like(alice, 3), post(bob, 1)], undefined, capped)
    await fold(writer, [post(alice, late)], undefined, capped)
    const described = { embed: { $type: 'app.bsky.embed.images', images: [{ alt: 'a cat' }] } }
    const edited = {
      ...old,
      at: START + late * 1_000_000,
      op: 'update',
      rev: tid(late + 1),
      record: described,
    } as const
    await fold(writer, [edited], undefined, capped)
    assert.deepEqual(
      await granted(alice),
      new Map([
        [
          first,
          new Map([
            [POST, 70],
            [LIKE, 15],
          ]),
        ],
        [then, new Map([[POST, 50]])],
      ]),
    )
    const gone = { ...like(alice, 2), op: 'delete', rev: tid(late + 2), record: undefined } as const
    await fold(writer, [gone], undefined, capped)
    const left = await writer.load({ ...nothingTouched(), actors: new Set([alice]), records: [gone] })
    assert.deepEqual(left.record(gone), {
      rev: gone.rev,
      live: false,
      xp: 0,
      facts: NO_FACTS,
      at: Math.floor(gone.at / 1_000_000),
      capped: false,
      claimed: undefined,
    })
    await fold(writer, [status(alice, 'deleted', late + 3)], undefined, capped)
    assert.deepEqual(await granted(alice), new Map())
    assert.deepEqual(await granted(bob), new Map([[first, new Map([[POST, 50]])]]))
    await fold(writer, [{ kind: 'recompute', did: bob, at: START }])
    assert.deepEqual(await granted(bob), new Map())
  }),
  onPlace('caps are counted alike, also over restarts and by other rules later', async (place) => {
    const capped = (caps: Record<typeof POST, number>): Game => ({
      ...game,
      rules: rulebook({ ...NO_CHANGES, caps }),
    })
    const [first, second, none] = [
      capped({ [POST]: 70, [LIKE]: 15 }),
      capped({ [POST]: 60, [REPOST]: 90 }),
      game,
    ]
    await fc.assert(
      fc.asyncProperty(stream, fc.array(fc.nat({ max: 12 })), async (events, sizes) => {
        await using here = await place()
        const expected = new MemoryLedger()
        // All of it on two days, and back and forth between them.
        const crowded = events.map((event, i) => ({
          ...event,
          at: START + ((i * 7) % 5) * 12 * 3_600_000_000,
        }))
        const pieces = cut(crowded, sizes)
        const everybody: Operation[] = [0, 1, 2, 3].map((n) => ({
          kind: 'recompute',
          did: person(n),
          at: START,
        }))
        const inTurn = [
          [first, pieces],
          [second, [everybody, ...pieces.slice(1).map((piece) => piece.map(later))]],
          [none, [everybody]],
        ] as const
        for (const [index, [by, batches]] of inTurn.entries()) {
          const rules: Game = { ...by, rules: { ...by.rules, version: index + 1 } }
          await using store = await here.open()
          const { fingerprint } = rules.rules
          await using writer = await store.write({ fingerprint, purpose: 'recompute' })
          for (const piece of batches) {
            expected.fold(rules, piece)
            await fold(writer, piece, undefined, rules)
          }
          await writer.bindRules(fingerprint)
          await writer[Symbol.asyncDispose]()
          await compare(store, expected, () => false, rules.rules)
        }
      }),
      { numRuns: 25 },
    )
  }),
]

/** The same records, changed once more, with revisions above all those of `stream`. */
function later(event: StreamEvent): StreamEvent {
  return event.kind === 'commit' ? { ...event, rev: tid(100_000 + Number(event.op === 'delete')) } : event
}
