import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lasting } from '../../src/web/format.ts'

test('a time is told in the largest unit that still says something', () => {
  const cases: readonly [seconds: number, text: string][] = [
    [0, '0 s'],
    [0.4, '0 s'],
    [599, '599 s'],
    [600, '10 min'],
    [7_199, '119 min'],
    [7_200, '2 h'],
    [172_799, '47 h'],
    [172_800, '2 days'],
    [86_400 * 1_500, '1,500 days'],
  ]
  for (const [seconds, text] of cases) assert.equal(lasting(seconds * 1_000_000), text)
})
