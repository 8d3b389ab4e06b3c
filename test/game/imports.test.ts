import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { CommitEvent, Nsid } from '../../src/atproto/event.ts'
import { broughtBy, IMPORTED, isQuiet } from '../../src/game/imports.ts'
import type { Import, ImportedRecord, Operation } from '../../src/game/operation.ts'
import { isHidden, pathOf } from '../../src/game/state.ts'
import { MemoryLedger } from '../memory-ledger.ts'
import { asking, cut, FOLLOW, game, LIKE, POST, person, REPOST, rules, START, tid } from './arbitrary.ts'
import {
  alice,
  bob,
  bring,
  commit,
  DESCRIBED,
  ledgerOf,
  like,
  removal,
  repost,
  second,
  status,
} from './operations.ts'

const TODAY = Math.floor(second(0) / 86_400_000_000)

/** A record as an import reads it, which counts on the day `ago` days before. */
function read({ collection, rkey, record }: CommitEvent, ago = 3): ImportedRecord {
  const facts = rules.assess(collection, record as Record<string, unknown>)
  return { collection, rkey, facts, claimed: TODAY - ago }
}

const pieceOf = (n: number, records: readonly ImportedRecord[]): Import => {
  return { kind: 'import-records', did: alice, at: second(50), rev: tid(n), since: undefined, records }
}

const headOf = (n: number): Import => ({ kind: 'import-head', did: alice, at: second(50), rev: tid(n) })

/** Imports alice's repository of these records at revision `n` as a whole. */
function imported(ledger: MemoryLedger, n: number, records: readonly ImportedRecord[], by = game): void {
  ledger.fold(by, [pieceOf(n, records)])
  ledger.fold(by, [headOf(n)])
  ledger.fold(by, [sweepOf(ledger, n)])
  ledger.assertBalanced()
}

/** What the ledger still has of an older revision than the imported one. */
function sweepOf(ledger: MemoryLedger, n: number): Operation {
  const rev = tid(n)
  const old = ledger.records(alice).filter(([id, state]) => {
    return state.live && state.rev < rev && game.followed.has(id.collection)
  })
  return { kind: 'absent', did: alice, at: second(50), rev, records: old.map(([id]) => id) }
}

const live = (ledger: MemoryLedger) =>
  ledger
    .records(alice)
    .filter(([, state]) => state.live)
    .map(([{ collection, rkey }, { facts, xp }]) => `${collection}/${rkey} ${facts?.media} ${xp}`)
    .sort()

