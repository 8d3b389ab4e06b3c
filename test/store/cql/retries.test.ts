import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { errors, types } from 'cassandra-driver'
import { Retries, SILENT } from '../../../src/store/cql/driver/retries.ts'

const LIMITS = { silentMs: 6_000, totalMs: 25_000 }
const STEP_MS = 100

/** Requests over a clock that only `pass` moves. */
function simulated({ mock }: TestContext) {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  let now = 0
  const told: string[] = []
  const tell = (_fields: object, line: string): void => {
    told.push(line)
  }
  // The pauses between attempts are real ones, as short as they get.
  const retries = new Retries({ log: { info: tell, warn: tell }, elapsedMs: () => now, firstWaitMs: 0 })
  return {
    retries,
    told,
    async pass(ms: number) {
      for (const end = now + ms; now < end; ) {
        now += STEP_MS
        mock.timers.tick(STEP_MS)
        await turn()
      }
    },
    /** A request that is answered after `ms` milliseconds. */
    slow: (ms: number) => retries.run('a read', undefined, () => after(ms)),
    /** A request that fails again and again, after `ms` milliseconds each time. */
    failing: (ms: number) =>
      retries.run('a read', undefined, async () => {
        await after(ms)
        throw new errors.OperationTimedOutError('a server that is away')
      }),
  }
}

test('a wait for the database of more than five seconds is logged, again every minute, and when it is over', async (t) => {
  const { retries, told, pass } = simulated(t)
  let isAway = true
  const lease = retries.run('the lease of shard 3', undefined, async () => {
    if (isAway) throw new errors.OperationTimedOutError('a server that is away')
  })
  await pass(4_900)
  assert.deepEqual(told, [])
  await pass(600)
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', /^the database has not answered for 5 s: the lease of shard 3 waits for it$/)
  await pass(120_000)
  assert.equal(told.length, 3)
  isAway = false
  await pass(1_000)
  await lease
  assert.match(told.at(-1) ?? '', /^the database answers again, after 12\d s$/)
  assert.equal(told.length, 4)
})

test('an unknown error of the driver may pass within a minute, and one about our request is thrown at once', async (t) => {
  const { retries, pass } = simulated(t)
  let tries = 0
  const brief = retries.run('a read', undefined, async () => {
    if (tries++ < 20) throw new Error('No connection available')
    return 'answer'
  })
  await pass(50_000)
  assert.equal(await brief, 'answer')
  const lasting = assert.rejects(
    retries.run('a read', undefined, () => Promise.reject(new Error('No connection available'))),
    /No connection available/,
  )
  await pass(62_000)
  await lasting
  for (const error of [
    new TypeError('a mistake of ours'),
    new errors.ArgumentError('a mistake of ours'),
    new errors.ResponseError(types.responseErrorCodes.invalid, 'a mistake of ours'),
  ]) {
    await assert.rejects(
      retries.run('a read', undefined, () => Promise.reject(error)),
      /a mistake of ours/,
    )
  }
})

test('a database that is slow takes everything before the process ends', async (t) => {
  const { retries, slow, pass } = simulated(t)
  const first = slow(4_000)
  await pass(1_000)
  retries.endWithin(LIMITS)
  await pass(3_000)
  assert.equal(await first, 'answer')
  // Longer in all than a database may be silent.
  for (let request = 0; request < 4; request++) {
    const next = slow(4_000)
    await pass(4_000)
    assert.equal(await next, 'answer')
  }
})

test('a database that answers nothing is given up, with requests that are under way', async (t) => {
  const { retries, slow, failing, pass } = simulated(t)
  const ends = [slow(60_000), failing(2_000)].map((request) =>
    assert.rejects(request, /^StoreError: ended without the database, .* for 6 s \(a server that is away\)/),
  )
  retries.endWithin(LIMITS)
  await pass(LIMITS.silentMs)
  await Promise.all(ends)
  await assert.rejects(slow(1), /ended without the database/)
})

test('a database that goes away while the process ends is given up as late', async (t) => {
  const { retries, slow, pass } = simulated(t)
  retries.endWithin(LIMITS)
  const answered = slow(5_000)
  await pass(5_000)
  await answered
  const end = assert.rejects(slow(60_000), /ended without the database/)
  await pass(LIMITS.silentMs)
  await end
})

test('a process that asks nothing of its database does not call it silent', async (t) => {
  const { retries, slow, pass } = simulated(t)
  retries.endWithin(LIMITS)
  await pass(2 * LIMITS.silentMs)
  const last = slow(4_000)
  await pass(4_000)
  assert.equal(await last, 'answer')
})

test('an end takes no longer than process managers wait, and says that the database is slow', async (t) => {
  const { retries, slow, pass } = simulated(t)
  retries.endWithin(LIMITS)
  const end = assert.rejects(async () => {
    for (;;) await slow(2_000)
  }, /^StoreError: ended before the database had taken everything: .* within 25 s/)
  await pass(LIMITS.totalMs)
  await end
})

test('a store that was closed leaves no request under way, and begins none', async () => {
  const retries = new Retries({ log: SILENT, firstWaitMs: 1 })
  const failing = retries.run('a read', undefined, async () => {
    throw new errors.NoHostAvailableError({}, 'Connecting after shutdown is not supported')
  })
  const silent = retries.run('another', undefined, () => new Promise(() => {}))
  retries.close()
  for (const request of [failing, silent, retries.run('a third', undefined, async () => 'answer')])
    await assert.rejects(request, /^StoreError: this store has been closed/)
})

/** Answers after `ms` milliseconds of the simulated clock. */
function after(ms: number): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, ms, 'answer'))
}
