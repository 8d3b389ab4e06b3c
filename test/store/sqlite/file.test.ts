import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Did, Nsid } from '../../../src/atproto/event.ts'
import { totalOf } from '../../../src/game/days.ts'
import { decide } from '../../../src/game/decide.ts'
import type { Operation } from '../../../src/game/operation.ts'
import { NO_CHANGES, rulebook } from '../../../src/game/rulebook.ts'
import { isHidden } from '../../../src/game/state.ts'
import { nothingTouched, touched } from '../../../src/game/touched.ts'
import { MIGRATIONS } from '../../../src/store/sqlite/migrations.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { APPLICATION_ID, SCHEMA_VERSION } from '../../../src/store/sqlite/schema.ts'
import { StoreBusyError, StoreError, StoreFullError } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'
import { game, LIKE, POST, person, START, stream, tid } from '../../game/arbitrary.ts'
import { postByLanguage } from '../../game/language-rule.ts'
import { commit } from '../../game/operations.ts'
import { MemoryLedger } from '../../memory-ledger.ts'
import { recomputeAll } from '../../recompute-all.ts'
import { undoDays, undoGrants, undoOwnFacts, undoReconciliation } from './older.ts'

const BEFORE_OWN_FACTS = MIGRATIONS.findIndex((sql) => sql.includes('own_facts'))
const KEEP = { fingerprint: 'rules', purpose: 'keep' } as const
/** How the present rules were named before there were days. */
const BEFORE_DAYS = game.rules.fingerprint.replace('"daysRevision":1,', '')
const NOBODY = {
  actor: () => undefined,
  record: () => undefined,
  ownerOf: () => undefined,
  records: () => [],
  part: () => ({ records: [], days: undefined, next: undefined }),
  isMoved: () => true,
  granted: () => new Map(),
  days: () => new Map(),
}
const OPEN = new URL('../../../src/store/sqlite/open.ts', import.meta.url).href

