// What every store has to do, whatever it is made of. A driver's own test file calls this with a way to open it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Cursor, Did, StreamEvent } from '../../src/atproto/event.ts'
import { PROFILE } from '../../src/atproto/profile.ts'
import type { RecordId } from '../../src/atproto/uri.ts'
import { decide } from '../../src/game/decide.ts'
import type { Followed } from '../../src/game/followed.ts'
import type { Game } from '../../src/game/game.ts'
import type { Operation } from '../../src/game/operation.ts'
import { NO_CHANGES, rulebook } from '../../src/game/rulebook.ts'
import {
  type AskedQuestion,
  isHidden,
  pathOf,
  type QuestionKind,
  type RecordPath,
  type RecordState,
} from '../../src/game/state.ts'
import { touched } from '../../src/game/touched.ts'
import type { Expiry } from '../../src/store/expired.ts'
import {
  type EventsPage,
  type Finding,
  InvalidCursorError,
  RulesChangedError,
  type Store,
  StoreBusyError,
  type Writer,
} from '../../src/store/store.ts'
import { cut, game, LIKE, POST, person, REPOST, START, stream, tid } from '../game/arbitrary.ts'
import { MemoryLedger } from '../memory-ledger.ts'

export type Conformance = {
  name: string
  /** An empty ledger, the same again however often it is opened; all of it goes with the place. */
  place: () => Promise<AsyncDisposable & { open(): Promise<Store> }>
}

const asking: Game = { ...game, appview: 'asked' }
const DESCRIBED = { embed: { $type: 'app.bsky.embed.images', images: [{ alt: 'a cat' }] } }
const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep' } as const
const [alice, bob] = [person(0), person(1)]
const NOW = START / 1_000_000
const FIRST: EventsPage = { type: undefined, cursor: undefined, limit: 100 }

