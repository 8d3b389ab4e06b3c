import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { expiredCount } from '../../src/store/expired.ts'

/** Events that are old, young and dated in the future. */
const AT = { o: 9, y: 10, c: 21 }

suite('what has expired', () => {
  const table: [string, string, number][] = [
    ['nothing', '', 0],
    ['nothing of what is young', 'yyyy', 0],
    ['all that is old', 'oooo', 4],
    ['up to the first that is young', 'oooyyy', 3],
    ['one from a time to come among the old with them', 'cooooyy', 5],
    ['none from a time to come behind them', 'ooccyy', 2],
    ['none of many from a time to come, for the sake of one from long ago', 'cccccoyy', 0],
    ['nothing for the sake of one from long ago', 'yyyoyyy', 0],
    ['what stands before the young, and not one from long ago behind them', 'ooyyyoyy', 2],
    ['nothing behind one that is young, however much there is', 'yooooooooo', 0],
    ['what came before it', 'oooyoooooo', 3],
  ]
  for (const [name, ages, count] of table) {
    test(`is ${name}: ${ages}`, () =>
      assert.equal(
        expiredCount([...ages], (age) => AT[age as keyof typeof AT], { before: 10, now: 20 }),
        count,
      ))
  }
})
