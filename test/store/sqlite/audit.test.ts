// The findings and progress of `verify`, and the files that it leaves behind.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Did } from '../../../src/atproto/event.ts'
import { decide } from '../../../src/game/decide.ts'
import type { Game } from '../../../src/game/game.ts'
import type { Operation } from '../../../src/game/operation.ts'
import { NO_CHANGES, rulebook } from '../../../src/game/rulebook.ts'
import { touched } from '../../../src/game/touched.ts'
import type { AuditProgress } from '../../../src/store/auditor.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { folder } from '../../e2e/harness.ts'
import { asking, game, POST, REPOST } from '../../game/arbitrary.ts'
import { postByLanguage } from '../../game/language-rule.ts'
import { alice, bob, carol, commit, like, removal, second, status } from '../../game/operations.ts'

const KEEP = { fingerprint: game.rules.fingerprint, purpose: 'keep' } as const

const PEOPLE: readonly Operation[] = [
  commit({ n: 1 }),
  like(2),
  commit({ n: 1, did: bob }),
  commit({ n: 2, did: bob }),
  removal(3, commit({ n: 2, did: bob })),
  commit({ n: 1, did: carol }),
  { ...status(9, 'deactivated'), did: carol },
]

/** A ledger of these operations, and a second connection that the store does not know. */
async function ledger(operations: readonly Operation[], by: Game = game) {
  const here = folder()
  const path = here.path('ledger.db')
  const store = openSqlite({ path, reserve: 0 })
  {
    await using writer = await store.write(KEEP)
    await writer.commit(decide(by, await writer.load(touched(by, operations)), operations), undefined)
  }
  const db = new DatabaseSync(path)
  return {
    store,
    db,
    findings: async () => {
      const { findings } = await store.auditor.audit(by.rules, () => {})
      return findings.map(({ did, what, expected, actual }) => [did, what, expected, actual])
    },
    [Symbol.asyncDispose]: async () => {
      db.close()
      await store[Symbol.asyncDispose]()
      here[Symbol.dispose]()
    },
  }
}

test("a fact of a rule's own that is missing is found, and says so where it is needed", async () => {
  const by = { ...game, rules: rulebook(NO_CHANGES, [postByLanguage]) }
  const spoken = { ...commit({ n: 1 }), record: { langs: ['eo'] } }
  await using here = await ledger([spoken], by)
  assert.deepEqual(await here.findings(), [])
  here.db.exec('DELETE FROM own_facts')
  assert.deepEqual(await here.findings(), [
    [undefined, "facts of rules' own", 1, 0],
    [alice, 'post.other of 2025-06-15', 1, 0],
    [alice, 'post.esperanto of 2025-06-15', 0, 1],
  ])
  await using writer = await here.store.write(KEEP)
  await assert.rejects(writer.load(touched(by, [spoken])), /lacks the fact .* Restore a backup/)
})

test('a ledger that is right is clean, and told in numbers', async () => {
  await using here = await ledger(PEOPLE)
  const { characters, records, events, experience, findings } = await here.store.auditor.audit(
    game.rules,
    () => {},
  )
  // A character that is hidden is one all the same.
  assert.deepEqual(
    { characters, records, events, experience },
    { characters: 3, records: 5, events: 6, experience: 160 },
  )
  assert.deepEqual(findings, [])
})

test('who has only been named is no character', async () => {
  const repost = { collection: REPOST, record: { subject: { uri: `at://${bob}/${POST}/3k` } } }
  await using here = await ledger([commit({ n: 1, ...repost })])
  assert.equal((await here.store.auditor.audit(game.rules, () => {})).characters, 1)
  assert.deepEqual(await here.findings(), [])
})

test('characters that wait to be introduced, and posts from before, are counted as they are kept', async () => {
  await using waiting = await ledger([commit({ n: 1 }), commit({ n: 1, did: bob })], asking)
  assert.equal((await waiting.store.reader.status()).introductions, 2)
  assert.deepEqual(await waiting.findings(), [])
  const profile = { handle: undefined, displayName: undefined, avatar: undefined, asked: second(2) }
  const answer = { question: '1', tries: 0, did: alice, at: second(2), optedOut: false, postsCount: 9 }
  const before: Game = { ...asking, baseline: 'posts' }
  await using counted = await ledger(
    [commit({ n: 1 }), { kind: 'profile-answer', ...answer, profile }],
    before,
  )
  assert.equal((await counted.store.reader.character(alice))?.experience, 450)
  assert.deepEqual(await counted.findings(), [])
})

