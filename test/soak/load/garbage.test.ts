import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { collectGarbage, INSPECTED } from '../../../dev/soak/load/garbage.ts'
import { Running, until } from '../../e2e/harness.ts'

const LITTERER = fileURLToPath(new URL('./litterer.ts', import.meta.url))

test('garbage of another process is collected, in its workers, too', async () => {
  const env = { PATH: process.env.PATH, ...INSPECTED }
  await using program = new Running(process.execPath, [LITTERER], { env })
  const says = (text: string) => until(`it says ${text}`, () => program.output.includes(text))
  await says('main runs')
  await says('worker runs')
  assert.doesNotMatch(program.output, /is clean/)
  await collectGarbage(program.output)
  await says('main is clean')
  await says('worker is clean')
})

test('a process without an inspector is named', async () => {
  await assert.rejects(collectGarbage('listening to nothing'), /has no inspector: listening to nothing/)
})
