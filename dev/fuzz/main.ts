// `npm run fuzz -- --minutes 10 --seed 1`: compares SQLite ledgers with the model after random histories. With `handover`,
// it tries random orders in which shards change owners instead. With the `--path` that a failure prints, it repeats only that
// case.
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { showsWhatTheModelHas } from '../../test/model/property.ts'
import { sqlitePlace } from '../../test/model/sqlite-place.ts'
import { skipsNothing } from '../../test/store/cql/handover.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    path: { type: 'string' },
  },
})
const seed = Number(values.seed)
console.log(`seed ${seed}, ${values.minutes} minutes`)
const parameters = {
  seed,
  ...(values.path === undefined ? {} : { path: values.path }),
  numRuns: values.path === undefined ? Number.POSITIVE_INFINITY : 1,
  interruptAfterTimeLimit: Number(values.minutes) * 60_000,
  markInterruptAsFailure: false,
  endOnFailure: positionals.includes('handover'),
}
const tried = positionals.includes('handover')
  ? printed(await fc.check(skipsNothing, parameters))
  : printed(await fc.check(showsWhatTheModelHas(sqlitePlace), parameters))
console.log(`${tried.numRuns} ledgers were as the model has them`)
process.exitCode = tried.failed ? 1 : 0

/** Prints the failure, if there is one. */
function printed<T>(result: fc.RunDetails<T>): fc.RunDetails<T> {
  if (result.failed) console.error(fc.defaultReportMessage(result))
  return result
}