test('a file of a newer program is refused, and left as it is', () => {
  using here = folder()
  const path = here.path('ledger.db')
  const db = new DatabaseSync(path)
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}; PRAGMA application_id = ${APPLICATION_ID}`)
  db.close()
  assert.throws(
    () => openSqlite({ path, reserve: 0 }),
    (error) => error instanceof StoreError && /newer/.test(error.message),
  )
  assert.equal(new DatabaseSync(path).prepare('PRAGMA user_version').get()?.user_version, SCHEMA_VERSION + 1)
})

test('a file that is no database is refused with its name', () => {
  using here = folder()
  const path = here.path('ledger.db')
  writeFileSync(path, 'these are not the pages you are looking for'.repeat(500))
  assert.throws(
    () => openSqlite({ path, reserve: 0 }),
    (error) => error instanceof StoreError && error.message.includes(path),
  )
})

test('a file of the first version is brought to what this one keeps, periods by its records', async () => {
  await fc.assert(
    fc.asyncProperty(stream, async (operations) => {
      using here = folder()
      const path = here.path('ledger.db')
      const expected = new MemoryLedger()
      expected.fold(game, operations)
      {
        await using store = openSqlite({ path, reserve: 0 })
        await using writer = await store.write(KEEP)
        await writer.commit(decide(game, await writer.load(touched(game, operations)), operations), undefined)
      }
      const db = new DatabaseSync(path)
      db.exec('DROP TABLE foremost; ALTER TABLE totals DROP COLUMN board_above')
      db.exec('CREATE INDEX board ON actors (experience DESC) WHERE standing = 1')
      for (const column of [
        'period_day',
        'week_xp',
        'month_xp',
        'purged_time',
        'profile_rev',
        'named_at',
        'handle',
      ])
        db.exec(`ALTER TABLE actors DROP COLUMN ${column}`)
      undoGrants(db)
      db.exec(`UPDATE records SET after = after + (rkey >> 10) / 1000000 WHERE typeof(rkey) = 'integer'`)
      db.exec('ALTER TABLE records RENAME COLUMN after TO at; ALTER TABLE totals DROP COLUMN introductions')
      db.exec('UPDATE actors SET standing = standing & 63')
      db.exec(`DROP TABLE waiting; ALTER TABLE questions RENAME TO newer;
        CREATE TABLE questions (
          kind INTEGER NOT NULL, id INTEGER NOT NULL, actor INTEGER NOT NULL, collection INTEGER, rkey ANY, rev INTEGER,
          PRIMARY KEY (kind, id)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO questions SELECT kind, id, actor, collection, rkey, rev FROM newer;
        DROP TABLE newer; PRAGMA user_version = 1`)
      db.close()
      await using store = openSqlite({ path, reserve: 0 })
      await recomputeAll(store, KEEP.fingerprint)
      assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
      await using writer = await store.write(KEEP)
      const known = await writer.load({ ...nothingTouched(), actors: new Set(expected.actors.keys()) })
      for (const [did, { experience, periods, status, purgedTime }] of expected.actors) {
        if (status === 'deleted') assert.equal(known.actor(did)?.purgedTime, purgedTime)
        // What was earned on a later day and taken back since has left no trace.
        if (experience > 0 && known.actor(did)?.periods.day === periods.day) {
          assert.deepEqual(known.actor(did)?.periods, periods)
        }
      }
    }),
    { numRuns: 30 },
  )
})

test('records of a file from before rules had facts of their own have none, and get them once edited', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  const by = { ...game, rules: rulebook(NO_CHANGES, [postByLanguage]) }
  const fold = async (...operations: Operation[]) => {
    await using store = openSqlite({ path, reserve: 0 })
    await using writer = await store.write({ fingerprint: by.rules.fingerprint, purpose: 'keep' })
    await writer.commit(decide(by, await writer.load(touched(by, operations)), operations), undefined)
    const ids = operations as { did: Did; collection: Nsid; rkey: string }[]
    const known = await writer.load({ ...nothingTouched(), actors: new Set([person(0)]), records: ids })
    assert.deepEqual((await store.auditor.audit(by.rules, () => {})).findings, [])
    return ids.map((id) => known.record(id)?.facts?.own)
  }
  const post = (n: number) => ({ ...commit({ n }), did: person(0), collection: POST })
  assert.deepEqual(await fold(post(1), post(2)), [undefined, undefined])
  const db = new DatabaseSync(path)
  undoDays(db)
  undoOwnFacts(db)
  db.exec(`PRAGMA user_version = ${BEFORE_OWN_FACTS}`)
  db.close()
  {
    await using store = openSqlite({ path, reserve: 0 })
    await recomputeAll(store, by.rules.fingerprint, by)
  }
  const edited = { ...post(1), op: 'update', rev: tid(9), record: { langs: ['eo'] } } as const
  const added = { ...post(3), record: { langs: ['de'] } }
  assert.deepEqual(await fold(edited, added), ['eo', 'de'])
  assert.deepEqual(await fold(post(2)), [undefined])
})

test('a file from before there were days has to be recomputed, which adds all of them up', async () => {
  await fc.assert(
    fc.asyncProperty(stream, async (operations) => {
      using here = folder()
      const path = here.path('ledger.db')
      const expected = new MemoryLedger()
      expected.fold(game, operations)
      {
        await using store = openSqlite({ path, reserve: 0 })
        await using writer = await store.write({ ...KEEP, fingerprint: BEFORE_DAYS })
        await writer.commit(decide(game, await writer.load(touched(game, operations)), operations), undefined)
      }
      const db = new DatabaseSync(path)
      undoDays(db)
      db.close()
      await using store = openSqlite({ path, reserve: 0 })
      const { fingerprint } = game.rules
      await assert.rejects(store.write({ fingerprint, purpose: 'keep' }), /Run `bsky-rpg recompute`/)
      await recomputeAll(store, fingerprint)
      assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
      for (const [did, actor] of expected.actors) {
        const days = await store.reader.days(did)
        const tally = (await store.reader.character(did))?.tally
        const isShown = actor.born && !isHidden(actor)
        assert.deepEqual(
          [days, tally],
          isShown ? [expected.allDays(did), totalOf(actor)] : [undefined, undefined],
        )
      }
    }),
    { numRuns: 30 },
  )
})

test('questions of a file of an earlier version stay open, of each kind one about a person', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  const db = new DatabaseSync(path)
  for (const sql of MIGRATIONS.slice(0, 3)) db.exec(sql)
  db.exec(`
    INSERT INTO actors (id, did, standing, experience, last_delta, updated_at, status_time, kinds, pruned_xp)
      VALUES (1, 'did:web:a.example', 1, 0, 0, 0, 0, '', 0), (2, 'did:web:b.example', 1, 0, 0, 0, 0, '', 0);
    INSERT INTO questions (kind, id, actor) VALUES (1, 1, 1), (1, 2, 2), (1, 4, 1), (2, 3, 1), (2, 5, 1);
    UPDATE totals SET next_actor = 3, next_question = 6, characters = 2;
    INSERT INTO standings VALUES (0, 2);
    INSERT INTO profiles (actor, asked) VALUES (2, 7);
    PRAGMA user_version = 3`)
  db.close()
  await using store = openSqlite({ path, reserve: 0 })
  const { waiting, characters, introductions } = await store.reader.status()
  assert.deepEqual(waiting, { subject: 0, profile: 2, repository: 1, import: 0 })
  // Of the one without a profile nobody has said that they want to be shown.
  assert.deepEqual([characters, introductions], [1, 1])
  assert.equal(await store.reader.character('did:web:a.example'), undefined)
  assert.equal((await store.reader.character('did:web:b.example'))?.experience, 0)
  assert.deepEqual(await store.reader.xpHistogram(), [{ experience: 0, characters: 1 }])
  assert.deepEqual((await store.auditor.audit(game.rules, () => {})).findings, [])
  await using writer = await store.write(KEEP)
  const open = async (kind: 'profile' | 'repository') =>
    (await writer.questions(kind, 9, new Set(), 0)).map(({ did, tries }) => [did, tries])
  assert.deepEqual(await open('profile'), [
    ['did:web:b.example', 0],
    ['did:web:a.example', 0],
  ])
  assert.deepEqual(await open('repository'), [['did:web:a.example', 0]])
})

test('a file that a frame from the year 9999 has got into can be read again, and its statuses be replaced', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  const heard = START + 60_000_000
  const dayLater = heard + 90_000_000_000
  const year9999 = '253402300799000000'
  const db = new DatabaseSync(path)
  for (const sql of MIGRATIONS.slice(0, 5)) db.exec(sql)
  const actor = (id: number, statusTime: number | string, purgedTime: number | string) =>
    `(${id}, '${person(id)}', 17, 0, 0, 0, ${statusTime}, ${purgedTime}, '', 0)`
  db.exec(`
    INSERT INTO actors (id, did, standing, experience, last_delta, updated_at, status_time, purged_time, kinds, pruned_xp)
      VALUES ${actor(1, START, START)}, ${actor(2, year9999, year9999)}, ${actor(3, dayLater, 'NULL')};
    INSERT INTO cursor VALUES (1, 'a.test', 'v2', 7, ${year9999});
    INSERT INTO gaps VALUES (1, 'a.test', ${year9999}, ${year9999}, 'clamped', ${START});
    INSERT INTO pulse VALUES (1, ${heard}, 0, 'a.test');
    INSERT INTO samples VALUES (${START}, 0, 0, 0);
    PRAGMA user_version = 5`)
  db.close()
  await using store = openSqlite({ path, reserve: 0 })
  const { cursor, gaps } = await store.reader.status()
  assert.deepEqual(cursor, { host: 'a.test', wire: 'v2', value: 7, at: Number.MAX_SAFE_INTEGER })
  assert.equal(gaps.length, 1)
  await using writer = await store.write(KEEP)
  const people = [1, 2, 3].map(person)
  const known = await writer.load({ ...nothingTouched(), actors: new Set(people) })
  assert.deepEqual(
    people.map((did) => [known.actor(did)?.statusTime, known.actor(did)?.purgedTime]),
    [
      [START, START],
      [heard, heard],
      [heard, undefined],
    ],
  )
})

test('a file of before gaps were reconciled has none to reconcile, and takes the next one', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  {
    await using store = openSqlite({ path, reserve: 0 })
    await using writer = await store.write(KEEP)
    const operations = [commit({ n: 1 })]
    await writer.commit(decide(game, await writer.load(touched(game, operations)), operations), undefined)
    await writer.recordGap({ host: 'a.test', from: START, to: undefined, reason: 'clamped', at: START })
  }
  const db = new DatabaseSync(path)
  undoReconciliation(db)
  db.close()
  await using store = openSqlite({ path, reserve: 0 })
  await using writer = await store.write(KEEP)
  assert.equal(await writer.reconciliation(), undefined)
  assert.equal((await store.reader.status()).reconciliation, undefined)
  await writer.queueReconciliation({ since: START, at: START })
  assert.deepEqual(await writer.unreconciled(undefined, 9), [commit({ n: 1 }).did])
})

test('rates are of the data, not of the log, and begin anew where the clock was set back', async () => {
  using here = folder()
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 0 })
  await using writer = await store.write(KEEP)
  const MINUTE = 60_000_000
  const grow = async (minute: number): Promise<void> => {
    const operations = Array.from({ length: 2_000 }, (_, n) => {
      const rkey = tid(minute * 2_000 + n)
      const did = person(n % 8)
      return {
        kind: 'commit',
        did,
        at: START,
        rev: rkey,
        op: 'create',
        collection: LIKE,
        rkey,
        record: {},
      } as const
    })
    await writer.commit(decide(game, await writer.load(touched(game, operations)), operations), undefined)
  }
  await writer.recordSample({ at: START, networkBytes: 0 })
  // The same rows again and again grow the log and nothing else.
  const cursor = { host: 'a.test', wire: 'v1', value: 1, at: START } as const
  const nothing = decide(game, NOBODY, [])
  for (let n = 0; n < 300; n++) await writer.commit(nothing, { ...cursor, value: n })
  await writer.recordSample({ at: START + MINUTE, networkBytes: 50 })
  assert.equal((await store.reader.status()).perDay?.diskBytes, 0)
  await grow(1)
  await writer.recordSample({ at: START + 2 * MINUTE, networkBytes: 50 })
  const grown = (await store.reader.status()).perDay
  assert.ok((grown?.diskBytes ?? 0) > 50_000 * 720, `${grown?.diskBytes} bytes a day`)
  assert.equal(grown?.networkBytes, 100 * 720)

  await writer.recordSample({ at: START - 60 * MINUTE, networkBytes: 50 })
  assert.equal((await store.reader.status()).perDay, undefined)
  await writer.recordSample({ at: START - 59 * MINUTE, networkBytes: 70 })
  assert.equal((await store.reader.status()).perDay?.networkBytes, 70 * 1_440)
})

test('a writer that is killed gives the ledger back at once', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  const holds = `const { openSqlite } = await import(${JSON.stringify(OPEN)})
    await openSqlite({ path: ${JSON.stringify(path)}, reserve: 0 }).write({ fingerprint: 'rules', purpose: 'keep' })
    console.log('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', holds], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  await using store = openSqlite({ path, reserve: 0 })
  await assert.rejects(store.write(KEEP), StoreBusyError)
  child.kill('SIGKILL')
  await once(child, 'close')
  await using writer = await store.write(KEEP)
  assert.equal(await writer.cursor(), undefined)
})