/** Registers the tests. */
export function storeConformance({ name, place }: Conformance): void {
  const check = (
    title: string,
    run: (store: Store, writer: Writer, open: () => Promise<Store>) => Promise<void>,
  ) => {
    test(`${name}: ${title}`, async () => {
      await using here = await place()
      await using store = await here.open()
      await using writer = await store.write(KEEP)
      await run(store, writer, () => here.open())
    })
  }

  check('an empty ledger has nobody', async ({ reader, auditor }, writer) => {
    assert.equal(await reader.character(alice), undefined)
    assert.deepEqual(await reader.characters([alice, bob]), [])
    assert.equal(await reader.events(alice, FIRST), undefined)
    assert.deepEqual((await reader.board({ cursor: undefined, around: undefined, limit: 10 })).items, [])
    assert.deepEqual(await reader.standings(), [])
    assert.equal(await writer.cursor(), undefined)
    assert.deepEqual((await auditor.audit(() => {})).findings, [])
  })

  check('the cursor is kept with what it stands for', async ({ reader }, writer) => {
    const cursor = { host: 'a.test', wire: 'v2', value: 17, at: START } as const
    await fold(writer, [post(alice, 1)], cursor)
    assert.deepEqual(await writer.cursor(), cursor)
    await fold(writer, [post(alice, 2)], undefined)
    assert.deepEqual((await reader.status()).cursor, cursor)
  })

  check('a timeline can be walked page by page and by type', async ({ reader }, writer) => {
    const operations = Array.from({ length: 25 }, (_, n) =>
      n % 4 === 0 ? post(alice, n + 1) : like(alice, n + 1),
    )
    for (const piece of cut(operations, [2, 5])) await fold(writer, piece)
    const walk = async (type: EventsPage['type'], limit: number) => {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await reader.events(alice, { type, cursor, limit })
        assert.ok(page !== undefined && page.items.length <= limit)
        seen.push(...page.items.map(({ rkey }) => rkey))
        cursor = page.cursor
      } while (cursor !== undefined)
      return seen
    }
    const all = operations.map(({ rkey }) => rkey).reverse()
    for (const limit of [1, 3, 100]) assert.deepEqual(await walk(undefined, limit), all)
    const posts = operations.filter(({ collection }) => collection === POST).map(({ rkey }) => rkey)
    assert.deepEqual(await walk(POST, 2), posts.reverse())
    assert.deepEqual(await walk(REPOST, 2), [])
  })

  check('a cursor that it never gave out is refused', async ({ reader }, writer) => {
    await fold(writer, [post(alice, 1), like(bob, 1), post(bob, 2)])
    for (const cursor of ['!', '', 'x'.repeat(5_000), '../..', '{}']) {
      await assert.rejects(reader.events(alice, { ...FIRST, cursor }), InvalidCursorError)
      await assert.rejects(reader.board({ cursor, around: undefined, limit: 5 }), InvalidCursorError)
      await assert.rejects(reader.recent(cursor, 5), InvalidCursorError)
    }
    const others = await reader.events(bob, { ...FIRST, limit: 1 })
    await assert.rejects(reader.events(alice, { ...FIRST, cursor: others?.cursor }), InvalidCursorError)
  })

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
    assert.deepEqual(await reader.standings(), standings)
  })

  check('who is hidden appears nowhere, and again when they come back', async ({ reader }, writer) => {
    await fold(writer, [post(alice, 1), post(bob, 1)])
    const { position } = await reader.recent(undefined, 10)
    await fold(writer, [status(alice, 'deactivated', 5), post(alice, 6)])
    assert.equal(await reader.character(alice), undefined)
    assert.equal(await reader.events(alice, FIRST), undefined)
    assert.deepEqual(
      (await reader.characters([alice, bob])).map(({ did }) => did),
      [bob],
    )
    const board = await reader.board({ cursor: undefined, around: undefined, limit: 10 })
    assert.deepEqual(
      board.items.map(({ character }) => character.did),
      [bob],
    )
    assert.deepEqual(await reader.standings(), [{ experience: 50, characters: 1 }])
    assert.deepEqual((await reader.recent(position, 10)).events, [])
    await fold(writer, [status(alice, 'active', 9)])
    assert.equal((await reader.character(alice))?.experience, 100)
    assert.equal((await reader.standings())[0]?.experience, 100)
  })

  check('who is not introduced yet counts and appears nowhere', async ({ reader, auditor }, writer, open) => {
    const { position } = await reader.recent(undefined, 10)
    await fold(writer, [post(alice, 1), post(bob, 1), like(bob, 2)], undefined, asking)
    const assertNowhere = async (): Promise<void> => {
      assert.equal(await reader.character(alice), undefined)
      assert.deepEqual(await reader.characters([alice]), [])
      assert.equal(await reader.events(alice, FIRST), undefined)
      const board = await reader.board({ cursor: undefined, around: undefined, limit: 10 })
      assert.ok(board.items.every(({ character }) => character.did !== alice))
      assert.deepEqual((await reader.board({ cursor: undefined, around: alice, limit: 10 })).items, [])
      const { events } = await reader.recent(position, 10)
      assert.ok(events.every(({ did }) => did !== alice))
    }
    await assertNowhere()
    assert.deepEqual(await reader.standings(), [])
    const { characters, introductions, experience } = await reader.status()
    assert.deepEqual([characters, introductions, experience], [0, 2, 110])
    await fold(writer, [named(bob, 'bob.test')], undefined, asking)
    await assertNowhere()
    assert.deepEqual(await reader.standings(), [{ experience: 60, characters: 1 }])
    // Neither a restart nor what they do changes that; their own profile record does.
    await writer[Symbol.asyncDispose]()
    await using again = await open()
    await using next = await again.write(KEEP)
    await fold(next, [post(alice, 3)], undefined, asking)
    await assertNowhere()
    assert.equal((await reader.status()).introductions, 1)
    await fold(next, [profileRecord(alice, 4, {})], undefined, asking)
    assert.equal((await reader.character(alice))?.experience, 100)
    const { characters: shown, introductions: left } = await reader.status()
    assert.deepEqual([shown, left], [2, 0])
    assert.deepEqual((await auditor.audit(() => {})).findings, [])
  })

  check('a label in the own profile record holds after a restart, too', async ({ reader }, writer, open) => {
    const hides = { labels: { values: [{ val: '!no-unauthenticated' }] } }
    await fold(writer, [profileRecord(alice, 5, hides), post(alice, 6)], undefined, asking)
    await writer[Symbol.asyncDispose]()
    await using again = await open()
    await using next = await again.write(KEEP)
    await fold(next, [profileRecord(alice, 4, {}), named(alice, 'alice.test')], undefined, asking)
    assert.equal(await reader.character(alice), undefined)
    assert.equal(await reader.didOf('alice.test'), undefined)
    await fold(next, [profileRecord(alice, 7, {})], undefined, asking)
    assert.equal((await reader.character(alice))?.profile?.handle, 'alice.test')
  })

  check('what the stream calls somebody holds after a restart', async ({ reader }, writer, open) => {
    const identity: Operation = { kind: 'identity', did: alice, at: START + 5e6, handle: 'new.test' }
    await fold(writer, [post(alice, 1), named(alice, 'old.test')])
    await fold(writer, [identity])
    await writer[Symbol.asyncDispose]()
    await using again = await open()
    await using next = await again.write(KEEP)
    await fold(next, [named(alice, 'old.test')])
    assert.equal((await reader.character(alice))?.profile?.handle, undefined)
    await fold(next, [named(alice, 'new.test')])
    assert.equal(await reader.didOf('new.test'), alice)
    // It is repeated by a stream that begins again.
    await fold(next, [identity])
    assert.equal(await reader.didOf('new.test'), alice)
  })

  check('a repost is judged by a post of somebody else that came after it', async ({ reader }, writer) => {
    await fold(writer, [repost(alice, 2, bob, 1)])
    await fold(writer, [commitOf(bob, 1, POST, DESCRIBED)])
    const [question] = await writer.questions('subject', 1, new Set(), NOW)
    assert.ok(question)
    await fold(writer, [{ kind: 'no-answer', question, did: alice, at: START }])
    assert.equal((await reader.character(alice))?.experience, 70)
    assert.deepEqual(await writer.questions('subject', 1, new Set(), Number.MAX_SAFE_INTEGER), [])
  })

  check('a question that waits for an account is asked when it is back', async (_store, writer) => {
    await fold(writer, [post(alice, 1), { kind: 'sync', did: alice, at: START, rev: tid(2) }])
    await fold(writer, [status(alice, 'deactivated', 3)])
    const [asked] = await writer.questions('repository', 1, new Set(), NOW)
    assert.ok(asked)
    await fold(writer, [{ kind: 'inactive', question: asked, did: alice, at: START }])
    assert.deepEqual(await writer.questions('repository', 1, new Set(), NOW + 86_400), [])
    await fold(writer, [status(alice, 'active', 4), status(bob, 'active', 4)])
    assert.equal((await writer.questions('repository', 9, new Set(), NOW)).length, 1)
  })

  check('a deleted account leaves nothing behind', async ({ reader, auditor }, writer) => {
    await fold(writer, [post(alice, 1), like(alice, 2), repost(alice, 3, bob), post(bob, 1)])
    await fold(writer, [status(alice, 'deleted', 5)])
    // A store may find out only when it looks that a question has become pointless.
    assert.deepEqual(await writer.questions('subject', 10, new Set(), NOW), [])
    assert.deepEqual(
      (await writer.questions('profile', 10, new Set(), NOW)).map(({ did }) => did),
      [bob],
    )
    const { records, events, experience, waiting } = await reader.status()
    assert.deepEqual({ records, events, experience }, { records: 1, events: 1, experience: 50 })
    assert.deepEqual(waiting, { subject: 0, profile: 1, repository: 0 })
    await fold(writer, [status(alice, 'active', 8), post(alice, 9)])
    assert.equal((await reader.events(alice, FIRST))?.items.length, 1)
    assert.deepEqual((await auditor.audit(() => {})).findings, [])
  })

  check(
    'a forgotten person is not named any more, and stays forgotten',
    async ({ reader, inbox }, writer, open) => {
      await fold(writer, [post(alice, 1), repost(bob, 2, alice), repost(bob, 3, alice, 9)])
      await inbox.leave({ kind: 'forget', did: alice, at: START })
      const wishes = await writer.wishes(10)
      assert.deepEqual(
        wishes.map(({ kind, did }) => [kind, did]),
        [['forget', alice]],
      )
      await fold(writer, wishes)
      assert.deepEqual(await writer.wishes(10), [])
      assert.deepEqual(await writer.questions('subject', 10, new Set(), NOW), [])
      await fold(writer, [post(alice, 7)])
      assert.equal(await reader.character(alice), undefined)
      await writer[Symbol.asyncDispose]()
      await using again = await open()
      await using second = await again.write(KEEP)
      const both = new Set([alice, bob])
      const known = await second.load({
        actors: both,
        records: [],
        whole: both,
        grants: new Map(),
        handles: new Set(),
      })
      assert.equal(known.actor(alice)?.forgotten, true)
      assert.deepEqual([...known.records(alice)], [])
      for (const [, state] of known.records(bob)) assert.equal(state.facts?.subject, undefined)
      assert.equal(known.actor(bob)?.experience, 50 + 50)
    },
  )

  check('questions stay until they are answered, oldest first', async (_store, writer) => {
    await fold(writer, [repost(alice, 1, bob), repost(alice, 2, bob), repost(alice, 3, bob, 9)])
    const [first, second] = await writer.questions('subject', 2, new Set(), NOW)
    assert.ok(first?.kind === 'subject' && second !== undefined)
    assert.deepEqual(first.subject, { did: bob, collection: POST, rkey: tid(0) })
    const others = await writer.questions('subject', 5, new Set([first.id]), NOW)
    assert.deepEqual(others.map(({ id }) => id).includes(first.id), false)
    assert.equal(others.length, 2)
    const { did, collection, rkey, rev, subject } = first
    await fold(writer, [
      {
        kind: 'subject-answer',
        question: first.id,
        tries: 0,
        did,
        collection,
        rkey,
        rev,
        subject,
        at: START,
        media: 'alt',
      },
      // The second repost goes, and with it the question about it.
      { ...repost(alice, 2, bob), op: 'delete', rev: tid(8), record: undefined },
    ])
    const left = await writer.questions('subject', 5, new Set(), NOW)
    assert.deepEqual(
      left.map((question) => question.kind === 'subject' && question.rkey),
      [tid(3)],
    )
  })

  check('a question about a repost that was changed since is not asked', async ({ reader }, writer) => {
    await fold(writer, [repost(alice, 1, bob), repost(alice, 2, bob)])
    const other = repost(alice, 1, bob, 7)
    await fold(writer, [{ ...other, op: 'update', rev: tid(5) }])
    // The same post, of another revision.
    await fold(writer, [{ ...repost(alice, 2, bob), op: 'update', rev: tid(6) }])
    const asked = await writer.questions('subject', 9, new Set(), NOW)
    assert.deepEqual(
      asked.map((question) => question.kind === 'subject' && [question.rkey, question.rev]),
      [
        [tid(1), tid(5)],
        [tid(2), tid(6)],
      ],
    )
    assert.equal((await reader.status()).waiting.subject, 2)
  })

  check(
    'a question that is put off is open again when its time has come, after those never asked',
    async (store, writer, open) => {
      const noAnswer = (question: AskedQuestion): Operation => {
        return { kind: 'no-answer', question, did: question.did, at: START }
      }
      const keys = (questions: readonly AskedQuestion[]) =>
        questions.map((question) => question.kind === 'subject' && [question.rkey, question.tries])
      const all = Number.MAX_SAFE_INTEGER
      await fold(writer, [repost(alice, 1, bob), repost(alice, 2, bob), repost(alice, 3, bob)])
      for (const _ of [1, 2, 3]) {
        const [first] = await writer.questions('subject', 1, new Set(), all)
        assert.ok(first)
        await fold(writer, [noAnswer(first)])
      }
      // The first has been asked three times by now, for its pause was over for us.
      await fold(writer, [repost(alice, 4, bob)])
      assert.deepEqual(keys(await writer.questions('subject', 9, new Set(), NOW)), [[tid(4), 0]])
      assert.deepEqual(keys(await writer.questions('subject', 9, new Set(), NOW + 1)), [
        [tid(4), 0],
        [tid(1), 1],
        [tid(2), 1],
        [tid(3), 1],
      ])
      const [second, third] = (await writer.questions('subject', 3, new Set(), all)).slice(1)
      assert.ok(second && third)
      assert.deepEqual(keys(await writer.questions('subject', 9, new Set([second.id]), all)), [
        [tid(4), 0],
        [tid(2), 1],
        [tid(3), 1],
      ])
      await fold(writer, [noAnswer(third)])
      const { waiting, postponed } = await store.reader.status()
      assert.deepEqual([waiting.subject, postponed.subject], [1, 3])
      await writer[Symbol.asyncDispose]()
      await using again = await open()
      await using next = await again.write(KEEP)
      assert.deepEqual(keys(await next.questions('subject', 9, new Set(), NOW + 1)), [
        [tid(4), 0],
        [tid(1), 1],
        [tid(3), 1],
      ])
      assert.deepEqual(keys(await next.questions('subject', 9, new Set(), NOW + 2)).at(-1), [tid(2), 2])
      for (const question of await next.questions('subject', 9, new Set(), all)) {
        await fold(next, [noAnswer({ ...question, tries: 100 })])
      }
      assert.deepEqual(await next.questions('subject', 9, new Set(), all), [])
      const after = await store.reader.status()
      assert.deepEqual([after.waiting.subject, after.postponed.subject], [0, 0])
    },
  )

  check('of a kind one question is open about a person', async ({ reader }, writer) => {
    const identity = (n: number): Operation => {
      return { kind: 'identity', did: alice, at: START + n * 1e6, handle: undefined }
    }
    const sync = (n: number): Operation => ({ kind: 'sync', did: alice, at: START, rev: tid(n) })
    const opened = async (kind: QuestionKind, now = NOW) =>
      (await writer.questions(kind, 9, new Set(), now)).map(({ did, tries }) => [did, tries])
    await fold(writer, [post(alice, 1), post(bob, 1), identity(2), sync(2), sync(3)])
    await fold(writer, [sync(3), identity(4)])
    assert.deepEqual(await opened('profile'), [
      [bob, 0],
      [alice, 0],
    ])
    assert.deepEqual(await opened('repository'), [[alice, 0]])
    assert.deepEqual((await reader.status()).waiting, { subject: 0, profile: 2, repository: 1 })
    const [asked] = await writer.questions('repository', 1, new Set(), NOW)
    assert.ok(asked)
    await fold(writer, [{ kind: 'no-answer', question: asked, did: alice, at: START }, sync(4)])
    await fold(writer, [sync(5)])
    assert.deepEqual(await opened('repository'), [])
    assert.deepEqual(await opened('repository', NOW + 30), [[alice, 1]])
    const paths = new Set<RecordPath>()
    const answer = {
      kind: 'repository-answer',
      did: alice,
      at: START,
      rev: tid(1),
      paths,
      collections: game.followed,
    } as const
    // To a question whose place another has taken.
    await fold(writer, [{ ...answer, question: asked.id }])
    assert.deepEqual(await opened('repository', NOW + 30), [[alice, 1]])
    const [again] = await writer.questions('repository', 1, new Set(), NOW + 30)
    assert.ok(again)
    await fold(writer, [{ ...answer, question: again.id }])
    assert.deepEqual(await opened('repository', NOW + 30), [])
    await fold(writer, [{ kind: 'look-up', wish: '1', did: alice, at: START }])
    assert.equal((await opened('profile')).length, 2)
    await fold(writer, [status(alice, 'deleted', 9), status(bob, 'deleted', 9)])
    assert.deepEqual((await reader.status()).waiting, { subject: 0, profile: 0, repository: 0 })
  })

  check(
    'a question that was put off by a clock that was ahead is asked all the same',
    async (_s, writer, open) => {
      await fold(writer, [post(alice, 1), post(bob, 1), repost(bob, 2, alice)], undefined, asking)
      const noAnswer = async (kind: QuestionKind, at: number): Promise<void> => {
        for (const question of await writer.questions(kind, 9, new Set(), NOW)) {
          await fold(writer, [{ kind: 'no-answer', question, did: question.did, at }], undefined, asking)
        }
      }
      const YEAR = 366 * 86_400e6
      await noAnswer('profile', START + YEAR)
      await noAnswer('subject', START + 9e6)
      await writer[Symbol.asyncDispose]()
      await using again = await open()
      await using next = await again.write(KEEP)
      const asked = async (kind: QuestionKind, now: number) =>
        (await next.questions(kind, 9, new Set(), now)).map(({ did, tries }) => [did, tries])
      assert.deepEqual((await asked('profile', NOW)).sort(), [
        [alice, 1],
        [bob, 1],
      ])
      // One second is what this one has to wait.
      assert.deepEqual(await asked('subject', NOW + 9), [])
      assert.deepEqual(await asked('subject', NOW + 10), [[bob, 1]])
    },
  )

  check('a question that is asleep is open again when its account is back', async ({ reader }, writer) => {
    const sync = (n: number): Operation => ({ kind: 'sync', did: alice, at: START, rev: tid(n) })
    const open = async () => (await writer.questions('repository', 9, new Set(), NOW)).map(({ did }) => did)
    await fold(writer, [post(alice, 1), sync(2), status(alice, 'deactivated', 3)])
    const [question] = await writer.questions('repository', 9, new Set(), NOW)
    assert.ok(question)
    await fold(writer, [{ kind: 'inactive', question, did: alice, at: START }])
    assert.deepEqual(await open(), [])
    assert.equal((await reader.status()).postponed.repository, 1)
    await fold(writer, [status(alice, 'active', 4)])
    assert.deepEqual(await open(), [alice])
    await fold(writer, [status(alice, 'deactivated', 5), status(alice, 'active', 6)])
    assert.deepEqual(await open(), [alice])
    assert.equal((await reader.status()).waiting.repository, 1)
  })

  check('a profile is kept, found by handle, and its handle moves', async ({ reader }, writer) => {
    await fold(writer, [post(alice, 1), post(bob, 1)])
    const before = (await reader.character(alice))?.version
    await fold(writer, [named(alice, 'same.test')])
    const had = (await reader.character(alice))?.version
    assert.equal(await reader.didOf('same.test'), alice)
    assert.notEqual((await reader.character(alice))?.version, before)
    await fold(writer, [named(bob, 'same.test')])
    assert.equal(await reader.didOf('same.test'), bob)
    assert.equal((await reader.character(alice))?.profile?.handle, undefined)
    // Who keeps an answer by its version sees that it is another.
    assert.notEqual((await reader.character(alice))?.version, had)
    await fold(writer, [{ kind: 'identity', did: bob, at: START + 9e6, handle: undefined }])
    assert.equal(await reader.didOf('same.test'), undefined)
  })

  check(
    'events are forgotten by their place where one of them is from a time to come, or from long ago',
    async ({ reader, auditor }, writer) => {
      const DAY = 86_400_000_000
      const at = (n: number, off: number) => ({ ...like(alice, n), at: START + n * 1_000_000 + off })
      await fold(writer, [at(1, 5_000 * DAY), like(alice, 2), like(alice, 3), like(alice, 40)])
      await fold(writer, [like(alice, 50), at(51, -20 * DAY), like(alice, 60)])
      assert.equal(await writer.prune(before(30_000_000), 10), 3)
      assert.equal(await writer.prune(before(30_000_000), 10), 0)
      const left = (await reader.events(alice, FIRST))?.items.map(({ rkey }) => rkey)
      assert.deepEqual(left, [60, 51, 50, 40].map(tid))
      assert.deepEqual((await auditor.audit(() => {})).findings, [])
    },
  )

  check(
    'an event that is young is not forgotten, whatever came before and after it',
    async ({ reader, auditor }, writer) => {
      await fold(writer, [like(alice, 1), { ...like(alice, 90), rkey: tid(2) }])
      await fold(
        writer,
        [3, 4, 5, 6].map((n) => like(alice, n)),
      )
      assert.equal(await writer.prune(before(30_000_000), 10), 1)
      assert.equal(await writer.prune(before(30_000_000), 10), 0)
      assert.equal((await reader.events(alice, FIRST))?.items.length, 5)
      assert.equal(await writer.prune(before(90_000_000_000), 10), 5)
      assert.deepEqual((await auditor.audit(() => {})).findings, [])
    },
  )

  check(
    'events are forgotten from the oldest on, and their sum is not',
    async ({ reader, auditor }, writer) => {
      await fold(writer, [post(alice, 1)])
      await fold(writer, [like(alice, 2), post(bob, 3)])
      await fold(writer, [like(alice, 60)])
      assert.equal(await writer.prune(before(30_000_000), 2), 2)
      assert.equal(await writer.prune(before(30_000_000), 10), 1)
      assert.equal(await writer.prune(before(30_000_000), 10), 0)
      assert.deepEqual(
        (await reader.events(alice, FIRST))?.items.map(({ rkey }) => rkey),
        [tid(60)],
      )
      assert.deepEqual((await reader.events(bob, FIRST))?.items, [])
      assert.equal((await reader.character(alice))?.experience, 70)
      assert.deepEqual((await auditor.audit(() => {})).findings, [])
      await fold(writer, [
        { ...post(alice, 1), op: 'delete', rev: tid(70), record: undefined },
        status(bob, 'deleted', 80),
      ])
      assert.equal((await reader.character(alice))?.experience, 20)
      assert.deepEqual((await auditor.audit(() => {})).findings, [])
    },
  )

  check('a deletion takes the oldest event that is kept, too', async ({ reader, auditor }, writer) => {
    await fold(writer, [like(bob, 1)])
    await fold(writer, [post(alice, 2), like(alice, 3)])
    assert.equal(await writer.prune(before(2_000_000), 10), 1)
    await fold(writer, [status(alice, 'deleted', 5)])
    assert.equal((await reader.status()).events, 0)
    assert.deepEqual((await auditor.audit(() => {})).findings, [])
  })

  check('a deletion that has purged is known after a restart', async ({ reader }, writer, open) => {
    const gone = status(alice, 'deleted', 5)
    const back = { ...gone, status: 'active' } as const
    await fold(writer, [post(alice, 1), gone, back, post(alice, 6)])
    await writer[Symbol.asyncDispose]()
    await using again = await open()
    await using second = await again.write(KEEP)
    await fold(second, [gone, back])
    assert.equal((await reader.character(alice))?.experience, 50)
  })

  check('what caps have granted is kept by day, until it goes with its person', async (_store, writer) => {
    const rules = rulebook({ ...NO_CHANGES, caps: { [POST]: 120, [LIKE]: 15 } })
    const capped: Game = { ...game, rules }
    const late = 90_000
    const granted = async (did: Did) => {
      const whole = new Set([did])
      return (
        await writer.load({ actors: whole, records: [], whole, grants: new Map(), handles: new Set() })
      ).granted(did)
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
    const left = await writer.load({
      actors: new Set([alice]),
      records: [gone],
      whole: new Set(),
      grants: new Map(),
      handles: new Set(),
    })
    assert.deepEqual(left.record(gone), {
      rev: gone.rev,
      live: false,
      xp: 0,
      facts: { media: undefined, subject: undefined },
      at: Math.floor(gone.at / 1_000_000),
      capped: false,
    })
    await fold(writer, [status(alice, 'deleted', late + 3)], undefined, capped)
    assert.deepEqual(await granted(alice), new Map())
    assert.deepEqual(await granted(bob), new Map([[first, new Map([[POST, 50]])]]))
    await fold(writer, [{ kind: 'recompute', did: bob, at: START }])
    assert.deepEqual(await granted(bob), new Map())
  })

  check(
    'what is followed is remembered, and who is not any more is absent',
    async ({ reader }, writer, open) => {
      assert.deepEqual(await writer.followed(), [undefined])
      const now: Followed = { dids: [alice], collections: [POST], left: { [bob]: START } }
      const gap = {
        host: 'not followed by DIDS: x',
        from: START,
        to: START + 5,
        reason: 'not-followed',
        at: START + 5,
      }
      await writer.follow({ before: undefined, now, gaps: [gap] })
      await fold(writer, [
        post(alice, 1),
        post(bob, 2),
        status(bob, 'deactivated', 3),
        status(bob, 'active', 4),
      ])
      await fold(writer, [{ kind: 'follow', did: bob, at: START, followed: false }])
      assert.equal(await reader.character(bob), undefined)
      assert.deepEqual(await reader.standings(), [{ experience: 50, characters: 1 }])
      assert.deepEqual((await reader.status()).gaps, [gap])
      await writer[Symbol.asyncDispose]()
      await using again = await open()
      await using second = await again.write(KEEP)
      assert.deepEqual(await second.followed(), [now])
      await fold(second, [status(bob, 'deactivated', 5), status(bob, 'active', 6)])
      assert.equal(await reader.character(bob), undefined)
      await fold(second, [{ kind: 'follow', did: bob, at: START, followed: true }])
      assert.equal((await reader.character(bob))?.experience, 50)
    },
  )

  check('gaps, pulse and samples are told', async ({ reader }, writer) => {
    const gap = { host: 'a.test', from: START, to: START + 5, reason: 'clamped', at: START + 9 }
    await writer.recordGap(gap)
    await writer.beat({ at: START, lag: 3, host: 'a.test' })
    await writer.recordSample({ at: START, networkBytes: 0 })
    await fold(writer, [post(alice, 1)])
    await writer.recordSample({ at: START + 3_600_000_000, networkBytes: 1_000 })
    const { gaps, pulse, perDay } = await reader.status()
    assert.deepEqual(gaps, [gap])
    assert.deepEqual(pulse, { at: START, lag: 3, host: 'a.test' })
    assert.deepEqual([perDay?.events, perDay?.networkBytes], [24, 24_000])
  })

  check(
    'there is one writer at a time, and everything stays when it goes',
    async ({ reader }, writer, open) => {
      await using other = await open()
      await assert.rejects(other.write(KEEP), StoreBusyError)
      await fold(writer, [post(alice, 1)])
      await writer[Symbol.asyncDispose]()
      await assert.rejects(writer.cursor())
      await assert.rejects(fold(writer, [post(alice, 2)]))
      await using next = await other.write(KEEP)
      await fold(next, [post(alice, 1), post(alice, 2)])
      assert.equal((await reader.character(alice))?.experience, 100)
    },
  )

  check('a ledger is bound to its rules until it is recomputed as a whole', async (store, writer) => {
    await writer[Symbol.asyncDispose]()
    const other = { fingerprint: 'others', purpose: 'keep' } as const
    await assert.rejects(store.write(other), RulesChangedError)
    {
      await using begun = await store.write({ ...other, purpose: 'recompute' })
      assert.deepEqual(await begun.people(undefined, 10), [])
    }
    await assert.rejects(store.write(other), RulesChangedError)
    await assert.rejects(store.write(KEEP), RulesChangedError)
    {
      await using again = await store.write({ ...other, purpose: 'recompute' })
      await again.bindRules('others')
    }
    await using bound = await store.write(other)
    assert.equal(await bound.cursor(), undefined)
  })

  check('numbers are exact up to 2^53 - 1', async ({ reader, auditor }, writer) => {
    await fold(writer, [post(alice, 1)])
    const most = Number.MAX_SAFE_INTEGER - 50
    // More than any rules may give, in one record.
    const generous = { ...game, rules: { ...game.rules, award: () => ({ reason: 'post.text', xp: most }) } }
    const huge = [post(alice, 2)]
    const known = await writer.load(touched(generous, huge))
    await writer.commit(decide(generous, known, huge), undefined)
    assert.equal((await reader.character(alice))?.experience, Number.MAX_SAFE_INTEGER)
    assert.deepEqual((await auditor.audit(() => {})).findings, [])
  })

  test(`${name}: caps are counted alike, also over restarts and by other rules later`, async () => {
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
        for (const [rules, batches] of [
          [first, pieces],
          [second, [everybody, ...pieces.slice(1).map((piece) => piece.map(later))]],
          [none, [everybody]],
        ] as const) {
          await using store = await here.open()
          const { fingerprint } = rules.rules
          await using writer = await store.write({ fingerprint, purpose: 'recompute' })
          for (const piece of batches) {
            expected.fold(rules, piece)
            await fold(writer, piece, undefined, rules)
          }
          await writer.bindRules(fingerprint)
          await writer[Symbol.asyncDispose]()
          await compare(store, expected, () => false, fingerprint)
        }
      }),
      { numRuns: 25 },
    )
  })

  test(`${name}: any stream, in any batches and with restarts, leaves what the naive ledger has`, async () => {
    const anything = [stream, fc.array(fc.nat({ max: 12 })), fc.nat({ max: 5 })] as const
    await fc.assert(
      fc.asyncProperty(...anything, async (events, sizes, restartEvery) => {
        await using here = await place()
        const expected = new MemoryLedger()
        let open = await opened(here)
        await using _ = { [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() }
        for (const [index, piece] of cut(events, sizes).entries()) {
          expected.fold(game, piece)
          await fold(open.writer, piece)
          if (restartEvery === 0 || index % restartEvery !== 0) continue
          await open[Symbol.asyncDispose]()
          open = await opened(here)
        }
        await open.writer[Symbol.asyncDispose]()
        await compare(open.store, expected)
      }),
      { numRuns: 60 },
    )
  })
}

