import assert from 'node:assert/strict'
import type { Operation } from '../../src/game/operation.ts'
import type { AskedQuestion, QuestionKind } from '../../src/game/question.ts'
import { asking, POST, person, START, tid } from '../game/arbitrary.ts'
import { DESCRIBED, identity } from '../game/operations.ts'
import { type Check, check, KEEP } from './check.ts'
import { alice, bob, commitOf, fold, NOW, post, repost, status } from './operations.ts'

/** Checks which questions the network is asked, and when. */
export const questionsChecks: readonly Check[] = [
  check('a repost is judged by a post of somebody else that came after it', async ({ reader }, writer) => {
    await fold(writer, [repost(alice, 2, bob, 1)])
    await fold(writer, [commitOf(bob, 1, POST, DESCRIBED)])
    const [question] = await writer.questions('subject', 1, new Set(), NOW)
    assert.ok(question)
    await fold(writer, [{ kind: 'no-answer', question, did: alice, at: START }])
    assert.equal((await reader.character(alice))?.experience, 70)
    assert.deepEqual(await writer.questions('subject', 1, new Set(), Number.MAX_SAFE_INTEGER), [])
  }),
  check('a question that waits for an account is asked when it is back', async (_store, writer) => {
    await fold(writer, [post(alice, 1), { kind: 'sync', did: alice, at: START, rev: tid(2) }])
    await fold(writer, [status(alice, 'deactivated', 3)])
    const [asked] = await writer.questions('repository', 1, new Set(), NOW)
    assert.ok(asked)
    await fold(writer, [{ kind: 'inactive', question: asked, did: alice, at: START }])
    assert.deepEqual(await writer.questions('repository', 1, new Set(), NOW + 86_400), [])
    await fold(writer, [status(alice, 'active', 4), status(bob, 'active', 4)])
    assert.equal((await writer.questions('repository', 9, new Set(), NOW)).length, 1)
  }),
  check(
    'the open profile questions of named people are found, whatever their place',
    async (_store, writer) => {
      await fold(writer, [post(alice, 1), post(bob, 1)], undefined, asking)
      const open = async () =>
        (await writer.questionsAbout('profile', [bob, person(2), alice])).map(({ did, id, tries }) => ({
          did,
          id,
          tries,
        }))
      const listed = await writer.questions('profile', 9, new Set(), NOW)
      const byDid = (a: { did: string }, b: { did: string }) => (a.did < b.did ? -1 : 1)
      assert.deepEqual(
        (await open()).sort(byDid),
        listed.map(({ did, id, tries }) => ({ did, id, tries })).sort(byDid),
      )
      const question = listed.find(({ did }) => did === alice)
      assert.ok(question)
      await fold(writer, [{ kind: 'no-answer', question, did: alice, at: START }], undefined, asking)
      const [postponed] = await writer.questionsAbout('profile', [alice])
      assert.equal(postponed?.tries, 1)
      await fold(writer, [{ kind: 'look-up', wish: '9', did: alice, at: START }], undefined, asking)
      const [again] = await writer.questionsAbout('profile', [alice])
      assert.equal(again?.tries, 0)
      assert.deepEqual(await writer.questionsAbout('profile', [person(2)]), [])
    },
  ),
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
  }),
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
  }),
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
  ),
  check('of a kind one question is open about a person', async ({ reader }, writer) => {
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
    assert.deepEqual((await reader.status()).waiting, { subject: 0, profile: 2, repository: 1, import: 0 })
    const [asked] = await writer.questions('repository', 1, new Set(), NOW)
    assert.ok(asked)
    await fold(writer, [{ kind: 'no-answer', question: asked, did: alice, at: START }, sync(4)])
    await fold(writer, [sync(5)])
    assert.deepEqual(await opened('repository'), [])
    assert.deepEqual(await opened('repository', NOW + 30), [[alice, 1]])
    const answer = { kind: 'repository-answer', did: alice, at: START } as const
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
    assert.deepEqual((await reader.status()).waiting, { subject: 0, profile: 0, repository: 0, import: 0 })
  }),
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
  ),
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
  }),
]