test('nothing is written when the disk would be left with less than its reserve', async () => {
  using here = folder()
  let free = 1_000
  await using store = openSqlite({ path: here.path('ledger.db'), reserve: 500, freeBytes: () => free })
  await using writer = await store.write(KEEP)
  const nothing = decide(game, NOBODY, [])
  const cursor = { host: 'a.test', wire: 'v1', value: 1, at: 1 } as const
  await writer.commit(nothing, cursor)
  free = 499
  await assert.rejects(writer.commit(nothing, { ...cursor, value: 2 }), StoreFullError)
  free = 1_000
  await assert.rejects(writer.commit(nothing, { ...cursor, value: 3 }), StoreFullError)
  assert.deepEqual((await store.reader.status()).cursor, cursor)
})

test('a damaged ledger is found out: what was changed behind its back, by whom and by how much', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  await using store = openSqlite({ path, reserve: 0 })
  const db = new DatabaseSync(path)
  db.exec(
    `INSERT INTO actors (id, did, standing, experience, last_delta, updated_at, status_time, kinds, pruned_xp, period_day, week_xp, month_xp)
       VALUES (1, 'did:web:a.example', 1, 70, 70, 1, 0, '', 0, 20000, 60, 50)`,
  )
  db.exec('UPDATE totals SET next_actor = 2')
  db.close()
  const { findings } = await store.auditor.audit(game.rules, () => {})
  const mine = findings
    .filter(({ did }) => did === 'did:web:a.example')
    .map(({ what, expected, actual }) => [what, expected, actual])
  assert.deepEqual(mine, [
    ['experience by records', 0, 70],
    ['experience by events', 0, 70],
    ['experience of the week', 0, 60],
    ['experience of the month', 0, 50],
    ['experience on the board', 70, 0],
  ])
  assert.deepEqual(
    findings.filter(({ did }) => did === undefined).map(({ what }) => what),
    ['total of experience', 'total of shown characters', 'characters with 70 XP'],
  )
})
