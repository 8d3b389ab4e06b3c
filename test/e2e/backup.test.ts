import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { Network } from '../../src/simulator/network.ts'
import { Random } from '../../src/simulator/random.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { flagsFor, folder, isAnswered, newestSent, Program, until } from './harness.ts'
import { assertLedgerIsRight } from './ledger.ts'

const ROWS = 6_000
const SEED = 11

test('a copy that is made while another program writes and empties the log is of one moment', async () => {
  using here = folder()
  const file = here.path('ledger.db')
  await openSqlite({ path: file, reserve: 0 })[Symbol.asyncDispose]()
  using db = new DatabaseSync(file, { timeout: 1_000 })
  // Each row holds the number of the last transaction that wrote it, and the journal says which these were.
  db.exec(`CREATE TABLE pages (id INTEGER PRIMARY KEY, written INTEGER NOT NULL, filler BLOB NOT NULL) STRICT;
    CREATE TABLE journal (written INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (written, id)) STRICT, WITHOUT ROWID;
    PRAGMA wal_autocheckpoint = 400; PRAGMA synchronous = OFF`)
  const put = db.prepare('INSERT OR REPLACE INTO pages VALUES (?, ?, zeroblob(900))')
  const note = db.prepare('INSERT OR IGNORE INTO journal VALUES (?, ?)')
  const random = new Random(SEED)
  let written = 0
  const write = (ids: Iterable<number>): void => {
    db.exec('BEGIN IMMEDIATE')
    written++
    for (const id of ids) {
      put.run(id, written)
      note.run(written, id)
    }
    db.exec('COMMIT')
  }
  write(Array(ROWS).keys())

  for (let copies = 0; copies < 6; copies++) {
    const copy = here.path(`copy-${copies}.db`)
    const before = written
    const rate = copies % 2 === 0 ? '20MB' : 'unlimited'
    await using backup = new Program([
      ...['backup', copy, '--rate', rate],
      ...['--database-url', `sqlite:${file}`, '--disk-reserve', '0'],
    ])
    while (backup.child.exitCode === null) {
      write(Array.from({ length: 20 }, () => random.below(ROWS + 400)))
      // As ingest does after `forget`.
      if (random.below(30) === 0) db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      await sleep(random.below(4))
    }
    assert.equal(await backup.ended, 0, backup.output)

    using copied = new DatabaseSync(copy, { readOnly: true })
    assert.deepEqual(copied.prepare('PRAGMA integrity_check').all().map(Object.values), [['ok']])
    const wrong = copied.prepare(
      'SELECT id, pages.written, max(journal.written) AS latest FROM journal LEFT JOIN pages USING (id) GROUP BY id HAVING latest IS NOT pages.written',
    )
    assert.deepEqual(wrong.all(), [])
    const latest = Number(copied.prepare('SELECT max(written) AS latest FROM journal').get()?.latest)
    assert.ok(latest > before && latest <= written, `${before} < ${latest} <= ${written}`)
  }
})

