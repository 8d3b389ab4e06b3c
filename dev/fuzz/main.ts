// `npm run fuzz -- --minutes 10 --seed 1`: holds SQLite ledgers to the model for as long as is wanted. With `--path`, as a
// failure tells it, only that one is tried again.
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { showsWhatTheModelHas } from '../../test/model/property.ts'
import { sqlitePlace } from '../../test/model/sqlite-place.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    path: { type: 'string' },
  },
})
const seed = Number(values.seed)
console.log(`seed ${seed}, ${values.minutes} minutes`)
const result = await fc.check(showsWhatTheModelHas(sqlitePlace), {
  seed,
  ...(values.path === undefined ? {} : { path: values.path }),
  numRuns: Number.POSITIVE_INFINITY,
  interruptAfterTimeLimit: Number(values.minutes) * 60_000,
  markInterruptAsFailure: false,
})
if (result.failed) console.error(fc.defaultReportMessage(result))
console.log(`${result.numRuns} ledgers were as the model has them`)
process.exitCode = result.failed ? 1 : 0
