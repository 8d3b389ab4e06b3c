import assert from 'node:assert/strict'
import type { Did } from '../../src/atproto/event.ts'
import type { ImportedRecord, Operation } from '../../src/game/operation.ts'
import { NO_FACTS } from '../../src/game/rules/rule.ts'
import { pathOf } from '../../src/game/state.ts'
import type { Writer } from '../../src/store/store.ts'
import { asking, LIKE, POST, person, REPOST, rules, START, tid } from '../game/arbitrary.ts'
import { type Check, check } from './check.ts'
import { alice, bob, commitOf, FIRST, fold, like, NOW, post, removalOf, repost } from './operations.ts'

const DAY = Math.floor(NOW / 86_400)
const about = { did: alice, at: START + 60_000_000 }
const wish = { kind: 'import', wish: '1', did: alice, at: START } as const

function pieceOf(n: number, ...records: Partial<ImportedRecord>[]): Operation {
  const all = records.map((record, key) => {
    const facts = { ...NO_FACTS, media: 'text' } as const
    return { collection: POST, rkey: tid(key), facts, claimed: DAY - 3, ...record }
  })
  return { kind: 'import-records', ...about, rev: tid(n), since: undefined, records: all }
}

/** All pages of a person's records. */
async function pagesOf(writer: Writer, did: Did, limit: number): Promise<string[][]> {
  const pages: string[][] = []
  let after: string | undefined
  do {
    const page = await writer.records(did, after, limit)
    pages.push(page.records.map(([id, { live }]) => `${pathOf(id)} ${live}`))
    after = page.next
  } while (after !== undefined)
  return pages
}

