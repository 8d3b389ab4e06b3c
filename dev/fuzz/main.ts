// `npm run fuzz -- frames --minutes 10 --seed 1`: tries random cases for so long, and fails with the first that breaks a promise.
// With the `--path` that a failure prints, it repeats only that case.
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { TARGETS } from './targets.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    path: { type: 'string' },
  },
})
const [name = 'ledgers', ...rest] = positionals
const target = TARGETS[name]
if (target === undefined || rest.length > 0) {
  throw new Error(
    `usage: npm run fuzz -- [${Object.keys(TARGETS).join(' | ')}] [--minutes N] [--seed S] [--path P]`,
  )
}
const { property, promise, endOnFailure = false } = await target()
console.log(`${name}: seed ${values.seed}, ${values.minutes} minutes`)
const tried = await fc.check(property, {
  seed: Number(values.seed),
  ...(values.path === undefined ? {} : { path: values.path }),
  numRuns: values.path === undefined ? Number.POSITIVE_INFINITY : 1,
  interruptAfterTimeLimit: Number(values.minutes) * 60_000,
  markInterruptAsFailure: false,
  endOnFailure,
})
if (tried.failed) console.error(fc.defaultReportMessage(tried))
console.log(`${tried.numRuns} ${promise}`)
// Servers that a target has started go on otherwise.
process.exit(tried.failed ? 1 : 0)
