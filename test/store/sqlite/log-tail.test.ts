import assert from 'node:assert/strict'
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { LogTail } from '../../../src/store/sqlite/backup/log-tail.ts'
import { folder } from '../../e2e/harness.ts'

/** A database with a log, and a tail of it that collects the pages it puts. */
function followed() {
  const here = folder()
  const path = here.path('some.db')
  const db = new DatabaseSync(path)
  db.exec(
    'PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x)',
  )
  const [log, index] = [openSync(`${path}-wal`, 'r'), openSync(`${path}-shm`, 'r')]
  const put: number[] = []
  const tail = new LogTail({ log, index, pageBytes: 1_024, put: (page) => put.push(page) })
  return {
    tail,
    put,
    commit: () => db.exec('INSERT INTO t VALUES (1)'),
    beginAnew: () => db.exec('PRAGMA wal_checkpoint(TRUNCATE)'),
    [Symbol.dispose]: () => {
      // The database first: closing a file ends the locks that SQLite has on it in this process.
      db.close()
      for (const file of [log, index]) closeSync(file)
      here[Symbol.dispose]()
    },
  }
}

test('a tail of a log puts every page that is committed once, also when the log is begun anew', () => {
  using log = followed()
  assert.ok(log.tail.start())
  const before = log.put.length
  assert.ok(before > 0)
  for (const step of [
    log.commit,
    log.beginAnew,
    log.commit,
    log.commit,
    log.beginAnew,
    log.beginAnew,
    log.commit,
  ]) {
    step()
    assert.notEqual(log.tail.follow(), undefined)
  }
  assert.deepEqual(log.put.slice(before), [2, 2, 2, 2])
  assert.equal(log.tail.follow()?.pages, 2)
})

test('a tail of a log notices that commits were overwritten before it read them', () => {
  for (const missed of [1, 2, 7]) {
    for (const after of [0, 1, 5]) {
      using log = followed()
      assert.ok(log.tail.start())
      log.commit()
      assert.notEqual(log.tail.follow(), undefined)
      for (let i = 0; i < missed; i++) log.commit()
      log.beginAnew()
      for (let i = 0; i < after; i++) log.commit()
      assert.equal(log.tail.follow(), undefined, `${missed} missed, ${after} after them`)
    }
  }
})

test('a tail that begins while the log has been begun anew reads it from its first frame', () => {
  using log = followed()
  log.commit()
  log.beginAnew()
  log.commit()
  assert.ok(log.tail.start())
  assert.deepEqual(log.put, [2])
  log.beginAnew()
  log.commit()
  assert.notEqual(log.tail.follow(), undefined)
  assert.deepEqual(log.put, [2, 2])
})