test('each sum that is wrong is found by its name', async () => {
  for (const [sql, ...wrong] of [
    ['UPDATE totals SET records = 9', [undefined, 'total of records', 5, 9]],
    ['UPDATE totals SET events = 9', [undefined, 'total of events', 6, 9]],
    ['UPDATE totals SET experience = 9', [undefined, 'total of experience', 160, 9]],
    ['UPDATE totals SET characters = 9', [undefined, 'total of shown characters', 2, 9]],
    ['UPDATE totals SET introductions = 9', [undefined, 'total of characters that are not introduced', 0, 9]],
    [
      `UPDATE actors SET kinds = replace(kinds, '1,1,', '1,7,') WHERE did = '${bob}'`,
      [bob, 'live records', 1, 7],
    ],
    [`UPDATE actors SET week_xp = 7 WHERE did = '${bob}'`, [bob, 'experience of the week', 50, 7]],
    [`UPDATE actors SET month_xp = 7 WHERE did = '${bob}'`, [bob, 'experience of the month', 50, 7]],
    [`UPDATE actors SET pruned_xp = 7 WHERE did = '${bob}'`, [bob, 'experience by events', 57, 50]],
    ['DELETE FROM standings WHERE experience = 60', [undefined, 'characters with 60 XP', 1, 0]],
    ['INSERT INTO standings VALUES (3, 2)', [undefined, 'characters with 3 XP', 0, 2]],
    ["UPDATE totals SET day_counts = '1:3 2:2'", [undefined, 'like of the latest day', 1, 2]],
    ['UPDATE totals SET day = 3', [undefined, 'latest day', 20254, 3]],
  ] as const) {
    await using here = await ledger(PEOPLE)
    here.db.exec(sql)
    assert.deepEqual(await here.findings(), wrong, sql)
  }
})

test('each number of a day that is wrong is found by its day and name', async () => {
  const day = 86_400_000_000
  const later = (days: number, operation: Operation): Operation => ({
    ...operation,
    at: operation.at + days * day,
  })
  const days = [commit({ n: 1 }), later(1, commit({ n: 2 })), later(1, like(3)), later(9, commit({ n: 4 }))]
  const others = [1, 2, 3].map((n) => commit({ n, did: bob }))
  const ended = `days WHERE day = ${Math.floor(second(0) / day) + 1}`
  for (const [sql, ...wrong] of [
    [`UPDATE ${ended.replace('WHERE', 'SET experience = 61 WHERE')}`, ['experience of 2025-06-16', 60, 61]],
    [`UPDATE ${ended.replace('WHERE', 'SET claimed = 1 WHERE')}`, ['claimed experience of 2025-06-16', 0, 1]],
    [
      `UPDATE ${ended.replace('WHERE', "SET counts = replace(counts, ':1', ':2') WHERE")}`,
      ['post.text of 2025-06-16', 1, 2],
      ['like of 2025-06-16', 1, 2],
      ['post.text of earlier days', 3, 2],
      ['like of earlier days', 2, 1],
    ],
    [
      `DELETE FROM ${ended}`,
      ['experience of 2025-06-16', 60, 0],
      ['post.text of 2025-06-16', 1, 0],
      ['like of 2025-06-16', 1, 0],
      ['post.text of earlier days', 1, 2],
      ['like of earlier days', 0, 1],
    ],
    [
      `UPDATE ${ended.replace('WHERE', 'SET day = day + 1 WHERE')}`,
      ['experience of 2025-06-16', 60, 0],
      ['post.text of 2025-06-16', 1, 0],
      ['like of 2025-06-16', 1, 0],
      ['experience of 2025-06-17', 0, 60],
      ['post.text of 2025-06-17', 0, 1],
      ['like of 2025-06-17', 0, 1],
    ],
    [`UPDATE actors SET running_xp = 9 WHERE did = '${alice}'`, ['experience of 2025-06-24', 50, 9]],
    [
      `UPDATE actors SET running_claimed = 9 WHERE did = '${alice}'`,
      ['claimed experience of 2025-06-24', 0, 9],
    ],
    [
      `UPDATE actors SET earlier_counts = '' WHERE did = '${alice}'`,
      ['post.text of earlier days', 2, 0],
      ['like of earlier days', 1, 0],
    ],
    [
      `INSERT INTO days SELECT id, running_day, 0, 0, '' FROM actors WHERE did = '${alice}'`,
      ['stored days that have not ended', 0, 1],
    ],
  ] as const) {
    await using here = await ledger([...days, ...others])
    assert.deepEqual(await here.findings(), [])
    here.db.exec(sql)
    const found = await here.findings()
    assert.deepEqual(
      found.map(([, ...finding]) => finding),
      wrong,
      sql,
    )
    assert.ok(found.every(([did]) => did === alice))
  }
})