test('a ledger is backed up beside the ingest that writes it, clean and with its place in the stream', async () => {
  using here = folder()
  const file = here.path('ledger.db')
  const network = new Network({
    seed: SEED,
    actors: 300,
    start: Date.now() * 1000 - 60_000_000,
    step: 1_000,
    mix: 'everything',
  })
  await using simulator = await startSimulator({ network, seed: SEED, faults: NO_FAULTS })
  await using store = openSqlite({ path: file, reserve: 0 })
  await using ingest = new Program(['ingest', ...flagsFor(simulator, file)])
  const reached = async () => (await store.reader.status()).cursor?.value ?? 0
  await until('ingest is connected', async () => (await store.reader.status()).heartbeat?.host !== undefined)
  simulator.emit(3_000)
  await until('some have arrived', async () => (await reached()) > 1_000)
  const copy = here.path('copy.db')
  await using backup = new Program(['backup', copy, '--rate', '1MB', ...flagsFor(simulator, file)])
  while (backup.child.exitCode === null) {
    simulator.emit(50)
    await sleep(5)
  }
  assert.equal(await backup.ended, 0, backup.output)
  assert.equal(statSync(copy).mode & 0o777, 0o600)
  assert.deepEqual(
    readdirSync(here.path('')).filter((name) => name.startsWith('copy')),
    ['copy.db'],
  )
  await using verify = new Program(['verify', '--database-url', `sqlite:${copy}`])
  assert.equal(await verify.ended, 0, verify.output)
  await using copied = openSqlite({ path: copy, reserve: 0, preparation: 'nothing' })
  const { cursor } = await copied.reader.status()
  assert.ok((cursor?.value ?? 0) > 1_000)

  // It goes on from there as the ledger does.
  assert.equal(await ingest.kill('SIGTERM'), 0, ingest.output)
  await copied[Symbol.asyncDispose]()
  const ends: unknown[] = []
  for (const ledger of [file, copy]) {
    await using again = new Program(['ingest', ...flagsFor(simulator, ledger)])
    await using reading = openSqlite({ path: ledger, reserve: 0 })
    const at = async () => (await reading.reader.status()).cursor?.value ?? 0
    // The original may have everything already: then nothing else shows that the program has started and hears signals.
    await until('it listens', () => again.output.includes('listening to'))
    await until(`${ledger} has everything`, async () => (await at()) >= newestSent(simulator))
    await until('nothing is asked any more', async () => isAnswered(await reading.reader.status()))
    assert.equal(await again.kill('SIGTERM'), 0, again.output)
    // Every entry, by the model: how many there are depends on whether the network answered before somebody took a repost back.
    await assertLedgerIsRight(reading, simulator)
    const { characters, records, experience } = await reading.reader.status()
    ends.push({ characters, records, experience })
  }
  assert.deepEqual(ends[1], ends[0])
})

test('a backup overwrites nothing, and leaves nothing where it fails or is killed', async () => {
  using here = folder()
  const file = here.path('ledger.db')
  await openSqlite({ path: file, reserve: 0 })[Symbol.asyncDispose]()
  {
    using db = new DatabaseSync(file)
    db.exec('CREATE TABLE filler (id INTEGER PRIMARY KEY, content BLOB)')
    for (let i = 0; i < 8; i++)
      db.prepare('INSERT INTO filler (content) VALUES (zeroblob(?))').run(1024 * 1024)
  }
  const flags = ['--database-url', `sqlite:${file}`, '--disk-reserve', '0']

  const taken = here.path('taken')
  writeFileSync(taken, 'something else')
  await using refused = new Program(['backup', taken, ...flags])
  assert.equal(await refused.ended, 1)
  assert.match(refused.output, /^bsky-rpg: .*taken exists already, and is left as it is/)
  assert.equal(readFileSync(taken, 'utf8'), 'something else')

  const copy = here.path('copy.db')
  await using killed = new Program(['backup', copy, '--rate', '2MB', ...flags])
  const partial = `${copy}.partial`
  await until('it has begun', () => existsSync(partial) && statSync(partial).size > 2 * 1024 * 1024)
  await killed.kill('SIGKILL')
  assert.ok(!existsSync(copy))
  assert.throws(() => new DatabaseSync(partial).prepare('SELECT * FROM totals').all(), /not a database/)

  const leftover = statSync(partial).ino
  // So slowly that it is under way on the busiest machine when the signal comes.
  await using stopped = new Program(['backup', copy, '--rate', '400KB', ...flags])
  await until('it has begun anew', () => statSync(partial, { throwIfNoEntry: false })?.ino !== leftover)
  assert.equal(await stopped.kill('SIGTERM'), 143)
  assert.ok(!existsSync(copy) && !existsSync(partial))

  await using full = new Program([
    'backup',
    copy,
    '--database-url',
    `sqlite:${file}`,
    '--disk-reserve',
    '900TB',
  ])
  assert.equal(await full.ended, 1)
  assert.match(full.output, /disk full/)
  assert.ok(!existsSync(copy) && !existsSync(partial))

  for (const [words, told] of [
    [['backup', copy, '--rate', 'fast', ...flags], /--rate is "fast"; expected a size/],
    [['backup', copy, '--database-url', 'cql://127.0.0.1/ledger'], /names a cluster/],
    [['backup', copy, '--database-url', `sqlite:${here.path('none.db')}`], /there is no ledger/],
    [['backup', here.path('no/such/folder/copy.db'), ...flags], /cannot be written|no such file/],
  ] as const) {
    await using program = new Program([...words])
    assert.equal(await program.ended, 1, program.output)
    assert.match(program.output, told)
    assert.equal(program.output.trimEnd().split('\n').length, 1, program.output)
  }
})
