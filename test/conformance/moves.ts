import assert from 'node:assert/strict'
import type { Did } from '../../src/atproto/event.ts'
import type { Game } from '../../src/game/game.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import { DAY_SECONDS } from '../../src/game/time.ts'
import { gameInForce } from '../../src/ingest/rules-in-force.ts'
import { moveSome, type StepLimits } from '../../src/ingest/rules-move.ts'
import { RulesChangedError, type Store, type Writer } from '../../src/store/store.ts'
import { game, POST, person, START, tid } from '../game/arbitrary.ts'
import { type Check, check, KEEP } from './check.ts'
import { alice, bob, commitOf, cursorOf, FIRST, fold, like, post, status } from './operations.ts'

const carol = person(2)
const generous = rulebook({ ...NO_CHANGES, points: { 'post.text': 80 } })
const capped = rulebook({ ...NO_CHANGES, caps: { [POST]: 60 } })
const titled = rulebook({ ...NO_CHANGES, titles: [{ level: 1, title: 'Guest' }] })
const ONE: StepLimits = { people: 1, records: 1 }

/** Leaves rules beside the writer, which takes them up. */
async function begin(store: Store, writer: Writer, { fingerprint, titles } = generous): Promise<Game> {
  await store.rules.leave({ fingerprint, titles })
  return gameInForce(game, await writer.takeUpRules(START))
}

async function xpOf(store: Store, dids: readonly Did[]): Promise<(number | undefined)[]> {
  return Promise.all(dids.map(async (did) => (await store.reader.character(did))?.experience))
}

/** Experience and version of a person's entries, newest first. */
async function entriesOf({ reader }: Store, did: Did, type: typeof POST | undefined = undefined) {
  const page = await reader.events(did, { ...FIRST, type })
  return page?.items.map(({ cause, delta, rules }) => [cause, delta, rules])
}

