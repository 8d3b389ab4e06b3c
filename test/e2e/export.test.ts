import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { NO_FAULTS } from '../../src/simulator/faults.ts'
import { Network } from '../../src/simulator/network.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { flagsFor, folder, isAnswered, newestSent, Program, startNetwork, until } from './harness.ts'
import { assertLedgerIsRight } from './ledger.ts'

const SEED = 5

test('a ledger that is exported beside its ingest, and restored by processes that are killed, goes on like it', async () => {
  using here = folder()
  const [file, copy, text] = [here.path('ledger.db'), here.path('copy.db'), here.path('ledger.jsonl.zst')]
  const network = new Network({
    seed: SEED,
    actors: 300,
    start: Date.now() * 1000 - 600_000_000,
    step: 10_000,
    mix: 'everything',
  })
  await using simulator = await startSimulator({ network, seed: SEED, faults: NO_FAULTS })
  const flags = flagsFor(simulator, file)
  {
    await using ingest = new Program(['ingest', ...flags])
    await ingestsUntilAnswered(file, () => simulator.emit(12_000))

    // Killed early, it leaves nothing that has the export's name; the next one takes away what it left.
    await using killed = new Program(['export', text, ...flags])
    await until('it has begun', () => readdirSync(here.path('')).some((name) => /partial|copy/.test(name)))
    await killed.kill('SIGKILL')
    assert.ok(!existsSync(text))
    simulator.emit(3_000)
    await using exported = new Program(['export', text, ...flags])
    assert.equal(await exported.ended, 0, exported.output)
    assert.match(exported.output, /^exported \d+ people, \d+ records, \d+ events; content [0-9a-f]{64}$/m)
    assert.deepEqual(
      readdirSync(here.path('')).filter((name) => /partial|export-copy/.test(name)),
      [],
    )
    assert.equal(statSync(text).mode & 0o777, 0o600)
    simulator.emit(1_000)
    assert.equal(await ingest.kill('SIGTERM'), 0, ingest.output)
  }

  const into = ['--database-url', `sqlite:${copy}`, '--disk-reserve', '0']
  let kills = 0
  for (let line = 0; kills < 4; kills++) {
    await using restore = new Program(['restore', text, ...into])
    const before = line
    await until(`it is past line ${before} (${restore.output})`, () => {
      line = reachedLine(copy)
      return line > before || restore.child.exitCode !== null
    })
    if (restore.child.exitCode !== null) break
    await restore.kill('SIGKILL')
  }
  assert.ok(kills > 1)
  await using refused = new Program(['ingest', ...flagsFor(simulator, copy)])
  assert.equal(await refused.ended, 1)
  assert.match(refused.output, /half restored. Run `bsky-rpg restore` again/)
  await using restore = new Program(['restore', text, ...into])
  assert.equal(await restore.ended, 0, restore.output)
  assert.match(restore.output, /^going on after line \d+$/m)
  assert.match(restore.output, /^clean$/m)
  await using twice = new Program(['restore', text, ...into])
  assert.equal(await twice.ended, 1)
  assert.match(twice.output, /copy.db is not empty/)

  await using ingest = new Program(['ingest', ...flagsFor(simulator, copy)])
  await ingestsUntilAnswered(copy, () => simulator.emit(2_000))
  assert.equal(await ingest.kill('SIGTERM'), 0, ingest.output)
  await using store = openSqlite({ path: copy, reserve: 0 })
  await assertLedgerIsRight(store, simulator)

  async function ingestsUntilAnswered(ledger: string, emit: () => void): Promise<void> {
    await until('there is a ledger', () => existsSync(ledger) && statSync(ledger).size > 0)
    await using store = openSqlite({ path: ledger, reserve: 0 })
    const status = () => store.reader.status()
    await until('ingest is connected', async () => (await status()).heartbeat?.host !== undefined)
    emit()
    await until('everything has arrived', async () => {
      return ((await status()).cursor?.value ?? 0) >= newestSent(simulator)
    })
    await until('nothing is asked any more', async () => isAnswered(await status()))
  }
})

