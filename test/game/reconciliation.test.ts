import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { CommitEvent, Nsid } from '../../src/atproto/event.ts'
import type { Import, ImportedRecord, Operation } from '../../src/game/operation.ts'
import { pathOf } from '../../src/game/state.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { asking, cut, FOLLOW, game, LIKE, POST, person, REPOST, rules, START, tid } from './arbitrary.ts'
import { alice, commit, DESCRIBED, ledgerOf, removal, second } from './operations.ts'

const TODAY = Math.floor(second(0) / 86_400_000_000)

function read({ collection, rkey, record }: CommitEvent, claimed = TODAY): ImportedRecord {
  return { collection, rkey, facts: rules.assess(collection, record as Record<string, unknown>), claimed }
}

/** A piece of alice's repository as it was at revision `n`, where what was made after number `since` was missed. */
function piece(n: number, since: number, records: readonly ImportedRecord[]): Import {
  return { kind: 'import-records', did: alice, at: second(n), rev: tid(n), since: tid(since), records }
}

/** What the ledger still has of an older revision, and the repository lacks. */
function removalsOf(ledger: MemoryLedger, n: number, present: readonly CommitEvent[]): Operation {
  const paths = new Set(present.map((event) => pathOf(event)))
  const old = ledger
    .records(alice)
    .filter(([id, { live, rev }]) => live && rev < tid(n) && game.followed.has(id.collection))
    .filter(([id]) => !paths.has(pathOf(id)))
  return { kind: 'absent', did: alice, at: second(n), rev: tid(n), records: old.map(([id]) => id) }
}

const paths = (ledger: MemoryLedger): string[] =>
  ledger
    .records(alice)
    .filter(([, { live }]) => live)
    .map(([{ collection, rkey }, { facts, xp }]) => `${collection}/${rkey} ${facts?.media} ${xp}`)
    .sort()

suite('a reconciliation of somebody who was not imported', () => {
  test('brings what was made in the gap, and leaves out what is from before this server', () => {
    const ledger = ledgerOf([commit({ n: 20 })])
    const words = [
      { ...commit({ n: 1 }), rkey: 'a' },
      { ...commit({ n: 1 }), rkey: 'b' },
    ] as const
    ledger.fold(game, [
      piece(50, 30, [
        read(commit({ n: 10 })),
        read(commit({ n: 20 })),
        read(commit({ n: 40 })),
        read(words[0], TODAY - 1),
        read(words[1], TODAY),
      ]),
    ])
    assert.deepEqual(
      ledger.records(alice).map(([{ rkey }, { claimed }]) => [rkey, claimed]),
      [
        [tid(20), undefined],
        [tid(40), TODAY],
        ['b', TODAY],
      ],
    )
    assert.equal(ledger.actor(alice)?.head, undefined)
    ledger.assertBalanced()
  })

  test('takes up what was edited, removed, or made again, however old it is', () => {
    const [edited, gone, again] = [commit({ n: 1 }), commit({ n: 2 }), commit({ n: 3 })]
    const ledger = ledgerOf([edited, gone, again, removal(4, again)])
    ledger.fold(game, [piece(50, 30, [read({ ...edited, record: DESCRIBED }), read(again)])])
    ledger.fold(game, [removalsOf(ledger, 50, [edited, again])])
    assert.deepEqual(paths(ledger), [`${POST}/${tid(1)} alt 70`, `${POST}/${tid(3)} text 50`])
    ledger.assertBalanced()
  })

  for (const [title, n, left] of [
    ['leaves a baseline of before the gap as it is, since that did not count them', 20, 350],
    ['leaves a baseline of the gap as it is where the post was made after that', 35, 350],
    ['takes posts from a baseline that was counted after them', 45, 300],
  ] as const) {
    test(title, () => {
      const counting = { ...asking, baseline: 'posts' } as const
      const ledger = ledgerOf([commit({ n: 1 })], counting)
      const profile = {
        handle: 'alice.test',
        displayName: undefined,
        avatar: undefined,
        asked: START,
      } as const
      ledger.fold(counting, [
        {
          ...{ kind: 'profile-answer', question: '1', tries: 0, did: alice, at: second(n), optedOut: false },
          ...{ profile, postsCount: 6 },
        } as const,
      ])
      assert.equal(ledger.actor(alice)?.experience, 300)
      ledger.fold(counting, [piece(50_000, 30_000, [read(commit({ n: 1 })), read(commit({ n: 40_000 }))])])
      assert.equal(ledger.actor(alice)?.experience, left)
      ledger.assertBalanced()
    })
  }
})

