import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Did, StreamEvent } from '../../src/atproto/event.ts'
import type { Game } from '../../src/game/game.ts'
import type { Operation } from '../../src/game/operation.ts'
import { MAX_OWN_LENGTH, NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { builtInRules } from '../../src/game/rules/index.ts'
import type { Facts } from '../../src/game/rules/rule.ts'
import { nothingTouched } from '../../src/game/touched.ts'
import { cut, game, POST, person, START, stream, tid } from '../game/arbitrary.ts'
import { postByLanguage } from '../game/language-rule.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { type Check, check, KEEP, onPlace } from './check.ts'
import { compare } from './compare.ts'
import { alice, bob, commitOf, fold, status } from './operations.ts'

const LANGUAGES = [undefined, ['eo'], ['de', 'eo'], [], ['']]

/** Checks `Facts.own`: a fact that one rule needs, and no store knows. */
export const ownFactsChecks: readonly Check[] = [
  check(
    "a fact of a rule's own is kept as it is, until another comes or its person goes",
    async (_store, writer, open) => {
      const by = byLanguage()
      const own = async (did: Did, n: number, from = writer): Promise<Facts['own'] | 'no record'> => {
        const id = { did, collection: POST, rkey: tid(n) }
        const known = await from.load({ ...nothingTouched(), actors: new Set([did]), records: [id] })
        const state = known.record(id)
        return state === undefined ? 'no record' : state.facts?.own
      }
      const texts = [
        'eo',
        '',
        'ĉapelo \u{1F98A}',
        "it's; -- \\",
        'a\0b',
        'x'.repeat(MAX_OWN_LENGTH - 1).concat('\u{1F98A}'),
      ]
      const posts = texts.map((language, n) => commitOf(alice, n + 1, POST, { langs: [language] }))
      await fold(
        writer,
        [...posts, commitOf(bob, 1, POST, {}), commitOf(bob, 2, POST, { langs: ['eo'] })],
        undefined,
        by,
      )
      const kept = await Promise.all(texts.map((_, n) => own(alice, n + 1)))
      // NUL and half a character are replaced, since not every store gives them back.
      const last = 'x'.repeat(MAX_OWN_LENGTH - 1).concat('\uFFFD')
      assert.deepEqual(kept, [...texts.slice(0, 4), 'a\uFFFDb', last])
      assert.deepEqual([await own(bob, 1), await own(bob, 2)], [undefined, 'eo'])

      const edited = (n: number, record: object) =>
        ({ ...commitOf(alice, n, POST, record), op: 'update', rev: tid(100 + n) }) as const
      const deleted = {
        ...commitOf(alice, 3, POST, {}),
        op: 'delete',
        rev: tid(103),
        record: undefined,
      } as const
      await fold(writer, [edited(1, { langs: ['de'] }), edited(2, {}), deleted], undefined, by)
      // A deleted record still says by which award it took its share of a cap.
      assert.deepEqual(
        [await own(alice, 1), await own(alice, 2), await own(alice, 3)],
        ['de', undefined, texts[2]],
      )
      await fold(writer, [status(alice, 'deleted', 200)], undefined, by)
      assert.equal(await own(alice, 1), 'no record')
      await fold(writer, [{ ...commitOf(alice, 1, POST, {}), rev: tid(300) }], undefined, by)
      assert.deepEqual([await own(alice, 1), await own(bob, 2)], [undefined, 'eo'])

      await writer[Symbol.asyncDispose]()
      await using store = await open()
      await using again = await store.write(KEEP)
      const silent = { ...commitOf(bob, 2, POST, {}), op: 'update', rev: tid(102) } as const
      await fold(again, [silent], undefined, by)
      assert.deepEqual([await own(bob, 1, again), await own(bob, 2, again)], [undefined, undefined])
      assert.deepEqual((await store.auditor.audit(by.rules, () => {})).findings, [])
    },
  ),
  onPlace(
    "records are awarded by facts of a rule's own alike, over restarts and by other points later",
    async (place) => {
      const [first, second] = [byLanguage(), byLanguage({ 'post.esperanto': 10, 'post.other': 60 })]
      await fc.assert(
        fc.asyncProperty(stream, fc.array(fc.nat({ max: 12 })), async (events, sizes) => {
          await using here = await place()
          const expected = new MemoryLedger()
          const everybody: Operation[] = [0, 1, 2, 3].map((n) => ({
            kind: 'recompute',
            did: person(n),
            at: START,
          }))
          const inTurn = [
            [first, cut(events.map(inLanguage), sizes)],
            [second, [everybody]],
          ] as const
          for (const [index, [bound, batches]] of inTurn.entries()) {
            const by: Game = { ...bound, rules: { ...bound.rules, version: index + 1 } }
            await using store = await here.open()
            const { fingerprint } = by.rules
            await using writer = await store.write({ fingerprint, purpose: 'recompute' })
            for (const piece of batches) {
              expected.fold(by, piece)
              await fold(writer, piece, undefined, by)
            }
            await writer.bindRules(fingerprint)
            await writer[Symbol.asyncDispose]()
            await compare(store, expected, () => false, by.rules)
          }
        }),
        { numRuns: 15 },
      )
    },
  ),
]

/** The built-in rules, with one for posts that has a fact of its own. */
function byLanguage(points: Record<string, number> = {}): Game {
  const others = builtInRules.filter(({ collection }) => collection !== POST)
  return { ...game, rules: rulebook({ ...NO_CHANGES, points }, [postByLanguage, ...others]) }
}

/** The same event, of a record in one language or another. */
function inLanguage(event: StreamEvent, index: number): StreamEvent {
  if (event.kind !== 'commit' || event.record === undefined || event.collection !== POST) return event
  const langs = LANGUAGES[index % LANGUAGES.length]
  return { ...event, record: { ...(event.record as object), ...(langs === undefined ? {} : { langs }) } }
}