test('an export passes through pipes, and one that was altered or is none is refused with its line', async () => {
  using here = folder()
  const [file, text] = [here.path('ledger.db'), here.path('ledger.jsonl.zst')]
  await using simulator = await startNetwork({ seed: 2, actors: 20 })
  {
    await using store = openSqlite({ path: file, reserve: 0 })
    await using ingest = new Program(['ingest', ...flagsFor(simulator, file)])
    await until(
      'ingest is connected',
      async () => (await store.reader.status()).heartbeat?.host !== undefined,
    )
    simulator.emit(300)
    await until('some have arrived', async () => ((await store.reader.status()).cursor?.value ?? 0) > 100)
    assert.equal(await ingest.kill('SIGTERM'), 0, ingest.output)
  }
  const flags = (ledger: string) => ['--database-url', `sqlite:${here.path(ledger)}`, '--disk-reserve', '0']
  await using toFile = new Program(['export', text, ...flags('ledger.db')])
  assert.equal(await toFile.ended, 0, toFile.output)
  await using again = new Program(['export', text, ...flags('ledger.db')])
  assert.equal(await again.ended, 1)
  assert.match(again.output, /exists already, and is left as it is/)

  await using piped = new Program(['export', '-', ...flags('ledger.db')])
  await using restored = new Program(['restore', '-', ...flags('piped.db')], {}, 'pipe')
  assert.ok(piped.child.stdout && restored.child.stdin)
  piped.child.stdout.pipe(restored.child.stdin)
  assert.equal(await restored.ended, 0, restored.output)

  const whole = readFileSync(text)
  const lines = zstdDecompressSync(whole).toString().split('\n')
  const record = lines.findIndex((line) => line.startsWith('{"kind":"record"'))
  const altered = lines.with(record, lines[record]?.replace('"live":true', '"live":false') ?? '')
  const flipped = Buffer.from(whole)
  flipped[flipped.length - 20] = 255 - (flipped[flipped.length - 20] ?? 0)
  for (const [name, bytes, told] of [
    ['cut off', whole.subarray(0, whole.length / 2), /^bsky-rpg: .*after line \d+/m],
    ['flipped', flipped, /^bsky-rpg: .*line \d+/m],
    [
      'altered',
      zstdCompressSync(altered.join('\n')),
      /^bsky-rpg: lines 1 to \d+ are not as they were written/m,
    ],
    ['no export', zstdCompressSync('{"some":"json"}\n'), /^bsky-rpg: line 1 is not a line of an export/m],
    ['no zstd', Buffer.from('a letter to a friend'), /^bsky-rpg: .*after line 0/m],
    ['empty', Buffer.alloc(0), /^bsky-rpg: .*line 0/m],
    [
      'of a newer version',
      zstdCompressSync(`${lines[0]?.replace('"version":2', '"version":3')}\n`),
      /^bsky-rpg: the export has format version 3, and this program reads up to 2/m,
    ],
  ] as const) {
    const path = here.path(`${name}.zst`)
    writeFileSync(path, bytes)
    await using refused = new Program(['restore', path, ...flags(`${name}.db`)])
    assert.equal(await refused.ended, 1, `${name}: ${refused.output}`)
    assert.match(refused.output, told, name)
    assert.equal(refused.output.trimEnd().split('\n').length, 1, refused.output)
  }
  await using missing = new Program(['restore', here.path('missing'), ...flags('missing.db')])
  assert.equal(await missing.ended, 1)
  assert.match(missing.output, /missing cannot be read: .*no such file/)
})

/** The line of the export up to which the ledger in `file` is restored; 0 where it is not being restored. */
function reachedLine(file: string): number {
  if (!existsSync(file)) return 0
  try {
    using db = new DatabaseSync(file, { readOnly: true })
    return Number(db.prepare('SELECT line FROM restoring').get()?.line ?? 0)
  } catch {
    // The table is not there yet, or not any more.
    return 0
  }
}
