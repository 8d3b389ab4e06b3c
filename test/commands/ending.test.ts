import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { InterruptedError } from '../../src/commands/command.ts'
import { interruptible } from '../../src/commands/ending.ts'
import { readInvocation } from '../../src/config.ts'
import { StoreError } from '../../src/store/store.ts'

const invocation = readInvocation([], {})

test('a command that a signal ends fails by the signal, whatever it was waiting for', async () => {
  for (const wait of [
    (signal: AbortSignal) => sleep(60_000, undefined, { signal }),
    () => Promise.reject(new StoreError('ended without the database')),
  ]) {
    const end = new AbortController()
    const ended = interruptible(async (_, signal) => {
      end.abort(new InterruptedError('SIGINT'))
      await wait(signal)
      return 0
    })(invocation, end.signal)
    await assert.rejects(ended, (error) => error instanceof InterruptedError && error.exitCode === 130)
  }
})

test('a command that fails by itself says why, and one that is done is done', async () => {
  const { signal } = new AbortController()
  const failure = new StoreError('the file is damaged')
  const fails = interruptible(async () => Promise.reject(failure))
  await assert.rejects(fails(invocation, signal), (error) => error === failure)
  assert.equal(await interruptible(async () => 1)(invocation, AbortSignal.abort()), 1)
})