/** Checks that people are moved from rules to rules one by one, while others go on earning by either. */
export const movesChecks: readonly Check[] = [
  check(
    'each person counts by the former rules until moved, and a new one by the newest',
    async (store, writer) => {
      await writer.begin(cursorOf(0))
      await fold(writer, [post(alice, 1), post(bob, 2)], cursorOf(2))
      const by = await begin(store, writer)
      assert.deepEqual([by.former?.version, by.rules.version], [1, 2])
      const { versions, move, wanted } = await store.rules.state()
      assert.deepEqual(
        [versions.map(({ version, fingerprint }) => [version, fingerprint]), move?.from, wanted],
        [
          [
            [1, game.rules.fingerprint],
            [2, generous.fingerprint],
          ],
          1,
          undefined,
        ],
      )
      await assert.rejects(store.source(), /people are being moved to other rules, 0 % so far/)
      const step = await moveSome(by, writer, START, ONE)
      assert.equal(step?.operations.length, 1)
      const moved = step?.operations[0]?.did
      const still = moved === alice ? bob : alice
      await fold(writer, [post(alice, 3), post(bob, 4), post(carol, 5)], undefined, by)
      assert.deepEqual(await xpOf(store, [moved ?? alice, still, carol]), [160, 100, 80])
      while ((await moveSome(by, writer, START, ONE)) !== undefined);
      assert.deepEqual(await xpOf(store, [alice, bob, carol]), [160, 160, 80])
      assert.deepEqual(await entriesOf(store, moved ?? alice), [
        ['create', 80, 2],
        ['recompute', 30, 2],
        ['create', 50, 1],
      ])
      const ofStill = [
        ['create', 50, 1],
        ['create', 50, 1],
      ]
      const late = [
        ['recompute', 30, 2],
        ['recompute', 30, 2],
      ]
      assert.deepEqual(await entriesOf(store, still), [...late, ...ofStill])
      assert.deepEqual(await entriesOf(store, still, POST), [...late, ...ofStill])
      assert.deepEqual(await entriesOf(store, carol), [['create', 80, 2]])
      assert.equal((await store.rules.state()).move, undefined)
      assert.deepEqual((await store.auditor.audit(generous, () => {})).findings, [])
    },
  ),

  check('a move goes on where it was, by the next writer', async (store, writer) => {
    await fold(writer, [post(alice, 1), post(bob, 2), like(carol, 3)])
    const by = await begin(store, writer)
    // On a cluster it may be somebody whom the change does not touch.
    const first = (await moveSome(by, writer, START, ONE))?.operations ?? assert.fail('nobody was moved')
    await writer[Symbol.asyncDispose]()
    await assert.rejects(store.write(KEEP), RulesChangedError)
    await using next = await store.write({ ...KEEP, fingerprint: generous.fingerprint })
    const again = gameInForce({ ...game, rules: generous }, await store.rules.state())
    assert.deepEqual([again.former?.version, again.rules.version], [1, 2])
    const moved: Did[] = first.map(({ did }) => did)
    for (;;) {
      const step = await moveSome(again, next, START, ONE)
      if (step === undefined) break
      moved.push(...step.operations.map(({ did }) => did))
    }
    // Nobody twice, and nobody whom the change does not touch.
    assert.deepEqual(moved.sort(), [alice, bob])
    assert.deepEqual(await xpOf(store, [alice, bob, carol]), [80, 80, 10])
  }),

  check(
    'somebody with many records is moved in parts, and earns by the newest rules meanwhile',
    async (store, writer) => {
      const posts = Array.from({ length: 7 }, (_, n) => post(alice, n + 1))
      await fold(writer, posts)
      const by = await begin(store, writer)
      const limits = { people: 5, records: 3 }
      await moveSome(by, writer, START, limits)
      assert.deepEqual(await xpOf(store, [alice]), [7 * 50 + 3 * 30])
      assert.deepEqual((await store.auditor.audit(generous, () => {})).findings, [])
      await fold(writer, [post(alice, 20)], undefined, by)
      let steps = 1
      while ((await moveSome(by, writer, START, limits)) !== undefined) steps += 1
      assert.equal(steps, 3)
      assert.deepEqual(await xpOf(store, [alice]), [8 * 80])
      assert.deepEqual((await store.auditor.audit(generous, () => {})).findings, [])
    },
  ),

  check(
    'a new cap is counted over what somebody had before, deleted records included',
    async (store, writer) => {
      const deleted = { ...post(alice, 1), rev: post(alice, 9).rev, op: 'delete', record: undefined } as const
      await fold(writer, [post(alice, 1), post(alice, 2), like(bob, 3), deleted])
      const by = await begin(store, writer, capped)
      assert.equal((await moveSome(by, writer, START))?.operations.length, 1)
      assert.deepEqual(await xpOf(store, [alice, bob]), [10, 10])
      await fold(writer, [post(alice, 4), post(bob, 5), post(bob, 6)], undefined, by)
      assert.deepEqual(await xpOf(store, [alice, bob]), [10, 70])
    },
  ),

  check(
    'a new cap is counted day by day over what somebody with many records had, by one writer after the other',
    async (store, writer) => {
      const early = [0, 1, 2].flatMap((day) => [1, 2, 3, 4].map((n) => post(alice, day * DAY_SECONDS + n)))
      const first = post(alice, DAY_SECONDS + 1)
      const deleted = { ...first, rev: tid(9 * DAY_SECONDS), op: 'delete', record: undefined } as const
      await fold(writer, [...early, deleted, like(alice, 5)])
      const late = [0, 2, 3].map((day) => post(alice, day * DAY_SECONDS + 60))
      let steps = 0
      const moveOn = async (by: Game, of: Writer): Promise<boolean> => {
        const step = await moveSome(by, of, START, { people: 5, records: 2 })
        const changed = step?.changes.actors.get(alice)?.records.size ?? 0
        assert.ok(changed <= 2, `${changed} records were changed at once`)
        assert.deepEqual((await store.auditor.audit(capped, () => {})).findings, [])
        // New ones come while the days are read, and while they are counted.
        if (++steps % 2 === 0) await fold(of, late.splice(0, 1), undefined, by)
        return step !== undefined
      }
      const by = await begin(store, writer, capped)
      for (let n = 0; n < 6; n++) assert.ok(await moveOn(by, writer))
      await writer[Symbol.asyncDispose]()
      await using next = await store.write({ ...KEEP, fingerprint: capped.fingerprint })
      const again = gameInForce({ ...game, rules: capped }, await store.rules.state())
      while (await moveOn(again, next));
      assert.deepEqual(late, [])
      // Of each day the first two get 50 and 10 XP, and what the deleted one had is lost.
      assert.deepEqual(await xpOf(store, [alice]), [60 + 10 + 60 + 50 + 10])
      const more = [0, 1, 2, 3].map((day) => post(alice, day * DAY_SECONDS + 70))
      await fold(next, more, undefined, again)
      assert.deepEqual(await xpOf(store, [alice]), [60 + 10 + 60 + 60 + 10])
    },
  ),

  check(
    'deleted records are counted when a step is measured out, since caps count them',
    async (store, writer) => {
      const removalOf = (n: number) =>
        ({ ...post(alice, n), rev: tid(100 + n), op: 'delete', record: undefined }) as const
      await fold(
        writer,
        [1, 2, 3, 4].map((n) => post(alice, n)),
      )
      await fold(writer, [1, 2, 3].map(removalOf))
      const by = await begin(store, writer, capped)
      const step = await moveSome(by, writer, START, { people: 5, records: 3 })
      assert.deepEqual(
        step?.operations.map(({ scope }) => scope === 'whole' || scope.by),
        ['day'],
      )
    },
  ),

  check(
    'somebody who is moved by day, and of whom everything goes meanwhile, begins anew',
    async (store, writer) => {
      await fold(
        writer,
        [1, 2, 3, 4].map((n) => post(alice, n * DAY_SECONDS)),
      )
      const by = await begin(store, writer, capped)
      const limits = { people: 5, records: 1 }
      for (let n = 0; n < 3; n++) await moveSome(by, writer, START, limits)
      await fold(writer, [status(alice, 'deleted', 10 * DAY_SECONDS)], undefined, by)
      await fold(
        writer,
        [1, 2].map((n) => post(alice, 10 * DAY_SECONDS + n)),
        undefined,
        by,
      )
      while ((await moveSome(by, writer, START, limits)) !== undefined);
      assert.deepEqual((await store.auditor.audit(capped, () => {})).findings, [])
      const { items } = (await store.reader.events(alice, FIRST)) ?? { items: [] }
      assert.deepEqual(
        items.map(({ delta, rules }) => [delta, rules]),
        [],
      )
    },
  ),

  check('rules that are left during a move wait for its end', async (store, writer) => {
    await fold(writer, [post(alice, 1)])
    const by = await begin(store, writer)
    const { fingerprint, titles } = capped
    await store.rules.leave({ fingerprint, titles })
    const waiting = await writer.takeUpRules(START)
    assert.deepEqual([waiting.versions.length, waiting.wanted?.fingerprint], [2, fingerprint])
    while ((await moveSome(by, writer, START)) !== undefined);
    const { versions, wanted, move } = await writer.takeUpRules(START)
    assert.deepEqual([versions.length, wanted, move?.from], [3, undefined, 2])
  }),

  check(
    'other titles are a version to which nobody has to be moved, and the same rules are none',
    async (store, writer) => {
      await fold(writer, [post(alice, 1)])
      const by = await begin(store, writer, titled)
      assert.equal(await moveSome(by, writer, START), undefined)
      const { versions, move } = await writer.takeUpRules(START)
      assert.deepEqual([versions.length, versions.at(-1)?.titles, move], [2, titled.titles, undefined])
      await begin(store, writer, titled)
      const same = await store.rules.state()
      assert.deepEqual([same.versions.length, same.wanted], [2, undefined])
    },
  ),

  check('a survey shows everybody once, with what the rules see of them', async (store, writer) => {
    await fold(writer, [post(alice, 1), like(alice, 2), post(bob, 3), commitOf(carol, 4, POST, { text: '' })])
    await using survey = await store.rules.survey()
    const found = []
    for (let after: Did | undefined; ; ) {
      const people = await survey.people(after, 2)
      if (people.length === 0) break
      found.push(...people)
      after = people.at(-1)?.did
    }
    assert.deepEqual(
      found
        .map(({ did, experience, isShown, judged: { tally }, records }) => [
          did,
          experience,
          isShown,
          tally.get('post.text'),
          records,
        ])
        .sort(),
      [
        [alice, 60, true, 1, 2],
        [bob, 50, true, 1, 1],
        [carol, 50, true, 1, 1],
      ],
    )
  }),
]
