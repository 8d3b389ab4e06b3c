import { test } from 'node:test'
import fc from 'fast-check'
import { IN_CI } from './in-ci.ts'
import { repositories } from './repositories.ts'

test('repositories of strangers are refused with a reason, or count exactly', {
  timeout: 120_000,
}, async () => {
  await fc.assert(repositories, { numRuns: 300, ...IN_CI })
})