/** Checks what the import of repositories needs of a store. */
export const importsChecks: readonly Check[] = [
  check('the records of a person come page by page, each once, deleted ones included', async (_, writer) => {
    const written = [1, 2, 3].flatMap((n) => [post(alice, n), like(alice, n), repost(alice, n, bob, 1)])
    const named = { ...post(alice, 4), rkey: 'self' }
    await fold(writer, [...written, named, post(bob, 9), removalOf(alice, 2)])
    const expected = [...written, named].map(
      (one) => `${pathOf(one)} ${!(one.collection === LIKE && one.rkey === tid(2))}`,
    )
    for (const limit of [1, 2, 3, 7, 100]) {
      const pages = await pagesOf(writer, alice, limit)
      assert.deepEqual(pages.flat().sort(), [...expected].sort(), `pages of ${limit}`)
      assert.ok(pages.every((page) => page.length <= limit))
    }
    assert.deepEqual(await pagesOf(writer, person(5), 3), [[]])
  }),

  check(
    'records that come while pages are read neither hide others nor show them twice',
    async (_, writer) => {
      await fold(
        writer,
        [1, 2, 3, 4, 5].map((n) => post(alice, n)),
      )
      const seen: string[] = []
      let after: string | undefined
      for (let n = 10; ; n++) {
        const page = await writer.records(alice, after, 1)
        seen.push(...page.records.map(([id]) => pathOf(id)))
        if (page.next === undefined) break
        after = page.next
        if (n < 13) await fold(writer, [post(alice, n), like(alice, n)])
      }
      for (const n of [1, 2, 3, 4, 5])
        assert.equal(seen.filter((path) => path === `${POST}/${tid(n)}`).length, 1, `post ${n}`)
      assert.equal(new Set(seen).size, seen.length)
    },
  ),

  check(
    'a wish to import is a question, also about somebody unknown, until it is closed',
    async (store, writer) => {
      const { reader } = store
      await store.inbox.leave({ kind: 'import', did: alice, at: START })
      const wishes = await writer.wishes(10)
      assert.deepEqual(
        wishes.map(({ kind, did }) => [kind, did]),
        [['import', alice]],
      )
      assert.equal(await reader.importStatus(alice), undefined)
      await fold(writer, wishes)
      assert.deepEqual(await writer.wishes(10), [])
      const [question] = await writer.questions('import', 10, new Set(), NOW)
      assert.deepEqual([question?.kind, question?.did, question?.tries], ['import', alice, 0])
      assert.deepEqual(await writer.questionsAbout('import', [alice, bob]), [question])
      assert.deepEqual(await writer.questionsAbout('profile', [alice]), [])
      const open = { isOpen: true, tries: 0, head: undefined, records: 0, experience: 0 }
      assert.deepEqual(await reader.importStatus(alice), open)
      assert.equal((await reader.status()).waiting.import, 1)
      assert.ok(question)
      await fold(writer, [{ kind: 'no-answer', question, did: alice, at: START }])
      assert.deepEqual(await reader.importStatus(alice), { ...open, tries: 1 })
      assert.deepEqual(await writer.questions('import', 10, new Set(), NOW), [])
      const [again] = await writer.questionsAbout('import', [alice])
      await fold(writer, [{ kind: 'import-end', ...about, question: again?.id, brought: undefined }])
      assert.deepEqual(await reader.importStatus(alice), { ...open, isOpen: false })
      assert.deepEqual(await writer.questionsAbout('import', [alice]), [])
    },
  ),

  check('a wish to import leaves an open question as it is', async (store, writer) => {
    await fold(writer, [wish])
    const [question] = await writer.questionsAbout('import', [alice])
    assert.ok(question)
    await fold(writer, [{ kind: 'no-answer', question, did: alice, at: START }])
    const open = await writer.questionsAbout('import', [alice])
    await fold(writer, [{ ...wish, wish: '2' }])
    assert.deepEqual(await writer.questionsAbout('import', [alice]), open)
    assert.equal((await store.reader.importStatus(alice))?.tries, 1)
    assert.equal((await store.reader.status()).postponed.import, 1)
  }),

  check('a wish to import may be taken back', async (store, writer) => {
    await fold(writer, [wish])
    const [open] = await writer.questionsAbout('import', [alice])
    await store.inbox.leave({ kind: 'cancel-import', did: alice, at: START })
    const [cancelled] = await writer.wishes(10)
    assert.ok(cancelled?.kind === 'cancel-import')
    await fold(writer, [{ ...cancelled, question: open?.id }])
    assert.deepEqual(await writer.questionsAbout('import', [alice]), [])
    assert.deepEqual(await writer.wishes(10), [])
  }),

  check(
    'an imported history is kept, with its head, and the ledger balances',
    async (store, writer, open) => {
      await fold(writer, [post(alice, 40)])
      await fold(writer, [pieceOf(50, {}, {}, { collection: LIKE, facts: NO_FACTS, claimed: DAY - 9 })])
      await fold(writer, [{ kind: 'import-head', ...about, rev: tid(50) }])
      const brought = { rev: tid(50), records: 3, experience: 110 }
      await fold(writer, [{ kind: 'import-end', ...about, question: undefined, brought }])
      const { reader } = store
      assert.deepEqual(await reader.importStatus(alice), {
        isOpen: false,
        tries: 0,
        head: tid(50),
        records: 4,
        experience: 160,
      })
      assert.deepEqual(
        (await reader.days(alice))?.map(({ day, experience, claimed }) => [day - DAY, experience, claimed]),
        [
          [-9, 0, 10],
          [-3, 0, 100],
          [0, 50, 0],
        ],
      )
      const events = await reader.events(alice, FIRST)
      assert.deepEqual(
        events?.items.map(({ cause, collection, delta }) => [cause, collection, delta]),
        [
          ['import', 'app.bskyrpg.import', 0],
          ['import', LIKE, 10],
          ['import', POST, 50],
          ['import', POST, 50],
          ['create', POST, 50],
        ],
      )
      assert.equal(events?.items[0]?.rkey, `${tid(50)}:3:110`)
      // A write of before is stale, also for the next one who opens the ledger.
      await writer[Symbol.asyncDispose]()
      await using again = await open()
      await using next = await again.write({ fingerprint: rules.fingerprint, purpose: 'keep' })
      await next.cursor()
      await fold(next, [post(alice, 45), post(alice, 51)])
      assert.equal((await again.reader.character(alice))?.experience, 210)
      assert.deepEqual((await again.auditor.audit(rules, () => {})).findings, [])
    },
  ),

  check('the import of a repost asks what the post shows', async (_, writer) => {
    const subject = { did: bob, collection: POST, rkey: tid(1) }
    const facts = { ...NO_FACTS, subject }
    await fold(writer, [pieceOf(50, { collection: REPOST, facts })], undefined, asking)
    const [question] = await writer.questions('subject', 10, new Set(), NOW)
    assert.ok(question?.kind === 'subject')
    assert.deepEqual([question.rkey, question.rev, question.subject], [tid(0), tid(50), subject])
  }),

  check('nobody learns of the import of somebody who is not to be seen', async ({ reader }, writer) => {
    await fold(writer, [post(alice, 1), pieceOf(50, {}), wish])
    assert.equal((await reader.importStatus(alice))?.isOpen, true)
    await fold(writer, [{ kind: 'hide', ...about, wish: '2' }])
    assert.equal(await reader.importStatus(alice), undefined)
    await fold(writer, [{ kind: 'return', ...about, wish: '3', floor: tid(60) }])
    assert.equal((await reader.importStatus(alice))?.isOpen, true)
    await fold(writer, [{ kind: 'forget', ...about, wish: '4' }])
    assert.equal(await reader.importStatus(alice), undefined)
    assert.deepEqual(await writer.questionsAbout('import', [alice]), [])
  }),

  check('what a repository lacks is removed, and nothing else', async (store, writer) => {
    await fold(writer, [post(alice, 1), post(alice, 2), post(alice, 3), commitOf(alice, 60, POST, {})])
    const gone = [1, 2, 60].map((n) => ({ did: alice, collection: POST, rkey: tid(n) }))
    await fold(writer, [{ kind: 'absent', ...about, rev: tid(50), records: gone }])
    assert.equal((await store.reader.character(alice))?.experience, 100)
    assert.deepEqual((await store.auditor.audit(rules, () => {})).findings, [])
  }),
]
