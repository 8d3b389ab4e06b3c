// The writer's lock, on systems that name sockets and on others.
import assert from 'node:assert/strict'
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { lock } from '../../../src/store/sqlite/lock.ts'
import { StoreBusyError } from '../../../src/store/store.ts'
import { folder } from '../../e2e/harness.ts'

const busy = (error: unknown): boolean => {
  assert.ok(error instanceof StoreBusyError)
  assert.match(error.message, /^another process ingests into .*ledger\.db: only one may\. Stop it/)
  assert.ok(error.cause instanceof Error)
  return true
}

/** Asserts that one writer gets the lock, and the next only after it. */
async function assertLocks(): Promise<void> {
  using here = folder()
  const path = here.path('ledger.db')
  writeFileSync(path, '')
  {
    using _ = await lock(path)
    await assert.rejects(lock(path), busy)
  }
  using _ = await lock(path)
}

function onPlatform(t: TestContext, name: string): void {
  const { platform } = process
  Object.defineProperty(process, 'platform', { value: name })
  t.after(() => Object.defineProperty(process, 'platform', { value: platform }))
}

/** A system on which listening on a socket fails with this error. */
function listening(t: TestContext, code: string): void {
  t.mock.method(Server.prototype, 'listen', function fails(this: Server) {
    process.nextTick(() => this.emit('error', Object.assign(new Error('not here'), { code })))
    return this
  })
}

test('one process at a time has it', assertLocks)

test('where sockets have no names of their own, the file beside the ledger keeps others out', async (t) => {
  onPlatform(t, 'darwin')
  listening(t, 'EACCES')
  await assertLocks()
})

test('where nobody may listen, too', async (t) => {
  listening(t, 'EPERM')
  await assertLocks()
})

test('where somebody listens by that name, nobody gets it, and no file is made', async (t) => {
  listening(t, 'EADDRINUSE')
  using here = folder()
  await assert.rejects(lock(here.path('ledger.db')), busy)
})

test('a lock file that cannot be opened is told as such, and keeps nobody out once it can', async () => {
  using here = folder()
  const path = here.path('ledger.db')
  writeFileSync(path, '')
  mkdirSync(`${path}.lock`)
  await assert.rejects(lock(path), (error) => !(error instanceof StoreBusyError))
  rmdirSync(`${path}.lock`)
  using _ = await lock(path)
})
