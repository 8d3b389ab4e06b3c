// What backup, export and restore do where the disk is full: a file system of a few MiB in memory, made for the test.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createRaw } from '@atcute/tid'
import type { Operation } from '../../src/game/operation.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { cursorOf, fold } from '../conformance/operations.ts'
import { game, LIKE, person, START } from '../game/arbitrary.ts'
import { folder, Program, until } from './harness.ts'

const KIB = 1024
const LIKES = 20_000

/** A disk of its own in `path`, of a size that can be changed; `undefined` where this user may not make one. */
function smallDisk(path: string, kib: number): (Disposable & { resize: (kib: number) => void }) | undefined {
  mkdirSync(path)
  const run = (...words: string[]): void => {
    const [word = '', ...rest] = process.getuid?.() === 0 ? words : ['sudo', '-n', ...words]
    execFileSync(word, rest, { stdio: 'ignore' })
  }
  const size = (kib: number) => `size=${kib}k,uid=${process.getuid?.()},mode=700`
  try {
    run('mount', '-t', 'tmpfs', '-o', size(kib), 'tmpfs', path)
  } catch {
    return undefined
  }
  return {
    resize: (kib) => run('mount', '-o', `remount,${size(kib)}`, path),
    [Symbol.dispose]: () => run('umount', path),
  }
}

/** Lets the file at `path` grow until its disk has no room left. */
function fillUp(path: string): void {
  const more = Buffer.alloc(16 * KIB)
  try {
    for (;;) appendFileSync(path, more)
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
  }
}

/** A ledger whose export is larger than its lines are alike: each key is another one. */
async function fill(path: string): Promise<void> {
  await using store = openSqlite({ path, reserve: 0 })
  await using writer = await store.write({ fingerprint: game.rules.fingerprint, purpose: 'keep' })
  for (let from = 0; from < LIKES; from += 2_000) {
    const likes = Array.from({ length: 2_000 }, (_, n): Operation => {
      const at = START + (from + n) * 1_000_000
      const rkey = createHash('sha256').update(String(at)).digest('hex').slice(0, 30)
      const rev = createRaw(at, n % 1_024)
      const did = person(n % 5)
      return {
        kind: 'commit',
        did,
        at,
        rev,
        op: 'create',
        collection: LIKE,
        rkey,
        record: { subject: { uri: 'at://x' } },
      }
    })
    await fold(writer, likes, cursorOf(from))
  }
}

test('a full disk leaves no half copy and no half export, and a restore goes on once there is room', async (t) => {
  using here = folder()
  const [file, disk] = [here.path('ledger.db'), here.path('disk')]
  await fill(file)
  const bytes = statSync(file).size
  using small = smallDisk(disk, Math.ceil(bytes / KIB) + 64)
  if (small === undefined) {
    t.skip('this user may not mount a file system')
    return
  }
  const flags = ['--database-url', `sqlite:${file}`, '--disk-reserve', '0']
  const [copy, text, restored] = [`${disk}/copy.db`, `${disk}/ledger.jsonl.zst`, `${disk}/restored.db`]

  // There is room when it begins, and somebody else takes it.
  await using backup = new Program(['backup', copy, '--rate', '1MB', ...flags])
  await until('it has begun', () => existsSync(`${copy}.partial`) && statSync(`${copy}.partial`).size > 0)
  fillUp(`${disk}/other`)
  assert.equal(await backup.ended, 1, backup.output)
  assert.match(
    backup.output,
    /^bsky-rpg: disk full: there is no room for .*copy\.db .* run the backup again\.$/m,
  )
  assert.deepEqual(readdirSync(disk), ['other'])
  fillUp(`${disk}/other`)
  await using early = new Program(['backup', copy, ...flags])
  assert.equal(await early.ended, 1, early.output)
  assert.match(early.output, /^bsky-rpg: disk full: there is no room/m)
  assert.deepEqual(readdirSync(disk), ['other'])

  await using toFull = new Program(['export', text, ...flags])
  assert.equal(await toFull.ended, 1, toFull.output)
  assert.match(
    toFull.output,
    /^bsky-rpg: disk full: there is no room for .*ledger\.jsonl\.zst, .* export again\.$/m,
  )
  assert.deepEqual(readdirSync(disk), ['other'])

  const made = here.path('ledger.jsonl.zst')
  await using exported = new Program(['export', made, ...flags])
  assert.equal(await exported.ended, 0, exported.output)
  rmSync(`${disk}/other`)
  small.resize(Math.ceil(bytes / KIB / 2))
  const into = ['--database-url', `sqlite:${restored}`, '--disk-reserve', '0']
  await using half = new Program(['restore', made, ...into])
  assert.equal(await half.ended, 1, half.output)
  assert.match(
    half.output,
    /^bsky-rpg: disk full: .* half restored\. Make room, and run `bsky-rpg restore` again/m,
  )
  small.resize(Math.ceil((10 * bytes) / KIB))
  await using whole = new Program(['restore', made, ...into])
  assert.equal(await whole.ended, 0, whole.output)
  assert.match(whole.output, /^going on after line \d+$/m)
  assert.match(whole.output, /^clean$/m)
  using db = new DatabaseSync(restored, { readOnly: true })
  assert.equal(db.prepare('SELECT count(*) AS n FROM events').get()?.n, LIKES)
})
