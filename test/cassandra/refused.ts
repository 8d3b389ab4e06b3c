import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Program } from '../e2e/harness.ts'

const PATIENCE_MS = 30_000

/** Asserts that `command`, given the database at `url`, prints one line on what is wrong, without the password, and ends. */
export async function assertRefused(url: string, message: RegExp, command = 'verify'): Promise<void> {
  await using program = new Program([command, '--database-url', url])
  const late = sleep(PATIENCE_MS, 'still running', { ref: false })
  assert.equal(await Promise.race([program.ended, late]), 1, program.output)
  assert.match(program.output, /^bsky-rpg: .+\n$/)
  assert.match(program.output, message)
  const { password } = new URL(url)
  assert.ok(password === '' || !program.output.includes(password), program.output)
}