suite('an import', () => {
  test('makes somebody unknown a character, every record of whom has its entry, by the days that they claim', () => {
    const ledger = new MemoryLedger()
    const posts = [commit({ n: 1 }), commit({ n: 2, record: DESCRIBED })]
    imported(ledger, 9, [read(posts[0] as CommitEvent, 9), read(posts[1] as CommitEvent), read(like(3))])
    const actor = ledger.actor(alice)
    assert.deepEqual(
      [actor?.born, actor?.experience, actor?.head, actor?.rev],
      [true, 130, tid(9), undefined],
    )
    assert.deepEqual(
      ledger.events.map(({ cause, reason, delta }) => [cause, reason, delta]),
      [
        ['import', 'post.text', 50],
        ['import', 'post.alt', 70],
        ['import', 'like', 10],
      ],
    )
    assert.deepEqual(
      ledger.allDays(alice).map(({ day, experience, claimed }) => [day - TODAY, experience, claimed]),
      [
        [-9, 0, 50],
        [-3, 0, 80],
      ],
    )
    assert.deepEqual([actor?.periods.week, actor?.periods.month, actor?.described], [0, 0, 0])
  })

  test('leaves what is equal exactly as it is, changes what is not, and removes what the repository lacks', () => {
    const kept = commit({ n: 1 })
    const edited = commit({ n: 2 })
    const ledger = ledgerOf([kept, edited, commit({ n: 3 }), removal(5, commit({ n: 4 })), commit({ n: 20 })])
    const before = ledger.record(kept)
    const events = ledger.events.length
    imported(ledger, 9, [
      read(kept),
      read({ ...edited, record: DESCRIBED }),
      read(like(6)),
      read(commit({ n: 7 })),
    ])
    assert.deepEqual(ledger.record(kept), { ...before, rev: tid(9) })
    const [first, ...others] = ledger.events.slice(events)
    assert.deepEqual(
      [first?.rkey, first?.cause, first?.reason, first?.delta],
      [tid(2), 'import', 'post.alt', 20],
    )
    assert.deepEqual(
      others.map(({ cause, delta }) => [cause, delta]),
      [
        ['import', 10],
        ['import', 50],
        ['sync', -50],
      ],
    )
    // What was witnessed goes on counting by that.
    assert.deepEqual(
      [ledger.record(edited)?.claimed, ledger.record(edited)?.at],
      [undefined, second(2) / 1e6],
    )
    assert.equal(ledger.record(commit({ n: 7 }))?.claimed, TODAY - 3)
    // Newer than the repository.
    assert.equal(ledger.record(commit({ n: 20 }))?.live, true)
  })

  test('takes no part of a cap', () => {
    const capped = { ...game, rules: { ...rules, caps: { [POST]: 60 } } }
    const ledger = new MemoryLedger()
    ledger.fold(capped, [commit({ n: 1 })])
    imported(
      ledger,
      9,
      [read(commit({ n: 1 })), read(commit({ n: 2 }), 0), read(commit({ n: 3 }), 0)],
      capped,
    )
    assert.equal(ledger.actor(alice)?.experience, 150)
    ledger.fold(capped, [commit({ n: 10 })])
    assert.equal(ledger.actor(alice)?.experience, 160)
  })

  test('is not undone by a replay of what the repository had gone through by then', () => {
    const [first, edited] = [
      commit({ n: 1 }),
      commit({ n: 3, rkey: tid(1), op: 'update', record: DESCRIBED }),
    ]
    const gone = commit({ n: 2 })
    const history = [first, gone, edited, removal(4, gone)]
    const ledger = new MemoryLedger()
    imported(ledger, 6, [read(edited)])
    const before = live(ledger)
    for (const event of [...history, ...history]) ledger.fold(game, [event])
    assert.deepEqual(live(ledger), before)
    // Deleted and made again within what was imported: the deletion is older than the record that is there.
    const again = commit({ n: 12, rkey: tid(1), record: DESCRIBED })
    imported(ledger, 13, [read(again)])
    ledger.fold(game, [removal(11, first), again])
    assert.deepEqual(live(ledger), before)
    ledger.assertBalanced()
  })

  test('asks what reposted posts show, anew where it moves the revision of one that waits', () => {
    const ledger = ledgerOf([repost(1, bob, 1)], asking)
    imported(ledger, 9, [read(repost(1, bob, 1)), read(repost(2, bob, 2))], asking)
    const open = ledger.questions.filter((question) => question.kind === 'subject')
    assert.deepEqual(
      open.filter(({ rev }) => rev === tid(9)).map(({ rkey }) => rkey),
      [tid(1), tid(2)],
    )
    const [question] = open.filter(({ rkey, rev }) => rkey === tid(1) && rev === tid(9))
    assert.ok(question)
    const { id, ...asked } = question
    ledger.fold(asking, [{ ...asked, kind: 'subject-answer', question: id, at: second(60), media: 'alt' }])
    assert.equal(ledger.record(repost(1, bob, 1))?.xp, 70)
  })

  test('knows what a reposted post shows that is in the ledger', () => {
    const ledger = ledgerOf([commit({ n: 1, did: bob, record: DESCRIBED })], asking)
    imported(ledger, 9, [read(repost(2, bob, 1))], asking)
    assert.equal(ledger.actor(alice)?.experience, 70)
    assert.deepEqual(
      ledger.questions.filter(({ kind }) => kind === 'subject'),
      [],
    )
  })

  test('takes the place of posts that were counted without being known, post by post', () => {
    const counting = { ...asking, baseline: 'posts' } as const
    const ledger = ledgerOf([commit({ n: 1 })], counting)
    const profile = { handle: 'alice.test', displayName: undefined, avatar: undefined, asked: START } as const
    const answer = {
      kind: 'profile-answer',
      question: '1',
      tries: 0,
      did: alice,
      at: START,
      optedOut: false,
    } as const
    ledger.fold(counting, [{ ...answer, profile, postsCount: 5 }])
    assert.equal(ledger.actor(alice)?.experience, 250)
    ledger.fold(counting, [pieceOf(9, [read(commit({ n: 1 })), read(commit({ n: 2 })), read(like(3))])])
    assert.equal(ledger.actor(alice)?.experience, 260)
    ledger.fold(counting, [headOf(9)])
    assert.equal(ledger.actor(alice)?.experience, 110)
    ledger.fold(counting, [{ ...answer, profile, postsCount: 9 }])
    assert.equal(ledger.actor(alice)?.experience, 110)
    ledger.assertBalanced()
  })

  test('of an older revision than the last one changes nothing, nor does the same one again', () => {
    const ledger = new MemoryLedger()
    imported(ledger, 9, [read(commit({ n: 1 }))])
    const before = JSON.stringify([...ledger.stored])
    const { outcomes } = ledger.fold(game, [pieceOf(8, [read(commit({ n: 2 }))]), headOf(8)])
    assert.equal(outcomes.stale, 2)
    assert.equal(ledger.fold(game, [pieceOf(9, [read(commit({ n: 1 }))]), headOf(9)]).outcomes.repeated, 2)
    assert.equal(JSON.stringify([...ledger.stored]), before)
    assert.equal(ledger.events.length, 1)
  })

  test('reads no more of a repository that the stream says was replaced before', () => {
    const ledger = new MemoryLedger()
    imported(ledger, 9, [read(commit({ n: 1 }))])
    const sync = (n: number): Operation => ({ kind: 'sync', did: alice, at: second(n), rev: tid(n) })
    ledger.fold(game, [sync(9)])
    assert.deepEqual(
      ledger.questions.filter(({ kind }) => kind === 'repository'),
      [],
    )
    ledger.fold(game, [sync(10)])
    assert.equal(ledger.questions.filter(({ kind }) => kind === 'repository').length, 1)
  })
})