/** A store with its writer, both of which end together. */
async function opened(place: {
  open(): Promise<Store>
}): Promise<AsyncDisposable & { store: Store; writer: Writer }> {
  const store = await place.open()
  const writer = await store.write(KEEP)
  return {
    store,
    writer,
    [Symbol.asyncDispose]: async () => {
      await writer[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

/** Asserts that a store, which nobody writes to, tells the same as the naive ledger. */
export async function compare(
  store: Store,
  expected: MemoryLedger,
  excused: (finding: Finding) => boolean = () => false,
  fingerprint = game.rules.fingerprint,
): Promise<void> {
  const { reader, auditor } = store
  expected.assertBalanced()
  const { findings } = await auditor.audit(() => {})
  assert.deepEqual(
    findings.filter((finding) => !excused(finding)),
    [],
  )
  await using writer = await store.write({ fingerprint, purpose: 'keep' })
  const everybody = new Set(expected.actors.keys())
  const known = await writer.load({
    actors: everybody,
    records: [],
    whole: everybody,
    grants: new Map(),
    handles: new Set(),
  })
  for (const did of everybody) {
    const records = (those: Iterable<[RecordId, RecordState]>) =>
      new Map([...those].map(([id, state]) => [pathOf(id), state]))
    assert.deepEqual(records(known.records(did)), records(expected.records(did)))
    assert.deepEqual(known.granted(did), expected.granted(did))
  }
  for (const [did, { periods, status, statusTime, purgedTime, rev, floor }] of expected.actors) {
    const held = known.actor(did)
    assert.deepEqual([held?.rev, held?.floor], [rev, floor])
    assert.deepEqual(held?.periods, periods)
    assert.deepEqual([held?.status, held?.purgedTime], [status, purgedTime])
    // Of strangers no "active" is kept, and a store may know somebody whom others have only named.
    if (status !== 'active') assert.equal(held?.statusTime, statusTime)
  }
  let shown = 0
  for (const [did, actor] of expected.actors) {
    const character = await reader.character(did)
    const page = await reader.events(did, { ...FIRST, limit: 1_000 })
    if (!actor.born || isHidden(actor)) {
      assert.deepEqual([character, page], [undefined, undefined])
      continue
    }
    shown += 1
    const { experience, lastDelta, updatedAt } = actor
    assert.deepEqual(
      [character?.experience, character?.lastDelta, character?.updatedAt],
      [experience, lastDelta, updatedAt],
    )
    const counts = [...actor.counts].filter(([, n]) => n > 0)
    assert.deepEqual([...(character?.counts ?? [])].sort(), counts.sort())
    assert.deepEqual(page?.items, expected.events.filter((event) => event.did === did).reverse())
  }
  const { characters, records, events, experience } = await reader.status()
  const sum = [...expected.actors.values()].reduce((total, actor) => total + actor.experience, 0)
  assert.deepEqual(
    { characters, records, events, experience },
    { characters: shown, records: expected.held.size, events: expected.events.length, experience: sum },
  )
}

async function fold(
  writer: Writer,
  operations: readonly Operation[],
  cursor?: Cursor,
  by: Game = game,
): Promise<void> {
  const known = await writer.load(touched(by, operations))
  await writer.commit(decide(by, known, operations), cursor)
}

/** The same records once more, changed again, with revisions above all that `stream` makes. */
/** Everything from before second `micros / 1e6` is old, two minutes after the start. */
function before(micros: number): Expiry {
  return { before: START + micros, now: START + 120_000_000 }
}

function later(event: StreamEvent): StreamEvent {
  return event.kind === 'commit' ? { ...event, rev: tid(100_000 + Number(event.op === 'delete')) } : event
}

/** What somebody's own profile says. */
function profileRecord(did: Did, n: number, record: object) {
  return { ...commitOf(did, n, PROFILE, record), op: 'update', rkey: 'self' } as const
}

function commitOf(did: Did, n: number, collection: typeof POST, record: object) {
  const at = START + n * 1_000_000
  return { kind: 'commit', did, at, rev: tid(n), op: 'create', collection, rkey: tid(n), record } as const
}

function post(did: Did, n: number) {
  return commitOf(did, n, POST, { text: 'not kept' })
}

function like(did: Did, n: number) {
  return commitOf(did, n, LIKE, { subject: { uri: 'at://x' } })
}

/** Of a post by `author` that nobody has seen. */
function repost(did: Did, n: number, author: Did, key = 0) {
  return commitOf(did, n, REPOST, { subject: { uri: `at://${author}/${POST}/${tid(key)}` } })
}

function status(did: Did, value: 'active' | 'deactivated' | 'deleted', n: number) {
  return {
    kind: 'account',
    did,
    at: START + n * 1_000_000,
    time: START + n * 1_000_000,
    status: value,
  } as const
}

function named(did: Did, handle: `${string}.${string}`) {
  const profile = { handle, displayName: 'A name \u{1F98A}', avatar: undefined, asked: START }
  return {
    kind: 'profile-answer',
    question: 'profile:1',
    tries: 0,
    did,
    at: START,
    profile,
    optedOut: false,
    postsCount: 0,
  } as const
}