test('of more than a thousand people whose days are wrong, the others are only named', async () => {
  const people = Array.from({ length: 1_003 }, (_, n): Did => `did:web:p${n}.example`)
  await using here = await ledger(people.map((did) => like(1, { did })))
  here.db.exec('UPDATE actors SET running_xp = 11')
  const found = (await here.findings()).map(([, what, expected, actual]) => `${what}: ${expected}, ${actual}`)
  assert.deepEqual(
    [...Map.groupBy(found, (text) => text)].map(([text, all]) => [text, all.length]),
    [
      ['experience of 2025-06-15: 10, 11', 1_000],
      ['tallies of days that agree: 1, 0', 3],
    ],
  )
})

test('above where the board ends everybody has to be on it, below nobody, and equals may', async () => {
  const people = Array.from({ length: 5 }, (_, n): Did => `did:web:p${n}.example`)
  // 10, 20, 20, 30 and, hidden, 40 XP.
  const likes = [1, 2, 2, 3, 4].flatMap((times, who) =>
    Array.from({ length: times }, (_, n) => like(n + 1, { did: people[who] ?? alice })),
  )
  const hidden = { ...status(9, 'deactivated'), did: people[4] ?? alice }
  const findings = async (...placed: [who: number, xp: number][]) => {
    await using here = await ledger([...likes, hidden])
    here.db.exec('UPDATE totals SET board_above = 20; DELETE FROM foremost')
    const put = here.db.prepare('INSERT INTO foremost SELECT id, ? FROM actors WHERE did = ?')
    for (const [who, xp] of placed) put.run(xp, people[who] ?? alice)
    return (await here.findings()).map(([did, what, expected, actual]) => {
      assert.equal(what, 'experience on the board')
      return [people.indexOf(did as Did), expected, actual]
    })
  }
  assert.deepEqual(await findings([3, 30]), [])
  assert.deepEqual(await findings([3, 30], [1, 20]), [])
  assert.deepEqual(await findings([3, 30], [1, 20], [2, 20]), [])
  assert.deepEqual(await findings([1, 20]), [[3, 30, 0]])
  assert.deepEqual(await findings([3, 30], [0, 10]), [[0, 0, 10]])
  assert.deepEqual(await findings([3, 30], [4, 40]), [[4, 0, 40]])
  assert.deepEqual(await findings([3, 25]), [[3, 30, 25]])
  assert.deepEqual(await findings([3, 30], [1, 19]), [[1, 20, 19]])
})

test('its progress goes through days, records, events and people', async () => {
  await using here = await ledger(PEOPLE)
  const reported: AuditProgress[] = []
  await here.store.auditor.audit(game.rules, (progress) => reported.push(progress))
  assert.deepEqual(reported, [
    { step: 'days', done: 3, total: 3 },
    { step: 'records', done: 5, total: 5 },
    { step: 'events', done: 6, total: 6 },
    { step: 'actors', done: 3, total: 3 },
  ])
})

test('of a large ledger it tells how far it is, and lets others have their turn', async () => {
  await using here = await ledger([])
  here.db.exec(`INSERT INTO actors (id, did, standing, experience, last_delta, updated_at, status_time, kinds, pruned_xp)
      VALUES (1, '${alice}', 0, 0, 0, 0, 0, '', 0);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200001)
      INSERT INTO events (id, actor, back, at, entry, rkey, delta, experience) SELECT i, 1, 0, 0, 0, 0, 0, 0 FROM n;
    UPDATE totals SET next_actor = 2, next_event = 200002, events = 200001`)
  let turns = 0
  const turn = setImmediate(() => {
    turns += 1
  })
  const reported: [AuditProgress, number][] = []
  const { findings } = await here.store.auditor.audit(game.rules, (progress) =>
    reported.push([progress, turns]),
  )
  clearImmediate(turn)
  assert.deepEqual(findings, [])
  assert.deepEqual(
    reported.filter(([{ step }]) => step === 'events'),
    [
      [{ step: 'events', done: 200_000, total: 200_001 }, 1],
      [{ step: 'events', done: 200_001, total: 200_001 }, 1],
    ],
  )
})

test('what is written while it runs is not seen, and nothing of it stays open', async () => {
  await using here = await ledger(PEOPLE)
  let changed = false
  const { findings } = await here.store.auditor.audit(game.rules, () => {
    if (!changed)
      here.db.exec('UPDATE actors SET experience = experience + 1; UPDATE totals SET records = 99')
    changed = true
  })
  assert.deepEqual(findings, [])
  assert.ok((await here.findings()).length > 0)
  assert.equal(here.db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy, 0)
})

test('there is nothing to mend in a file', async () => {
  await using here = await ledger(PEOPLE)
  const found = await here.store.auditor.audit(game.rules, () => {})
  assert.equal(await here.store.auditor.repair(found), 0)
})
