import { test } from 'node:test'
import fc from 'fast-check'
import { frames } from './frames.ts'
import { IN_CI } from './in-ci.ts'

test('frames of strangers are refused or counted, and harm no others', { timeout: 120_000 }, async () => {
  await fc.assert(frames, { numRuns: 150, ...IN_CI })
})