suite('nothing is imported', () => {
  const asked = { wish: '1', did: alice, at: second(2) } as const
  const refused: [string, Operation[]][] = [
    ['of somebody who hides', [{ kind: 'hide', ...asked }]],
    ['of somebody who has left', [{ kind: 'leave', ...asked }]],
    ['of somebody who is to be forgotten', [{ kind: 'forget', ...asked }]],
    [
      'of somebody who is not followed',
      [commit({ n: 1 }), { kind: 'follow', did: alice, at: second(2), followed: false }],
    ],
    ...(['deactivated', 'takendown', 'suspended', 'deleted'] as const).map((value): [string, Operation[]] => [
      `of an account that is ${value}`,
      [commit({ n: 1 }), status(2, value)],
    ]),
    [
      'of somebody who does not want to be shown',
      [
        commit({
          n: 1,
          collection: 'app.bsky.actor.profile',
          rkey: 'self',
          record: { labels: { values: [{ val: '!no-unauthenticated' }] } },
        }),
      ],
    ],
  ]
  for (const [name, before] of refused) {
    test(name, () => {
      const ledger = ledgerOf(before)
      const stored = JSON.stringify([...ledger.stored, ...ledger.actors])
      const changes = ledger.fold(game, [{ kind: 'import', ...asked }])
      assert.deepEqual([changes.outcomes.stale, changes.fulfilled], [1, ['1']])
      assert.deepEqual(
        ledger.questions.filter(({ kind }) => kind === 'import'),
        [],
      )
      const { outcomes } = ledger.fold(game, [pieceOf(9, [read(commit({ n: 5 }))]), headOf(9)])
      assert.equal(outcomes.forgotten, 2)
      assert.equal(JSON.stringify([...ledger.stored, ...ledger.actors]), stored)
    })
  }

  test('that is from before somebody was forgotten, or left', () => {
    for (const [kind, back] of [
      ['forget', 'unforget'],
      ['leave', 'return'],
    ] as const) {
      const ledger = ledgerOf([commit({ n: 1 })])
      ledger.fold(game, [
        { kind, ...asked },
        { kind: back, ...asked, floor: tid(10) },
      ])
      const words = [
        read({ ...commit({ n: 1 }), rkey: 'a' }, 1),
        read({ ...commit({ n: 1 }), rkey: 'b' }, -1),
      ]
      imported(ledger, 20, [
        read(commit({ n: 1 })),
        read(commit({ n: 10 })),
        read(commit({ n: 11 })),
        ...words,
      ])
      assert.deepEqual(
        ledger.records(alice).map(([{ rkey }]) => rkey),
        [tid(11), 'b'],
      )
    }
  })

  test('of a deleted account by a replay of what was imported', () => {
    const ledger = new MemoryLedger()
    imported(ledger, 9, [read(commit({ n: 1 }))])
    ledger.fold(game, [status(10, 'deleted'), status(11, 'active'), commit({ n: 1 }), commit({ n: 9 })])
    assert.deepEqual(live(ledger), [])
    ledger.fold(game, [commit({ n: 12 })])
    assert.equal(live(ledger).length, 1)
  })
})