type Change = {
  collection: Nsid
  does: 'create' | 'update' | 'delete' | 'again'
  which: number
  alt: boolean
}

const change: fc.Arbitrary<Change> = fc.record({
  collection: fc.constantFrom<Nsid>(POST, POST, LIKE, REPOST, FOLLOW),
  does: fc.constantFrom('create', 'create', 'update', 'delete', 'again'),
  which: fc.nat(),
  alt: fc.boolean(),
})

/** What alice does, one change a second, and what her repository has after each. */
function historyOf(changes: readonly Change[]) {
  const state = new Map<string, CommitEvent>()
  const gone: CommitEvent[] = []
  const commits: CommitEvent[] = []
  const after: CommitEvent[][] = []
  for (const [n, { collection, does, which, alt }] of changes.entries()) {
    const recordOf = (of: Nsid): unknown =>
      of === POST
        ? alt
          ? DESCRIBED
          : {}
        : { subject: { uri: `at://${person(1)}/${POST}/${tid(which % 3)}` } }
    const present = [...state.values()]
    const one = present[which % Math.max(1, present.length)]
    const former = gone[which % Math.max(1, gone.length)]
    let event = commit({ n, collection, record: recordOf(collection) })
    if (one !== undefined && does === 'update')
      event = { ...one, ...{ op: 'update', rev: tid(n), at: second(n), record: recordOf(one.collection) } }
    if (one !== undefined && does === 'delete') event = removal(n, one)
    if (former !== undefined && does === 'again' && !state.has(pathOf(former)))
      event = { ...former, ...{ op: 'create', rev: tid(n), at: second(n) } }
    if (event.op === 'delete') {
      state.delete(pathOf(event))
      if (one !== undefined) gone.push(one)
    } else state.set(pathOf(event), event)
    commits.push(event)
    after.push([...state.values()])
  }
  return { commits, after }
}

test('a gap and its reconciliation, in any order with live events, end in what the network has since the gap', () => {
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 4, maxLength: 40, size: 'max' }),
      fc.tuple(fc.nat({ max: 99 }), fc.nat({ max: 99 }), fc.nat({ max: 99 }), fc.nat({ max: 99 })),
      fc.array(
        fc.record({ at: fc.nat({ max: 99 }), sizes: fc.array(fc.nat({ max: 4 }), { minLength: 1 }) }),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
      fc.integer({ min: 0, max: 3 }),
      (changes, [first, second, third, crash], sweeps, between) => {
        const { commits, after } = historyOf(changes)
        const placeOf = (percent: number, from: number): number =>
          from + Math.floor(((commits.length - from) * percent) / 100)
        // The stream is read from `began` on, and the events from `lost` to `back` are missed.
        const began = Math.floor(placeOf(first, 0) / 2)
        const lost = placeOf(second, began)
        const back = placeOf(third, lost)
        const ledger = new MemoryLedger()
        const seen = new Set<string>()
        let reached = back
        const fold = (event: CommitEvent): void => {
          seen.add(pathOf(event))
          ledger.fold(game, [event])
        }
        const stream = (count: number): void => {
          for (const event of commits.slice(reached, reached + count)) fold(event)
          reached = Math.min(commits.length, reached + count)
        }
        for (const event of commits.slice(began, lost)) fold(event)
        const since = lost - 1
        for (const [index, { at, sizes }] of sweeps.entries()) {
          // A repository is read as it was after the gap, be the stream behind that or ahead of it.
          const n = Math.min(commits.length - 1, placeOf(at, back))
          const steps = [
            ...cut(
              (after[n] ?? []).map((event) => read(event)),
              sizes,
            ).map((records) => () => piece(n, since, records)),
            () => removalsOf(ledger, n, after[n] ?? []),
          ]
          const isLast = index === sweeps.length - 1
          for (const step of isLast ? steps : steps.slice(0, crash % (steps.length + 1))) {
            ledger.fold(game, [step()])
            stream(between)
          }
          ledger.assertBalanced()
        }
        stream(commits.length)
        const plain = new MemoryLedger()
        for (const event of after.at(-1) ?? []) {
          if (!seen.has(pathOf(event)) && event.rkey <= tid(since)) continue
          plain.fold(game, [{ ...event, op: 'create' }])
        }
        assert.deepEqual(paths(ledger), paths(plain))
        assert.equal(ledger.actor(alice)?.experience ?? 0, plain.actor(alice)?.experience ?? 0)
        ledger.assertBalanced()
      },
    ),
    { numRuns: 1_500 },
  )
})
