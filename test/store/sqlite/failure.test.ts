// Errors about the file or its disk name the fault and say what to do.
import assert from 'node:assert/strict'
import fs, { writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { suite, type TestContext, test } from 'node:test'
import { assertSpace, diskBytes, freeBytes } from '../../../src/store/sqlite/disk.ts'
import { explained, isBusy } from '../../../src/store/sqlite/failure.ts'
import { OpenFiles } from '../../../src/store/sqlite/files.ts'
import { StoreBusyError, StoreError, StoreFullError } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'

const PATH = '/nowhere/ledger.db'
const sqlite = (errcode: number) =>
  Object.assign(new Error('it said why'), { errcode, code: 'ERR_SQLITE_ERROR' })
const system = (code: string) => Object.assign(new Error('it said why'), { code })

/** A disk with so many bytes free. */
function disk(t: TestContext, free: number): void {
  t.mock.method(fs, 'statfsSync', () => ({ bavail: free / 512, bsize: 512 }) as never)
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
}

suite('what SQLite or the system says', () => {
  for (const [name, error, type, told] of [
    [
      'no room',
      sqlite(13),
      StoreFullError,
      /^disk full: .*ledger\.db cannot grow \(it said why\)\. Make room and start again/,
    ],
    [
      'an I/O error',
      sqlite(10),
      StoreError,
      /ledger\.db cannot be read or written: it said why\. Look at the disk/,
    ],
    ['an I/O error of some kind', sqlite(10 + 3 * 256), StoreError, /cannot be read or written/],
    [
      'a lock',
      sqlite(5),
      StoreBusyError,
      /another program holds a lock on .*ledger\.db: it said why\. Have it end its transaction/,
    ],
    ['a lock while it recovers', sqlite(5 + 256), StoreBusyError, /holds a lock/],
    ['a lock of its own', sqlite(6), StoreBusyError, /holds a lock/],
    ['damage', sqlite(11), StoreError, /ledger\.db is damaged: it said why\. Restore a backup/],
    ['no database', sqlite(26), StoreError, /is damaged/],
    [
      'a file that may not be written',
      sqlite(8),
      StoreError,
      /ledger\.db cannot be used as a ledger: it said why\.$/,
    ],
    ['a file that cannot be opened', sqlite(14), StoreError, /cannot be used as a ledger/],
    ['a full disk', system('ENOSPC'), StoreFullError, /^disk full/],
    ['a quota', system('EDQUOT'), StoreFullError, /^disk full/],
  ] as const) {
    test(`of ${name} is told so`, () => {
      const known = explained(error, PATH)
      assert.ok(known instanceof type)
      assert.match(known.message, told)
      assert.equal(known.cause, error)
    })
  }

  test('of anything else stays as it is', () => {
    for (const error of [
      sqlite(19),
      system('EACCES'),
      new TypeError('not a function'),
      'text',
      undefined,
      null,
      { errcode: 5 },
    ]) {
      assert.equal(explained(error, PATH), error)
    }
  })

  test('is busy where somebody holds a lock on the file, whichever kind', () => {
    for (const code of [5, 5 + 256, 5 + 512]) assert.equal(isBusy(sqlite(code)), true)
    for (const error of [sqlite(6), sqlite(13), system('EBUSY'), { errcode: 5 }, undefined]) {
      assert.equal(isBusy(error), false)
    }
  })

  test('of an I/O error is a full disk where there is no room left', (t) => {
    disk(t, 1024 * 1024 - 512)
    assert.ok(explained(sqlite(10), PATH) instanceof StoreFullError)
  })

  test('of an I/O error is none where there is', (t) => {
    disk(t, 1024 * 1024)
    assert.ok(!(explained(sqlite(10), PATH) instanceof StoreFullError))
  })
})

suite('the disk', () => {
  test('has to have as much free as is kept in reserve', () => {
    const MIB = 2 ** 20
    assertSpace(PATH, 500, () => 500)
    assert.throws(
      () => assertSpace(PATH, 7 * MIB, () => 7 * MIB - 1),
      (error) => {
        assert.ok(error instanceof StoreFullError)
        assert.match(
          error.message,
          /^disk full: .*ledger\.db has 6 MiB free, less than the 7 MiB kept in reserve \(DISK_RESERVE\)/,
        )
        return true
      },
    )
  })

  test('is that of the folder of the ledger', (t) => {
    disk(t, 5_120)
    assert.equal(freeBytes(PATH), 5_120)
  })

  test('holds the ledger and its log, as far as they are there', () => {
    using here = folder()
    const path = here.path('ledger.db')
    assert.equal(diskBytes(path), 0)
    writeFileSync(path, Buffer.alloc(300))
    assert.equal(diskBytes(path), 300)
    writeFileSync(`${path}-wal`, Buffer.alloc(20))
    assert.equal(diskBytes(path), 320)
  })
})

test('a file that was not there when the others were opened may come', () => {
  using here = folder()
  const path = here.path('ledger.db')
  writeFileSync(path, '')
  const files = new OpenFiles(path)
  files.assertInPlace()
  writeFileSync(`${path}-wal`, '')
  files.assertInPlace()
})