suite('the end of an import', () => {
  const end = (records: number, question?: string): Import => {
    const brought = { rev: tid(9), records, experience: 60 }
    return { kind: 'import-end', did: alice, at: second(51), question, brought }
  }

  test('is one entry, which says what it has brought; those of its records are quiet', () => {
    const ledger = new MemoryLedger()
    ledger.fold(game, [{ kind: 'import', wish: '1', did: alice, at: START }])
    const [open] = ledger.questions
    assert.deepEqual([open?.kind, open?.tries], ['import', 0])
    imported(ledger, 9, [read(commit({ n: 1 })), read(like(2))])
    ledger.fold(game, [end(2, open?.id)])
    assert.deepEqual(
      ledger.questions.filter(({ kind }) => kind === 'import'),
      [],
    )
    const last = ledger.events.at(-1)
    assert.ok(last)
    assert.deepEqual([last.reason, last.delta, last.experience], [IMPORTED, 0, 60])
    assert.deepEqual(broughtBy(last), { records: 2, experience: 60 })
    assert.deepEqual(ledger.events.map(isQuiet), [true, true, false])
    ledger.assertBalanced()
  })

  test('is no news where it has brought nothing, or nobody may see it', () => {
    const ledger = new MemoryLedger()
    imported(ledger, 9, [read(commit({ n: 1 }))])
    ledger.fold(game, [end(0), { ...end(1), brought: undefined } as Import])
    assert.equal(ledger.events.length, 1)
    ledger.fold(game, [{ kind: 'hide', wish: '1', did: alice, at: START }])
    assert.equal(ledger.fold(game, [end(1)]).outcomes.stale, 1)
    assert.equal(ledger.events.length, 1)
  })

  test('may be that somebody takes the wish back', () => {
    const ledger = new MemoryLedger()
    const about = { did: alice, at: START }
    ledger.fold(game, [{ kind: 'import', wish: '1', ...about }])
    const [open] = ledger.questions
    ledger.fold(game, [{ kind: 'cancel-import', wish: '2', ...about, question: open?.id }])
    assert.deepEqual(ledger.questions, [])
    const again = ledger.fold(game, [{ kind: 'cancel-import', wish: '3', ...about, question: undefined }])
    assert.deepEqual([again.outcomes.stale, again.fulfilled], [1, ['3']])
  })
})

/** A person's repository from its first commit on: what each revision did, and what there was after it. */
type History = { commits: CommitEvent[]; after: ReadonlyMap<string, CommitEvent>[] }

const change = fc.record({
  collection: fc.constantFrom<Nsid>(POST, POST, LIKE, REPOST, FOLLOW),
  key: fc.nat({ max: 4 }),
  removes: fc.boolean(),
  shows: fc.constantFrom({}, DESCRIBED, { embed: { $type: 'app.bsky.embed.images', images: [{ alt: '' }] } }),
})

const histories: fc.Arbitrary<History> = fc
  .array(change, { minLength: 1, maxLength: 40, size: 'max' })
  .map((all) => {
    const state = new Map<string, CommitEvent>()
    const history: History = { commits: [], after: [] }
    for (const { collection, key, removes, shows } of all) {
      const rkey = key === 4 ? 'self' : tid(key)
      const path = pathOf({ collection, rkey })
      const n = 10 + history.commits.length
      const before = state.get(path)
      const uri = `at://${person(1 + (key % 3))}/${POST}/${tid(key)}`
      const record = collection === POST ? shows : { subject: { uri } }
      const op = before === undefined ? 'create' : removes ? 'delete' : 'update'
      const written = commit({ n, op, collection, rkey, record: op === 'delete' ? undefined : record })
      if (op === 'delete') state.delete(path)
      else state.set(path, written)
      history.commits.push(written)
      history.after.push(new Map(state))
    }
    return history
  })

