import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { expiredCount } from '../../src/store/expired.ts'

suite('what has expired', () => {
  const table: [string, string, number][] = [
    ['nothing', '', 0],
    ['nothing of what is young', 'yyyy', 0],
    ['all that is old', 'oooo', 4],
    ['up to the first that is young', 'oooyyy', 3],
    ['one from a time to come among the old with them', 'yooooyy', 5],
    ['nothing for the sake of one from long ago', 'yyyoyyy', 0],
    ['what stands before the young, and not one from long ago behind them', 'ooyyyoyy', 2],
    ['more of them, where they are more', 'yyooooyy', 6],
  ]
  for (const [name, ages, count] of table) {
    test(`is ${name}: ${ages}`, () =>
      assert.equal(
        expiredCount([...ages], (age) => age === 'o'),
        count,
      ))
  }
})