/** What happens to the ledger: the stream brings some more, begins again further back, or a repository is imported. */
type Happening = { kind: 'stream'; count: number } | { kind: 'replay'; from: number } | Imported

/** `at` is a percentage of the history; `between` is how many events of the stream come after each piece. */
type Imported = {
  kind: 'import'
  at: number
  sizes: number[]
  crashesAfter: number | undefined
  between: number
}

const happenings: fc.Arbitrary<Happening[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('stream' as const), count: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant('replay' as const), from: fc.nat({ max: 99 }) }),
    fc.record({
      kind: fc.constant('import' as const),
      at: fc.nat({ max: 99 }),
      sizes: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 3 }),
      crashesAfter: fc.option(fc.nat({ max: 6 }), { nil: undefined }),
      between: fc.nat({ max: 3 }),
    }),
  ),
  { maxLength: 10, size: 'max' },
)

test('any order of live events, replays, crashes and imports ends in the same state', () => {
  fc.assert(
    fc.property(histories, happenings, fc.boolean(), ({ commits, after }, all, endsWithImport) => {
      const ledger = new MemoryLedger()
      const fold = (...operations: Operation[]): void => {
        ledger.fold(game, operations)
      }
      let reached = 0
      const stream = (count: number): void => {
        for (const event of commits.slice(reached, reached + count)) fold(event)
        reached = Math.min(commits.length, reached + count)
      }
      const runImport = (
        at: number,
        { sizes, crashesAfter, between }: Omit<Imported, 'kind' | 'at'>,
      ): void => {
        const n = 10 + at
        const records = [...(after[at] as ReadonlyMap<string, CommitEvent>).values()].map((event) =>
          read(event),
        )
        const steps = [
          ...cut(records, sizes).map((piece) => () => pieceOf(n, piece)),
          () => headOf(n),
          () => sweepOf(ledger, n),
        ]
        for (const step of steps.slice(0, crashesAfter)) {
          // As the job does: it gives up an import that another one has overtaken.
          if ((ledger.actor(alice)?.head ?? '') > tid(n)) return
          fold(step())
          stream(between)
        }
      }
      for (const happening of all) {
        if (happening.kind === 'stream') stream(happening.count)
        else if (happening.kind === 'replay') reached = Math.floor((reached * happening.from) / 100)
        else runImport(Math.floor((commits.length * happening.at) / 100), happening)
        ledger.assertBalanced()
      }
      const plain = new MemoryLedger()
      for (const event of (after.at(-1) as ReadonlyMap<string, CommitEvent>).values())
        plain.fold(game, [{ ...event, op: 'create' }])
      const assertSame = (): void => {
        assert.deepEqual(live(ledger), live(plain))
        assert.equal(ledger.actor(alice)?.experience ?? 0, plain.actor(alice)?.experience ?? 0)
      }
      if (endsWithImport) {
        runImport(commits.length - 1, { sizes: [2], crashesAfter: undefined, between: 0 })
        assertSame()
        // From there on nothing that led to it changes anything, not even for a moment.
        for (const event of commits.slice(Math.floor(reached / 2))) {
          fold(event)
          assertSame()
        }
      }
      stream(commits.length)
      assertSame()
      ledger.assertBalanced()
    }),
    { numRuns: 1_500 },
  )
})

test('a record that an import brought counts for boards and caps once the stream brings it again', () => {
  const ledger = new MemoryLedger()
  bring(ledger, 1, TODAY - 3)
  ledger.fold(game, [removal(2, commit({ n: 1 })), commit({ n: 3, rkey: tid(1) })])
  assert.equal(ledger.actor(alice)?.periods.week, 50)
  assert.equal(isHidden(ledger.actor(alice) ?? assert.fail()), false)
  ledger.assertBalanced()
})
